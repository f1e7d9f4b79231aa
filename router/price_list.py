"""What we charge whom: each partner's own prices, by quantity and day (config/prices.csv)."""

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property

from canonical import Amount, Finding, Item, Price, Quantity, Text, exact_decimal, made
from router.catalogue import Catalogue, units_in
from router.order_line import ZERO
from router.rule import Rule

_COLUMNS = ("partner", "sku", "unit", "from_quantity", "price", "currency", "starts", "ends")


class ListedPrice(Rule):
    """What one partner pays for an item, from a quantity on and between two days."""

    partner: Text
    sku: Text
    price: Price
    """Per so many of the item's own unit."""
    from_quantity: Amount = ZERO
    """The least a line must ask for, in the item's own unit."""
    starts: date | None = None
    ends: date | None = None
    """The last day."""
    listed_in: Text | None = None
    """The document and line that say so; None for the configured prices."""

    def holds_on(self, day: date) -> bool:
        """Whether it is in force."""
        return (self.starts is None or self.starts <= day) and (self.ends is None or day <= self.ends)


class PriceLists(Rule):
    """Every partner's prices."""

    listed: tuple[ListedPrice, ...] = ()

    @cached_property
    def _by_item(self) -> dict[tuple[str, str], list[ListedPrice]]:
        """The highest quantity first; of one quantity the one that began last."""
        grouped: dict[tuple[str, str], list[ListedPrice]] = {}
        for one in sorted(self.listed, key=lambda one: (one.from_quantity, one.starts or date.min), reverse=True):
            grouped.setdefault((one.partner, one.sku), []).append(one)
        return grouped

    def listed_for(self, partner: str, sku: str) -> Sequence[ListedPrice]:
        """A partner's own prices of an item."""
        return self._by_item.get((partner, sku), ())

    def price_for(self, partner: str, sku: str, units: Decimal, day: date) -> ListedPrice | None:
        """A partner's own price of `units` of an item on a day."""
        listed = self.listed_for(partner, sku)
        return next((one for one in listed if one.from_quantity <= units and one.holds_on(day)), None)

    def told(self, listed: tuple[ListedPrice, ...]) -> "PriceLists":
        """The prices as documents have changed them; of equals the first listed counts."""
        return made(ToldPrices, listed=listed, configured=self)


class ToldPrices(PriceLists):
    """Prices as documents list them; where none holds, those that are configured."""

    configured: PriceLists

    def listed_for(self, partner: str, sku: str) -> Sequence[ListedPrice]:
        """A partner's own prices of an item."""
        return [*super().listed_for(partner, sku), *self.configured.listed_for(partner, sku)]


def read_prices(
    rows: Iterable[Mapping[str, str]], catalogue: Catalogue, currency: str, file: str, partners: Container[str]
) -> tuple[PriceLists, list[Finding]]:
    """Prices from the rows of a CSV file with a header.

    Columns: `partner`, `sku`, `unit` (the item's own or a pack; blank: its own), `from_quantity` (of that unit),
    `price` (of one), `currency` (blank: `currency`), `starts` and `ends` (ISO dates, both included).
    """
    listed: list[ListedPrice] = []
    findings: list[Finding] = []
    for line, row in enumerate(rows, start=2):
        try:
            one = _listed(row, catalogue, currency)
            _refuse_stranger(one, partners)
            _refuse_overlap(one, listed)
            listed.append(one)
        except (KeyError, ValueError) as error:
            message = str(error) if isinstance(error, ValueError) else f"columns are {', '.join(_COLUMNS)}"
            findings.append(Finding("price-row", "error", {"file": file, "line": line, "column": 1}, message))
    return PriceLists(listed=tuple(listed)), findings


def _listed(row: Mapping[str, str], catalogue: Catalogue, currency: str) -> ListedPrice:
    """A row's price. Raises `ValueError` that says what to mend."""
    if unknown := [name for name in row if name not in _COLUMNS]:
        raise ValueError(f"no column is called {unknown[0]!r}; columns are {', '.join(_COLUMNS)}")
    if not row["partner"]:
        raise ValueError("partner is empty; name a partner or connection")
    item = catalogue.by_sku.get(row["sku"])
    if item is None:
        raise ValueError(f"no item of ours is called {row['sku']!r}; items.csv lists them")
    factor = _factor(item, row.get("unit") or item.unit)
    per = None if factor == 1 else Quantity(value=factor, unit=item.unit)
    starts, ends = _day(row, "starts"), _day(row, "ends")
    if starts and ends and ends < starts:
        raise ValueError(f"ends on {ends}, before it starts on {starts}; exchange them")
    return ListedPrice(
        partner=row["partner"],
        sku=item.sku,
        price=Price(amount=_number(row, "price"), currency=_currency(row, currency), per=per),
        from_quantity=_number(row, "from_quantity") * factor if row.get("from_quantity") else ZERO,
        starts=starts,
        ends=ends,
    )


def _factor(item: Item, unit: str) -> Decimal:
    factor = units_in(item, unit)
    if factor is None:
        raise ValueError(f"{item.sku} is not sold by {unit!r}; it is sold by {', '.join((item.unit, *item.packs))}")
    return factor


def _number(row: Mapping[str, str], column: str) -> Decimal:
    try:
        number = exact_decimal(row[column])
    except ValueError as error:
        raise ValueError(f"{column} {row[column]!r} is no decimal number") from error
    if number < 0 or (column == "price" and not number):
        raise ValueError(f"{column} must be above zero")
    return number


def _currency(row: Mapping[str, str], currency: str) -> str:
    code = row.get("currency") or currency
    if not (len(code) == 3 and code.isascii() and code.isupper()):
        raise ValueError(f"currency {code!r} is no ISO 4217 code, such as USD")
    return code


def _day(row: Mapping[str, str], column: str) -> date | None:
    try:
        return date.fromisoformat(row[column]) if row.get(column) else None
    except ValueError as error:
        raise ValueError(f"{column} {row[column]!r} is no date; write it as 2026-11-30") from error


def _refuse_stranger(one: ListedPrice, partners: Container[str]) -> None:
    if one.partner not in partners:
        raise ValueError(f"no partner or connection is called {one.partner!r}; rename it")


def _refuse_overlap(one: ListedPrice, listed: Iterable[ListedPrice]) -> None:
    """Two prices for one quantity on one day would leave it to chance; one that only starts later takes over."""
    same = (one.partner, one.sku, one.from_quantity, one.starts)
    if any((other.partner, other.sku, other.from_quantity, other.starts) == same for other in listed):
        raise ValueError(f"{one.sku} has a second price for {one.partner} from the same quantity and day; remove one")
