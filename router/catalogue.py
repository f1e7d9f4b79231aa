"""The items we sell: read from config/items.csv, found by any identifier, counted in their own unit.

A buyer's own numbers are the partner profile's to translate; here an item has the identifiers all share.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple, TypeVar

from canonical import Document, Finding, Item, Model, Price, Quantity, Text, exact_decimal, made
from router.order_line import ZERO
from router.rule import Rule

F = TypeVar("F", bound=Document)

_SCHEMES = ("sku", "vendor", "gtin", "upc", "ean")
TRADE_NUMBERS = frozenset(("gtin", "upc", "ean"))
"""The schemes whose numbers are GS1's."""
_ITEM_COLUMNS = frozenset(("sku", "description", "unit", "gtin", "upc", "ean", "weight_lb", "cost", "price", "class"))
_STOCK_COLUMNS = ("sku", "node", "on_hand", "safety", "incoming", "incoming_on")


ItemName = tuple[str, str]
"""What finds an item: ("sku", our SKU), or ("gtin", a trade number of 14 digits)."""


class Match(NamedTuple):
    """The item a line's identifiers name, or why none is."""

    item: Item | None = None
    fault: str | None = None


class Catalogue(Rule):
    """Every item, indexed by identifier."""

    items: tuple[Item, ...] = ()

    @cached_property
    def by_sku(self) -> dict[str, Item]:
        """The items by our SKU."""
        return {item.sku: item for item in self.items}

    @cached_property
    def _by_name(self) -> dict[ItemName, Item]:
        return {name: item for item in self.items for name in item_names(item)}

    def item(self, sku: str) -> Item | None:
        """The item of a SKU."""
        return self.by_sku.get(sku)

    def named(self, name: ItemName) -> Item | None:
        """The item that a name finds."""
        return self._by_name.get(name)

    def every(self) -> list[Item]:
        """All items, by SKU."""
        return [item for _, item in sorted(self.by_sku.items())]

    def told(self, items: Iterable[Item]) -> "Catalogue":
        """The catalogue as documents have changed it."""
        completed_items = tuple([completed(item, self.by_sku.get(item.sku)) for item in items])
        return made(ToldCatalogue, items=completed_items, configured=self)

    def match(self, items: Mapping[str, str]) -> Match:
        """The item that `items` (scheme -> identifier) names. Identifiers must not disagree."""
        found = dict[str, Item]()
        for scheme, value in items.items():
            if scheme in _SCHEMES and (item := self.named(_name(scheme, value))):
                found[scheme] = item
        if not found:
            given = ", ".join(f"{scheme} {value}" for scheme, value in items.items()) or "no identifier"
            return Match(fault=f"no item of ours has {given}")
        if len(found) > 1 and len({item.sku for item in found.values()}) > 1:
            named = ", ".join(f"{name} {items[name]} is {found[name].sku}" for name in _SCHEMES if name in found)
            return Match(fault=f"its identifiers name different items: {named}")
        return Match(next(iter(found.values())))


class ToldCatalogue(Catalogue):
    """Some items as documents tell them, all others as they are configured."""

    configured: Catalogue

    def item(self, sku: str) -> Item | None:
        """The item of a SKU."""
        return self.by_sku.get(sku) or self.configured.item(sku)

    def named(self, name: ItemName) -> Item | None:
        """The item that a name finds; a name that an item was configured with and has lost finds it no more."""
        if found := super().named(name):
            return found
        item = self.configured.named(name)
        return None if item and item.sku in self.by_sku else item

    def every(self) -> list[Item]:
        """All items, by SKU."""
        return [item for _, item in sorted({**self.configured.by_sku, **self.by_sku}.items())]


def completed(fact: F, known: F | None) -> F:
    """An item or customer, with what is known of it wherever a document says nothing."""
    silent = [name for name in type(fact).model_fields if getattr(fact, name) in (None, (), {})]
    return fact.model_copy(update={name: getattr(known, name) for name in silent}) if known else fact


def item_names(item: Item) -> list[ItemName]:
    """Every name that finds an item."""
    return [("sku", item.sku), *(_name(scheme, value) for scheme, value in item.items.items() if scheme in _SCHEMES)]


def names_asked(items: Mapping[str, str]) -> list[ItemName]:
    """The names by which identifiers (scheme -> identifier) ask for an item."""
    return [_name(scheme, value) for scheme, value in items.items() if scheme in _SCHEMES]


def _name(scheme: str, value: str) -> ItemName:
    """A vendor's number is our SKU. GTIN-8, 12, 13 and 14 are one number with leading zeros (GS1 General
    Specifications, section 3.3.2)."""
    return ("gtin", value.zfill(14)) if scheme in TRADE_NUMBERS else ("sku", value)


