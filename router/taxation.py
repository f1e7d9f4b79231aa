"""Taxes worked out from a table of rates: the default where no provider is asked, and the estimate where one is silent.

A table is rows of `(country, region, postal code, tax code)` and a rate. Of one tax of one jurisdiction the row that
says most decides; what different jurisdictions take adds up.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from canonical import (
    Address,
    Amount,
    JurisdictionTax,
    TaxedLine,
    TaxLine,
    TaxQuote,
    TaxRequest,
    Text,
    round_money,
    share,
)
from canonical.question import FREIGHT
from router.order_line import ZERO
from router.rule import Rule

Level = Literal["country", "state", "county", "city", "district"]
Rounding = Literal["line", "invoice"]
"""Each line's tax is rounded, or the whole document's, and then shared among its lines."""


class Rate(Rule):
    """What one jurisdiction takes. An empty place takes any; `rate` is a percentage, and 0 is zero-rated."""

    country: Text
    region: Text | None = None
    postal_code: Text | None = None
    """What the postal code begins with."""
    level: Level = "country"
    name: Text
    """What the tax is called: `VAT`, `Sales tax`, `CGST`."""
    code: Text | None = None
    """The tax code of items it is for; without it, all that no row with their own code takes."""
    rate: Amount | None = None
    """None where the goods are exempt: nothing is due, and nothing is owed on what they are made of."""
    freight: bool = True
    """Whether freight is taxed as the goods are."""
    supply: Literal["within", "between"] | None = None
    """Only where goods stay in their region, or only where they go from one to another (India's CGST and IGST)."""
    since: date | None = None
    until: date | None = None
    """The last day on which it holds."""

    @property
    def jurisdiction(self) -> str:
        """As quotes name it: `US`, `US-CA`, `US-CA-921`."""
        return "-".join(filter(None, (self.country, self.region, self.postal_code)))


class Place(NamedTuple):
    """Where goods come from and go to, and when."""

    origin: Address
    to: Address
    on: date


class _Due(NamedTuple):
    """One jurisdiction's tax on one line, unrounded."""

    line: str
    rate: Rate
    base: Decimal
    amount: Decimal


def quote(request: TaxRequest, rates: Sequence[Rate], rounding: Rounding) -> TaxQuote:
    """The tax a table says is due."""
    dues = [due for line in _lines(request) for due in _due(request, line, rates)]
    amounts = _rounded(dues, request.currency, rounding)
    by_line: dict[str, list[JurisdictionTax]] = {line.number: [] for line in _lines(request)}
    for due, amount in zip(dues, amounts, strict=True):
        by_line[due.line].append(_tax(due, amount))
    lines = tuple(
        TaxedLine(number=number, taxes=tuple(taxes), amount=sum((tax.amount for tax in taxes), ZERO))
        for number, taxes in by_line.items()
    )
    return TaxQuote(
        question=request.number,
        transaction=request.transaction,
        currency=request.currency,
        amount=sum((line.amount for line in lines), ZERO),
        lines=lines,
        estimated=True,
        usage=request.usage,
    )


def rates_for(place: Place, rates: Iterable[Rate], code: str | None) -> list[Rate]:
    """The one row of each tax of each jurisdiction that takes goods of a tax code at a place."""
    chosen: dict[tuple[str, str], Rate] = {}
    for rate in rates:
        key = (rate.level, rate.name)
        if _takes(rate, place, code) and (key not in chosen or _closeness(rate) > _closeness(chosen[key])):
            chosen[key] = rate
    return list(chosen.values())


def _lines(request: TaxRequest) -> Iterator[TaxLine]:
    yield from request.lines
    if request.freight:
        quantity = request.lines[0].quantity.model_copy(update={"value": Decimal(1)})
        yield TaxLine(number=FREIGHT, quantity=quantity, amount=request.freight, tax_code=request.freight_tax_code)


def _due(request: TaxRequest, line: TaxLine, rates: Sequence[Rate]) -> Iterator[_Due]:
    if request.exemption or line.exempt:
        return
    on = request.on.date() if isinstance(request.on, datetime) else request.on
    place = Place(request.ship_from, line.ship_to or request.ship_to, on)
    taking = [rate for rate in rates_for(place, rates, line.tax_code) if rate.freight or line.number != FREIGHT]
    whole = sum((rate.rate or ZERO for rate in taking), ZERO)
    base = line.amount * 100 / (100 + whole) if request.included else line.amount
    for rate in taking:
        if rate.rate is not None:
            yield _Due(line.number, rate, base, base * rate.rate / 100)


def _takes(rate: Rate, place: Place, code: str | None) -> bool:
    to, origin = place.to, place.origin
    here = rate.country == to.country and rate.region in (None, to.region)
    near = (to.postal_code or "").startswith(rate.postal_code or "")
    when = (rate.since or place.on) <= place.on <= (rate.until or place.on)
    within = (origin.country, origin.region) == (to.country, to.region)
    return (
        here
        and near
        and when
        and rate.code in (None, code)
        and rate.supply in (None, "within" if within else "between")
    )


def _closeness(rate: Rate) -> tuple[bool, int, bool]:
    """How much a row says: the goods first, then the place."""
    return rate.code is not None, len(rate.postal_code or ""), rate.region is not None


def _rounded(dues: Sequence[_Due], currency: str, rounding: Rounding) -> list[Decimal]:
    if rounding == "line":
        return [round_money(due.amount, currency) for due in dues]
    amounts: dict[int, Decimal] = {}
    for same in _by_tax(dues).values():
        whole = round_money(sum((dues[index].amount for index in same), ZERO), currency)
        amounts |= zip(same, share(whole, [dues[index].amount for index in same], currency), strict=True)
    return [amounts[index] for index in range(len(dues))]


def _by_tax(dues: Sequence[_Due]) -> Mapping[tuple[str, str, str], list[int]]:
    grouped: dict[tuple[str, str, str], list[int]] = {}
    for index, due in enumerate(dues):
        grouped.setdefault((due.rate.jurisdiction, due.rate.level, due.rate.name), []).append(index)
    return grouped


def _tax(due: _Due, amount: Decimal) -> JurisdictionTax:
    rate = due.rate
    return JurisdictionTax(
        jurisdiction=rate.jurisdiction, level=rate.level, name=rate.name, rate=rate.rate or ZERO, amount=amount
    )
