"""Functions the built-in maps call by name."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from canonical import Price, exact_decimal, round_money, share
from mappings.language.functions import function
from mappings.language.times import x12_date, x12_time

_PER = {
    "PE": (1, "EA"),
    "HP": (100, None),
    "TP": (1000, None),
    "CA": (1, "CA"),
    "PP": (1, "PK"),
    "LB": (1, "LB"),
    "PK": (1, "PK"),
}
"""X12 element 639: the codes that say what a price is for. The others say what kind of price it is."""


def _basis_of(per: Any) -> tuple[str | None, None]:
    value, unit = per["value"], per["unit"]
    found = next((code for code, (count, of) in _PER.items() if count == value and of in (unit, None)), None)
    if found is None:
        raise ValueError(f"a price per {value} {unit} has no X12 basis code")
    return found, None


@function("x12 price basis", write=_basis_of)
def price_basis(basis: str, unit: str | None) -> dict[str, Any] | None:
    """What a price is for, where it is not one of the line's own unit (X12 element 639)."""
    count, of = _PER.get(basis, (1, None))
    if count == 1 and of in (None, unit):
        return None
    return {"value": Decimal(count), "unit": of or unit or "EA"}


def _flagged(amount: Any) -> tuple[Decimal, str]:
    return abs(amount), "D" if amount < 0 else "C"


@function("x12 credit or debit", write=_flagged)
def credit_or_debit(amount: str, flag: str | None) -> Decimal:
    """An amount by its flag (X12 element 478): a credit as it stands, a debit (D) below zero."""
    return -Decimal(amount) if flag == "D" else Decimal(amount)


_OUNCES = {"OZ": Decimal(1), "LB": Decimal(16), "KG": Decimal("35.27396195"), "GR": Decimal("0.03527396195")}


def _in_ounces(weight: Any) -> tuple[str]:
    factor = _OUNCES.get(weight["unit"])
    if factor is None:
        raise ValueError(f"a weight in {weight['unit']} is none in ounces; give it in {', '.join(_OUNCES)}")
    return (str(round(Decimal(weight["value"]) * factor, 2)),)


@function("ounces", write=_in_ounces)
def ounces(weight: Any) -> dict[str, Any]:
    """A weight that is told in ounces, whatever unit it has here."""
    return {"value": exact_decimal(weight), "unit": "OZ"}


@function("greenwich")
def greenwich(day: str | None, time: str | None) -> datetime | None:
    """The instant of a date (CCYYMMDD) and a time of day (HHMMSS) at Greenwich."""
    date = x12_date(day) if day and time else None
    return datetime.combine(date, x12_time(time), UTC) if date and time else None


@function("package count")
def package_count(packages: Sequence[Mapping[str, Any]]) -> str | None:
    """How many packages hold something or stand alone; pallets that only carry others are not counted."""
    carriers = {package.get("parent") for package in packages}
    return str(sum(package["id"] not in carriers or bool(package.get("lines")) for package in packages)) or None


@function("goods given back")
def goods_given_back(number: int, lines: Sequence[Mapping[str, Any]], total: Decimal, currency: str) -> Decimal:
    """What line `number` (from 1) of a credit memo gives back beside its own charges and taxes, told line by line.

    What the whole memo gives or keeps (freight, a restocking fee) is shared over the lines by their goods, so that with
    their charges and taxes they make `total`. ValueError where more would be kept of a line than its goods.
    """
    beside = sum((_beside_goods(line, currency) for line in lines), Decimal(0))
    goods = [_goods(line, currency) for line in lines]
    shares = share(total - beside - sum(goods), [max(one, Decimal(0)) for one in goods], currency)
    given = goods[number - 1] + shares[number - 1]
    if given < 0:
        raise ValueError(f"more is kept of line {lines[number - 1]['number']} than its goods; refund it by hand")
    return given


def _beside_goods(line: Mapping[str, Any], currency: str) -> Decimal:
    """A line's charges, each rounded as it is told, and its taxes in one."""
    charges = sum((round_money(_amount(charge), currency) for charge in line["charges"]), Decimal(0))
    return charges + round_money(sum(map(_amount, line["taxes"]), Decimal(0)), currency)


def _goods(line: Mapping[str, Any], currency: str) -> Decimal:
    """A line's extension less its allowances, and less the taxes and charges that its price contains already."""
    extension = Price.model_validate(line["price"]).extend(line["quantity"]["value"]) if "price" in line else Decimal(0)
    allowances = sum((_amount(one) for one in line["allowances"] if one["settlement"] == "off_invoice"), Decimal(0))
    charges = sum((_amount(one) for one in line["charges"] if one["settlement"] != "off_invoice"), Decimal(0))
    taxes = sum((_amount(tax) for tax in line["taxes"] if tax["included"]), Decimal(0))
    return round_money(extension - allowances - charges - taxes, currency)


def _amount(one: Mapping[str, Any]) -> Decimal:
    return Decimal(one.get("amount", 0))
