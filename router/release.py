"""Release: each node is asked, by one fulfilment order a destination, to ship what was allocated to it (X12 940)."""

from canonical import Freight, FulfilmentLine, FulfilmentOrder, Party, Quantity, Reference, made
from router.consigning import restate_consignment
from router.consignment import Consignment
from router.labels import carrier_of, consignment_of, labelled
from router.line_view import Reasons, document_line, item_reasons, shown_items
from router.number import derived_number
from router.order_line import Allocation
from router.promised import promise_of
from router.workings import Workings

_CARRIED_DATES = ("ship_not_before", "ship_not_later", "requested_delivery", "delivery_not_later", "cancel_after")


def release(work: Workings) -> None:
    """Release every allocation that has not been."""
    waiting: dict[tuple[int, str], list[int]] = {}
    for index, allocation in enumerate(work.allocations):
        if allocation.fulfilment_order is None and allocation.outstanding:
            waiting.setdefault((allocation.destination, allocation.node), []).append(index)
    for (destination, node), indexes in sorted(waiting.items()):
        _release_to(work, destination, node, indexes)


def _release_to(work: Workings, destination: int, node: str, indexes: list[int]) -> None:
    number = derived_number(work.order, work.policy, "F", len(work.order.fulfilment_orders) + 1)
    bought = labelled(work, node, destination)
    for count, index in enumerate(indexes, start=1):
        allocation = work.allocations[index]
        work.move(allocation.line, "release", allocation.outstanding, node=node, fulfilment_order=number)
        released = {"fulfilment_order": number, "fulfilment_line": str(count)}
        work.allocations[index] = allocation.model_copy(update=released)
    work.amend(fulfilment_orders=(*work.order.fulfilment_orders, number))
    if bought:
        restate_consignment(work, bought, fulfilment_order=number)
    operator = work.policy.network.by_id[node].operator
    if operator is None:
        work.tell("fulfilment_left_to_people", node=node, fulfilment_order=number)
        return
    allocations = [work.allocations[index] for index in indexes]
    reasons = _reasons(work, allocations) if work.explaining else {}
    work.dispatch(_fulfilment_order(work, number, destination, allocations), operator, reasons)


def recall(work: Workings, number: str) -> None:
    """Take back what a fulfilment order has not shipped: its lines are open again, and its node is told."""
    indexes = [i for i, a in enumerate(work.allocations) if a.fulfilment_order == number and a.outstanding]
    allocations = [work.allocations[index] for index in indexes]
    operator = work.policy.network.by_id[allocations[0].node].operator
    if operator:
        asked = _fulfilment_order(work, number, allocations[0].destination, allocations)
        reasons = {**_reasons(work, allocations), "purpose": "rule:recall"}
        work.dispatch(asked.model_copy(update={"purpose": "cancel"}), operator, reasons)
    work.tell("fulfilment_recalled", fulfilment_order=number)
    for index, allocation in zip(indexes, allocations, strict=True):
        work.move(allocation.line, "recall", allocation.outstanding, node=allocation.node)
        work.reserve(allocation, -allocation.outstanding)
        left = allocation.shipped + allocation.short
        work.allocations[index] = allocation.model_copy(update={"quantity": left})


def _fulfilment_order(work: Workings, number: str, destination: int, allocations: list[Allocation]) -> FulfilmentOrder:
    document, node = work.order.document, work.policy.network.by_id[allocations[0].node]
    bought = consignment_of(work, number)
    dates = {name: document.dates[name] for name in _CARRIED_DATES if name in document.dates}
    ships_on = promise_of(work, allocations[0]).ship_on or work.world.now
    return made(
        FulfilmentOrder,
        number=number,
        order_number=document.number,
        node=node.id,
        ordered_on=work.world.now,
        dates={**dates, "requested_ship": ships_on},
        parties=fulfilment_parties(work, destination, node.party),
        freight=_freight(document.freight, bought),
        references=_tracking(bought),
        notes=document.notes,
        lines=tuple([_line(work, allocation) for allocation in allocations]),
        usage=work.usage,
    )


def _freight(freight: Freight | None, bought: Consignment | None) -> Freight | None:
    """The buyer's terms, with the carrier that we bought."""
    return (freight or Freight()).model_copy(update={"carrier": carrier_of(bought)}) if bought else freight


def _tracking(bought: Consignment | None) -> tuple[Reference, ...]:
    numbers = bought.tracking_numbers if bought else ()
    return tuple(Reference(kind="tracking_number", value=number) for number in numbers)


def fulfilment_parties(work: Workings, destination: int, ship_from: Party) -> tuple[Party, ...]:
    """Who ships, to whom, for whom: the destination's own ship-to, the node, the seller, and the order's others."""
    ship_to = work.order.destinations[destination].model_copy(update={"role": "ship_to"})
    others = [
        party
        for party in work.order.document.parties
        if party.role not in ("ship_to", "ship_from", "seller") and (party.name or party.address)
    ]
    return (ship_to, ship_from, work.policy.company.party, *others)


def _line(work: Workings, allocation: Allocation) -> FulfilmentLine:
    state, item = work.lines[allocation.line], work.item(allocation.sku)
    ordered = document_line(work, state)
    return made(
        FulfilmentLine,
        number=allocation.fulfilment_line or "",
        order_line=ordered.number,
        items=shown_items(work, state),
        description=item.description or ordered.description,
        quantity=made(Quantity, value=allocation.outstanding, unit=item.unit),
        pack=ordered.pack,
        notes=ordered.notes,
    )


def _reasons(work: Workings, allocations: list[Allocation]) -> Reasons:
    reasons: Reasons = {
        "number": "rule:derived-number", "purpose": "rule:release", "order_number": "order:number",
        "node": "rule:sourcing", "ordered_on": "rule:clock", "dates": "order:dates",
        "dates.requested_ship": "rule:promise", "freight": "order:freight",
        "freight.carrier": "rule:rate-shopping", "references": "rule:label", "notes": "order:notes",
        "parties": "rule:fulfilment-parties",
    }  # fmt: skip
    for index, allocation in enumerate(allocations):
        state, path = work.lines[allocation.line], f"lines.{index}"
        source = f"order:lines.{state.position}"
        reasons[path] = source
        reasons[f"{path}.number"] = "rule:release"
        reasons[f"{path}.order_line"] = f"{source}.number"
        reasons[f"{path}.quantity"] = "rule:sourcing"
        if work.item(allocation.sku).description is not None:
            reasons[f"{path}.description"] = f"rule:catalogue.{allocation.sku}"
        reasons |= item_reasons(work, state, f"{path}.items", source)
    return reasons