def units_in(item: Item, unit: str) -> Decimal | None:
    """How many of the item's own unit one `unit` holds; None when we do not sell it so."""
    return Decimal(1) if unit == item.unit else item.packs.get(unit)


def check_digit(digits: str) -> str:
    """The GS1 check digit of a number without it (GS1 General Specifications, section 7.9)."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


class StockLevel(Model):
    """What lies at a node, as a stock file or an inventory report says."""

    sku: Text
    node: Text
    on_hand: Decimal
    safety: Decimal | None = None
    incoming: Decimal = ZERO
    """What is on its way there, and the day it comes."""
    incoming_on: date | None = None


def read_items(rows: Iterable[Mapping[str, str]], currency: str, file: str) -> tuple[Catalogue, list[Finding]]:
    """Items from the rows of a CSV file with a header.

    Columns: `sku`, `description`, `unit`, `gtin`, `upc`, `ean`, `class`, `weight_lb` (of one unit), `cost` and `price`
    (of one unit, in `currency`), `pack_<UNIT>` (units in one such pack).
    """
    items: list[Item] = []
    findings: list[Finding] = []
    seen: set[str] = set()
    for line, row in enumerate(rows, start=2):
        faults = [*_row_faults(row), *([f"{row['sku']} is listed twice"] if row.get("sku") in seen else [])]
        findings += [_fault("item-row", file, line, fault) for fault in faults]
        if not faults:
            items.append(_item(row, currency))
            seen.add(row["sku"])
    return Catalogue(items=tuple(items)), findings


def read_stock(rows: Iterable[Mapping[str, str]], file: str) -> tuple[list[StockLevel], list[Finding]]:
    """Stock levels from the rows of a CSV file with the columns `sku`, `node`, `on_hand`, `safety`, and where something
    is on its way `incoming` and `incoming_on`, the day it comes."""
    levels: list[StockLevel] = []
    findings: list[Finding] = []
    for line, row in enumerate(rows, start=2):
        try:
            levels.append(_level(row))
        except (KeyError, ValueError) as error:
            findings.append(_fault("stock-row", file, line, f"{error}; columns are {', '.join(_STOCK_COLUMNS)}"))
    return levels, findings


def _level(row: Mapping[str, str]) -> StockLevel:
    incoming = exact_decimal(row.get("incoming") or "0")
    if incoming and not row.get("incoming_on"):
        raise ValueError(f"{incoming} are incoming on no day; fill in incoming_on")
    return StockLevel(
        sku=row["sku"],
        node=row["node"],
        on_hand=exact_decimal(row["on_hand"]),
        safety=exact_decimal(row["safety"]) if row.get("safety") else None,
        incoming=incoming,
        incoming_on=date.fromisoformat(row["incoming_on"]) if incoming else None,
    )


def _row_faults(row: Mapping[str, str]) -> list[str]:
    faults = [f"{column} is empty; fill it in" for column in ("sku", "unit", "cost", "price") if not row.get(column)]
    for column, value in row.items():
        known = column in _ITEM_COLUMNS or column.startswith("pack_")
        if not known:
            faults.append(f"no column is called {column!r}; remove or rename it")
        elif value and column in TRADE_NUMBERS and not good_trade_number(value):
            faults.append(f"{column} {value} has a wrong check digit")
        elif value and (column in ("weight_lb", "cost", "price") or column.startswith("pack_")):
            faults += _number_faults(column, value)
    return faults


def _number_faults(column: str, value: str) -> list[str]:
    try:
        number = exact_decimal(value)
    except ValueError:
        return [f"{column} {value!r} is no decimal number"]
    return [] if number > ZERO or (column in ("cost", "weight_lb") and not number) else [f"{column} must be above zero"]


def good_trade_number(value: str) -> bool:
    """Whether a GTIN, UPC or EAN has its digits and its check digit."""
    return (
        value.isascii() and value.isdigit() and len(value) in (8, 12, 13, 14) and check_digit(value[:-1]) == value[-1]
    )


def _item(row: Mapping[str, str], currency: str) -> Item:
    def price(column: str) -> Price:
        return Price(amount=exact_decimal(row[column]), currency=currency)

    named = {column: value for column, value in row.items() if value}
    return Item(
        sku=row["sku"],
        description=named.get("description"),
        unit=row["unit"],
        items={c: v for c, v in named.items() if c in TRADE_NUMBERS},
        packs={c.removeprefix("pack_"): exact_decimal(v) for c, v in named.items() if c.startswith("pack_")},
        weight=Quantity(value=exact_decimal(named["weight_lb"]), unit="LB") if "weight_lb" in named else None,
        price=price("price"),
        cost=price("cost"),
        classes={"class": named["class"]} if "class" in named else {},
    )


def _fault(code: str, file: str, line: int, message: str) -> Finding:
    return Finding(code, "error", {"file": file, "line": line, "column": 1}, message)
