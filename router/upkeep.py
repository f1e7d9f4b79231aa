"""The upkeep of master data by documents: items, customers and price lists, judged before they take effect.

Only who is listed under `master_data` of the routing file may say anything, and our own people. A part that does not
hold is a finding with its place in the document; the others take effect.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from canonical import Customer, Finding, Item, Moment, Price, PriceBreak, PriceList, PriceListLine, Quantity
from canonical.exchange import OWN_PEOPLE
from router.catalogue import TRADE_NUMBERS, good_trade_number, item_names, units_in
from router.effect import Effect, ListChange, Nowhere, Record, ToMasterData
from router.order_line import ZERO
from router.policy import Policy
from router.price_list import ListedPrice
from router.promise import day_of
from router.routing import Keeper

PAID = frozenset({None, "net", "contract", "catalog", "list", "wholesale", "unit_cost", "promotional", "special"})
"""The prices (X12 236) that a buyer pays; any other, such as `retail`, is for information."""


def keep_item(document: Item, sender: str, policy: Policy) -> Effect:
    """An item as it is from now on."""
    if not _keeper(sender, policy).items:
        return _not_allowed(sender, "what we sell")
    faults = list(_item_faults(document, policy))
    if faults or document.as_of is None:
        return ToMasterData(refused=faults or [_fault("item-undated", "/as_of", "it does not say of when it is")])
    return ToMasterData([Record(document, _instant(document.as_of, policy))])


def _item_faults(item: Item, policy: Policy) -> Iterator[Finding]:
    known = policy.catalogue.item(item.sku)
    if known and known.unit != item.unit:
        yield _fault("item-unit", "/unit", f"{item.sku} is counted in {known.unit}; it cannot be in {item.unit}")
    for scheme, value in item.items.items():
        if scheme in TRADE_NUMBERS and not good_trade_number(value):
            yield _fault("item-number", f"/items/{scheme}", f"{scheme} {value} has a wrong check digit")
    for name in item_names(item):
        other = policy.catalogue.named(name)
        if other and other.sku != item.sku:
            yield _fault("item-number", "/items", f"{' '.join(name)} is {other.sku} already")
    for unit, count in item.packs.items():
        if count <= 0:
            yield _fault("item-pack", f"/packs/{unit}", f"a pack holds {count} {item.unit}; it must hold some")
    for field in ("price", "cost"):
        price: Price | None = getattr(item, field)
        if price and price.amount < 0:
            yield _fault("item-price", f"/{field}/amount", f"a {field} is not below zero")


def keep_customer(document: Customer, sender: str, policy: Policy) -> Effect:
    """A customer as they are from now on. What decisions do not read, names and addresses, is not kept beside them."""
    if not _keeper(sender, policy).customers:
        return _not_allowed(sender, "whom we sell to")
    fact = document.changed(name=None, parties=(), extensions={})
    return ToMasterData([Record(fact, _instant(document.as_of, policy))])


def keep_prices(document: PriceList, sender: str, policy: Policy) -> Effect:
    """Prices from a list, for each partner who pays them."""
    partners = [one for one in _payers(sender, policy) if document.customer in (None, *_called(one, policy))]
    if not partners and sender == OWN_PEOPLE:
        return Nowhere(f"no channel that the routing file lists is {document.customer}, or buys as that customer")
    if not partners:
        return _not_allowed(sender, f"what {document.customer or 'anybody'} pays")
    readings = [_ListReading(document, sender, partner, policy) for partner in partners]
    lists = [reading.change() for reading in readings]
    return ToMasterData(lists=lists, refused=readings[0].refused)  # a row holds for all of them or for none


def _payers(sender: str, policy: Policy) -> list[str]:
    """Whose prices a sender may list: our own people those of all who have terms of their own."""
    return list(policy.routing.channels if sender == OWN_PEOPLE else _keeper(sender, policy).prices_for)


def _called(partner: str, policy: Policy) -> tuple[str | None, ...]:
    return partner, policy.channel(partner).customer or partner


class _ListReading:
    """Reads one partner's prices from a list."""

    def __init__(self, document: PriceList, sender: str, partner: str, policy: Policy) -> None:
        self.document, self.sender, self.partner, self.policy = document, sender, partner, policy
        self.refused: list[Finding] = []
        self.prices: dict[tuple[str, Decimal, date | None], ListedPrice] = {}
        self.gone: list[str] = []

    def change(self) -> ListChange:
        """What changes of the partner's prices; `refused` gathers what does not hold."""
        document = self.document
        for index, line in enumerate(document.lines):
            self._read(line, index)
        return ListChange(
            partner=self.partner,
            list=f"{self.sender}/{document.number}",
            as_of=_instant(document.as_of, self.policy),
            prices=list(self.prices.values()),
            gone=self.gone,
            whole=document.purpose != "change" and not (document.purpose == "cancel" and document.lines),
        )

    def _read(self, line: PriceListLine, index: int) -> None:
        match = self.policy.catalogue.match(line.items)
        if match.item is None:
            self._refuse("item-unknown", f"/lines/{index}/items", match.fault or "no item")
        elif "cancel" in (line.change, self.document.purpose):
            self.gone.append(match.item.sku)
        else:
            self._read_prices(line, index, match.item)

    def _read_prices(self, line: PriceListLine, index: int, item: Item) -> None:
        paid = [(place, one) for place, one in enumerate(line.prices) if one.kind in PAID]
        if not paid:
            self._refuse("price-missing", f"/lines/{index}/prices", f"{item.sku} has no price that a buyer pays")
        for place, one in paid:
            path = f"/lines/{index}/prices/{place}"
            try:
                self._add(self._listed(one, item, line.number or str(index + 1)))
            except ValueError as error:
                self._refuse("price-refused", path, str(error))

    def _add(self, one: ListedPrice) -> None:
        key = (one.sku, one.from_quantity, one.starts)
        if key in self.prices:
            raise ValueError(f"{one.sku} has a second price from the same quantity and day")
        self.prices[key] = one

    def _listed(self, said: PriceBreak, item: Item, line: str) -> ListedPrice:
        """A price as it is kept: of the item's own unit. Raises `ValueError` with what is wrong."""
        if said.price.amount <= 0:
            raise ValueError(f"{item.sku} costs {said.price.amount}; a price is above zero")
        starts, ends = self._day(said.starts or self.document.starts), self._day(said.ends or self.document.ends)
        if starts and ends and ends < starts:
            raise ValueError(f"{item.sku} has a price that ends on {ends}, before it starts on {starts}")
        per, least = said.price.per, said.from_quantity
        count = _units(item, per) if per else Decimal(1)
        return ListedPrice(
            partner=self.partner,
            sku=item.sku,
            price=said.price.model_copy(update={"per": None if count == 1 else Quantity(value=count, unit=item.unit)}),
            from_quantity=_units(item, least) if least else ZERO,
            starts=starts,
            ends=ends,
            listed_in=f"line {line} of price list {self.document.number} of {self.sender}",
        )

    def _day(self, moment: Moment | None) -> date | None:
        return day_of(moment, self.policy.company.time_zone) if moment else None

    def _refuse(self, code: str, pointer: str, message: str) -> None:
        self.refused.append(_fault(code, pointer, message))


def _units(item: Item, quantity: Quantity) -> Decimal:
    """A quantity in the item's own unit. Raises `ValueError`."""
    factor = units_in(item, quantity.unit)
    if factor is None:
        raise ValueError(
            f"{item.sku} is not sold by {quantity.unit!r}; it is sold by {', '.join((item.unit, *item.packs))}"
        )
    if quantity.value < 0:
        raise ValueError(f"{quantity.value} {quantity.unit} is no quantity")
    return quantity.value * factor


def _keeper(sender: str, policy: Policy) -> Keeper:
    """What a sender may say; our own people may say everything."""
    if sender == OWN_PEOPLE:
        return Keeper(items=True, customers=True)
    return policy.routing.master_data.get(sender, Keeper())


def _not_allowed(sender: str, what: str) -> Nowhere:
    return Nowhere(f"{sender} may not say {what}: `master_data` in the routing file lists who may")


def _instant(moment: Moment, policy: Policy) -> datetime:
    """The instant of a moment; a day begins where the company is."""
    if isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, time(), ZoneInfo(policy.company.time_zone)).astimezone(UTC)


def _fault(code: str, pointer: str, message: str) -> Finding:
    return Finding(code, "error", {"pointer": pointer}, message)
