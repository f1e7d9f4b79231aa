"""Where each kind of document takes effect: one table."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from canonical import (
    Answer,
    CreditMemo,
    Document,
    InventoryLine,
    InventoryReport,
    Item,
    OrderChange,
    PaymentEvent,
    PurchaseOrder,
    Question,
    Remittance,
    ReturnAuthorization,
    ReturnReceipt,
    ShipmentAdvice,
    TrackingUpdate,
)
from router.catalogue import item_names, units_in
from router.effect import (
    Arriving,
    Count,
    Effect,
    Nowhere,
    OnceTold,
    ToAsker,
    ToFulfilment,
    ToLane,
    ToOrders,
    ToSent,
    ToStock,
)
from router.master_data import Asked, items_named, with_skus
from router.network import Node
from router.number import lane_of, order_id
from router.order_line import ZERO
from router.policy import Policy
from router.promise import day_of
from router.remittance import claims
from router.upkeep import keep_customer, keep_item, keep_prices


def effect_of(document: Document, sender: str, policy: Policy) -> Effect:
    """Where a document from `sender` takes effect."""
    if isinstance(document, Answer):
        return ToAsker(document.question)
    effect = EFFECTS.get(document.kind)
    return effect(document, sender, policy) if effect else Nowhere(f"nobody here acts on a {document.kind}")


def _own_order(document: PurchaseOrder | OrderChange, sender: str, _policy: Policy) -> Effect:
    return ToLane(order_id(document, sender))


def _order_it_returns(document: ReturnAuthorization, sender: str, _policy: Policy) -> Effect:
    if document.order_number is None:
        return Nowhere(f"return {document.number} names no order, so nobody can say whether its goods may come back")
    return ToLane(lane_of(sender, document.order_number, document.release, document.usage))


def _order_it_credits(document: CreditMemo, sender: str, _policy: Policy) -> Effect:
    if document.role != "receivable" or document.order_number is None:
        return Nowhere(f"nobody here acts on credit {document.number}: it is none of an order that {sender} placed")
    return ToLane(lane_of(sender, document.order_number, document.release, document.usage))


def _return_it_receives(document: ReturnReceipt, _sender: str, _policy: Policy) -> Effect:
    if document.order_number is None:
        return Nowhere(f"receipt {document.number} names no return that its goods came under")
    return ToFulfilment(document.order_number)


def _order_it_ships(document: ShipmentAdvice, _sender: str, _policy: Policy) -> Effect:
    return ToFulfilment(document.fulfilment_order)


def _order_it_tracks(document: TrackingUpdate, _sender: str, _policy: Policy) -> Effect:
    return ToFulfilment(document.number)


def _order_it_pays(document: PaymentEvent, _sender: str, _policy: Policy) -> Effect:
    return ToLane(document.order)


def _orders_it_pays(document: Remittance, sender: str, _policy: Policy) -> Effect:
    if not document.lines and not document.adjustments:
        return Nowhere(f"remittance {document.number} does not say what it pays")
    return ToOrders(claims(document, sender))


def _what_we_sent(_document: Document, _sender: str, _policy: Policy) -> Effect:
    return ToSent()


def _stock(document: InventoryReport, sender: str, policy: Policy) -> Effect:
    counts: list[Count] = []
    arriving: dict[tuple[str, str], dict[date, Decimal]] = {}
    uncounted: list[str] = []
    for line in document.lines:
        said = _said(line, line.node or document.node, sender, policy)
        if isinstance(said, str):
            uncounted.append(said)
            continue
        if said.on_hand is not None:
            counts.append(Count(said.sku, said.node, said.on_hand))
        if said.to_come is not None:
            days = arriving.setdefault((said.sku, said.node), {})
            for day, units in said.to_come.items():
                days[day] = days.get(day, ZERO) + units
    return ToStock(counts, [Arriving(*place, days) for place, days in arriving.items()], uncounted)


class _Said(NamedTuple):
    """What a line says of an item at a node, in the item's own unit; None of what it says nothing."""

    sku: str
    node: str
    on_hand: Decimal | None
    to_come: dict[date, Decimal] | None


def _said(line: InventoryLine, node: str | None, sender: str, policy: Policy) -> _Said | str:
    """What a line counts, or what of it nobody here knows. A node's operator alone speaks for the node."""
    match = policy.catalogue.match(line.items)
    if match.item is None:
        return match.fault or "no item"
    place = policy.network.by_id.get(node or "")
    if place is None or place.operator not in (None, sender):
        return f"node {node or 'unnamed'}, for which {sender} does not speak"
    on_hand, to_come = line.quantities.get("on_hand"), _to_come(line, place, match.item)
    units = units_in(match.item, on_hand.unit) if on_hand else None
    if on_hand and units is None:
        return f"{match.item.sku} in {on_hand.unit}"
    if on_hand is None and to_come is None:
        return f"{match.item.sku} without what is on hand"
    return _Said(match.item.sku, place.id, on_hand.value * units if on_hand and units else None, to_come)


def _to_come(line: InventoryLine, place: Node, item: Item) -> dict[date, Decimal] | None:
    """What a line says is on its way, by day; None where it says nothing that a day can be promised from."""
    quantity, moment = line.to_come or (None, None)
    units = quantity.value * (units_in(item, quantity.unit) or 0) if quantity else ZERO
    if quantity is None or (moment is None and units):
        return None
    return {day_of(moment, place.time_zone): units} if moment and units else {}


_Judge = Callable[[Any, str, Policy], Effect]


def _once_told(judge: _Judge) -> _Judge:
    """Judged by what items, by their names in the document, have become since they were configured."""

    def effect(document: Document, sender: str, policy: Policy) -> Effect:
        names = items_named(document) | set(item_names(document) if isinstance(document, Item) else ())
        asked = Asked(with_skus(names, policy.catalogue))
        return OnceTold(asked, lambda facts: judge(document, sender, policy.told(facts, sender)))

    return effect


EFFECTS: Mapping[str, _Judge] = {
    # kind             takes effect on
    "PurchaseOrder": _own_order,
    "OrderChange": _own_order,
    "ShipmentAdvice": _order_it_ships,
    "ReturnAuthorization": _order_it_returns,
    "ReturnReceipt": _return_it_receives,
    "CreditMemo": _order_it_credits,
    "TrackingUpdate": _order_it_tracks,
    "PaymentEvent": _order_it_pays,
    "Remittance": _orders_it_pays,
    "InventoryReport": _once_told(_stock),
    "Item": _once_told(keep_item),
    "Customer": keep_customer,
    "PriceList": _once_told(keep_prices),
    "Acknowledgment": _what_we_sent,
}

SHIPS_OR_POSTS = frozenset({"FulfilmentOrder", "JournalEntry"})
"""What never leaves for a test: everything else goes out marked as one."""


def stays_inside(document: Document) -> bool:
    """Whether this is a test document that would ship, charge, buy or post."""
    binds = isinstance(document, Question) and document.binds
    return document.usage == "test" and (binds or document.kind in SHIPS_OR_POSTS)
