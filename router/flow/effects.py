"""Where each kind of document takes effect: one table."""

from collections.abc import Callable, Mapping
from typing import Any

from canonical import (
    Answer,
    Document,
    InventoryLine,
    InventoryReport,
    OrderChange,
    PurchaseOrder,
    Question,
    ReturnAuthorization,
    ReturnReceipt,
    ShipmentAdvice,
    TrackingUpdate,
)
from router.catalogue import units_in
from router.number import lane_of, order_id
from router.policy import Policy
from router.ports import Count, Effect, Nowhere, ToAsker, ToFulfilment, ToLane, ToSent, ToStock


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


def _return_it_receives(document: ReturnReceipt, _sender: str, _policy: Policy) -> Effect:
    if document.order_number is None:
        return Nowhere(f"receipt {document.number} names no return that its goods came under")
    return ToFulfilment(document.order_number)


def _order_it_ships(document: ShipmentAdvice, _sender: str, _policy: Policy) -> Effect:
    return ToFulfilment(document.fulfilment_order)


def _order_it_tracks(document: TrackingUpdate, _sender: str, _policy: Policy) -> Effect:
    return ToFulfilment(document.number)


def _what_we_sent(_document: Document, _sender: str, _policy: Policy) -> Effect:
    return ToSent()


def _stock(document: InventoryReport, sender: str, policy: Policy) -> Effect:
    counts: list[Count] = []
    uncounted: list[str] = []
    for line in document.lines:
        count = _count(line, line.node or document.node, sender, policy)
        if isinstance(count, Count):
            counts.append(count)
        else:
            uncounted.append(count)
    return ToStock(counts, uncounted)


def _count(line: InventoryLine, node: str | None, sender: str, policy: Policy) -> Count | str:
    """What a line counts, or what of it nobody here knows. A node's operator alone speaks for the node."""
    match = policy.catalogue.match(line.items)
    if match.item is None:
        return match.fault or "no item"
    place = policy.network.by_id.get(node or "")
    if place is None or place.operator not in (None, sender):
        return f"node {node or 'unnamed'}, for which {sender} does not speak"
    on_hand = line.quantities.get("on_hand")
    units = units_in(match.item, on_hand.unit) if on_hand else None
    if on_hand is None or units is None:
        return f"{match.item.sku} in {on_hand.unit}" if on_hand else f"{match.item.sku} without what is on hand"
    return Count(match.item.sku, place.id, on_hand.value * units)


EFFECTS: Mapping[str, Callable[[Any, str, Policy], Effect]] = {
    # kind             takes effect on
    "PurchaseOrder": _own_order,
    "OrderChange": _own_order,
    "ShipmentAdvice": _order_it_ships,
    "ReturnAuthorization": _order_it_returns,
    "ReturnReceipt": _return_it_receives,
    "TrackingUpdate": _order_it_tracks,
    "InventoryReport": _stock,
    "Acknowledgment": _what_we_sent,
}

SHIPS_OR_POSTS = frozenset({"FulfilmentOrder", "JournalEntry"})
"""What never leaves for a test: everything else goes out marked as one."""


def stays_inside(document: Document) -> bool:
    """Whether this is a test document that would ship, charge, buy or post."""
    binds = isinstance(document, Question) and document.binds
    return document.usage == "test" and (binds or document.kind in SHIPS_OR_POSTS)
