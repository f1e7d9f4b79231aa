"""What each channel is told it may sell: what can be promised, less what the channel's terms keep back."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from canonical import InventoryLine, InventoryReport, Item, Quantity
from router.catalogue import Catalogue
from router.decision import StockRow
from router.order_line import ZERO
from router.routing import StockTerms


def offers(rows: Iterable[StockRow], terms: StockTerms) -> dict[str, Decimal]:
    """By SKU the whole units a channel may sell: never more than its nodes can promise."""
    promisable: dict[str, Decimal] = {}
    for row in rows:
        counts = not terms.nodes or row.node in terms.nodes
        promisable[row.sku] = promisable.get(row.sku, ZERO) + (row.available if counts else ZERO)
    return {sku: _offered(units, terms) for sku, units in promisable.items()}


def _offered(units: Decimal, terms: StockTerms) -> Decimal:
    kept_back = terms.buffer + units * terms.buffer_percent / 100
    return max(units - kept_back, ZERO).to_integral_value(ROUND_FLOOR)


def report_of(number: str, changed: Mapping[str, Decimal], catalogue: Catalogue, now: datetime) -> InventoryReport:
    """What changed of an offer, as its channel is told."""
    lines = (
        _line(str(place), catalogue.item(sku) or Item(sku=sku), units)
        for place, (sku, units) in enumerate(sorted(changed.items()), start=1)
    )
    return InventoryReport(number=number, as_of=now, lines=tuple(lines))


def _line(number: str, item: Item, units: Decimal) -> InventoryLine:
    items = {"sku": item.sku, "vendor": item.sku, **item.items}
    available = Quantity(value=units, unit=item.unit)
    return InventoryLine(number=number, items=items, description=item.description, quantities={"available": available})
