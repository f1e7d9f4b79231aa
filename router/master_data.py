"""What documents say of an order's items, prices and customer: facts of its world, which change what is configured."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from canonical import Customer, Document, Item, Model, Party, PurchaseOrder
from router.catalogue import Catalogue, ItemName, item_names, names_asked
from router.order import Order
from router.price_list import ListedPrice
from router.routing import Channel, Routing


class MasterData(Model):
    """What documents have told of some items, of a channel's prices, and of one customer."""

    items: tuple[Item, ...] = ()
    prices: tuple[ListedPrice, ...] = ()
    """Of equals the first listed counts."""
    customer: Customer | None = None

    def __bool__(self) -> bool:
        return bool(self.items or self.prices or self.customer)


class CustomerName(NamedTuple):
    """A name by which a customer is known: `number`, or the scheme of an identifier that is theirs alone."""

    scheme: str
    value: str


class Configured(Protocol):
    """What is configured of items and channels: the policy."""

    @property
    def catalogue(self) -> Catalogue: ...

    @property
    def routing(self) -> Routing: ...

    def channel(self, name: str) -> Channel: ...


class Asked(NamedTuple):
    """Of what a document's decision wants to know what was told."""

    items: frozenset[ItemName] = frozenset()
    channel: str | None = None
    """Whose prices."""
    customers: tuple[CustomerName, ...] = ()
    """The first that is known is the customer."""


_THEIRS_ALONE = {"seller_assigned": "number", "gln": "gln", "duns": "duns", "duns4": "duns4"}
"""The identifiers that name one customer and no other, ours or the whole world's, and what each is called here."""


def asked_by(order: Order | None, document: Document, sender: str, policy: Configured) -> Asked:
    """What a decision on a document asks: of its lines' items and its order's, and of who buys."""
    bought = document if isinstance(document, PurchaseOrder) else order.document if order else None
    channel = order.channel if order else sender
    names = items_named(document) | ({("sku", line.sku) for line in order.lines if line.sku} if order else set())
    skus = {item.sku for name in names if (item := policy.catalogue.named(name))}
    others = {("sku", other) for sku in skus for other in policy.routing.substitutes.get(sku, ())}
    number = policy.channel(channel).customer
    return Asked(
        items=frozenset(names | others | {("sku", sku) for sku in skus}),
        channel=channel,
        customers=(*([CustomerName("number", number)] if number else ()), *_customers_of(bought)),
    )


def with_skus(names: Iterable[ItemName], catalogue: Catalogue) -> frozenset[ItemName]:
    """Names of items, with our SKUs of those that are configured: a document may have told of it under another."""
    configured = (item for name in names if (item := catalogue.named(name)))
    return frozenset((*names, *(("sku", item.sku) for item in configured)))


def record_names(fact: Item | Customer) -> list[str]:
    """Every name that finds an item or customer, as one text each."""
    if isinstance(fact, Item):
        return sorted({as_text(name) for name in item_names(fact)})
    return sorted({as_text(name) for name in (("number", fact.number), *_names_of(fact))})


def as_text(name: tuple[str, str]) -> str:
    """A name as it is kept."""
    return ":".join(name)


def items_named(document: Document) -> set[ItemName]:
    """The names of all items that a document's lines speak of."""
    lines = getattr(document, "lines", ())
    return {name for line in lines for name in names_asked(getattr(line, "items", {}))}


def _customers_of(order: PurchaseOrder | None) -> list[CustomerName]:
    """By what an order names its customer: as its buyer, or as who pays."""
    parties = [order.party(role) for role in ("buyer", "bill_to")] if order else []
    return [name for party in parties if party for name in _names_of(party)]


def _names_of(party: Party | Customer) -> list[CustomerName]:
    """The identifiers of a party that are theirs alone."""
    known = party.identifiers
    return [CustomerName(name, known[scheme]) for scheme, name in _THEIRS_ALONE.items() if scheme in known]
