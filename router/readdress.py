"""Another address for an order's goods: for what has not left, as far as nodes give back what they were asked for."""

from collections.abc import Sequence

from canonical import LineOutcome, Party
from router.acceptance import has_address
from router.answer import ChangeAnswer
from router.line_view import document_line, shown_quantity
from router.order_line import ZERO, Allocation
from router.release import recall
from router.workings import Workings


def readdress(work: Workings, parties: Sequence[Party]) -> list[ChangeAnswer]:
    """Send the order's goods to another ship-to; for each line that can't go there any more, why.

    Lines with destinations of their own keep them.
    """
    ship_to = next((party for party in parties if party.role == "ship_to"), None)
    if ship_to is None or not work.order.destinations or ship_to == work.order.destinations[0]:
        return []
    if not has_address(ship_to):
        return _refused(work, "the new address has neither region nor postal code", work.allocations)
    gone = _beyond_recall(work)
    if gone:
        return _refused(work, "a node is shipping it to the address as it was", gone)
    for number in _fulfilment_orders(work):
        recall(work, number)
    _unallocate(work)
    others = tuple(party for party in work.order.document.parties if party.role != "ship_to")
    document = work.order.document.changed(parties=(ship_to, *others))
    work.amend(document=document, destinations=(ship_to, *work.order.destinations[1:]))
    work.tell("order_readdressed", region=ship_to.address.region if ship_to.address else None)
    return []


def _bound(work: Workings) -> list[Allocation]:
    """What goes to the order's own ship-to and was asked for or has left."""
    return [one for one in work.allocations if one.destination == 0 and one.fulfilment_order]


def _beyond_recall(work: Workings) -> list[Allocation]:
    nodes = work.policy.network.by_id
    return [one for one in _bound(work) if one.outstanding and not nodes[one.node].takes_back]


def _fulfilment_orders(work: Workings) -> list[str]:
    return list(dict.fromkeys(one.fulfilment_order or "" for one in _bound(work) if one.outstanding))


def _unallocate(work: Workings) -> None:
    """What no node was asked for yet is sourced anew for the new address."""
    for index, one in enumerate(work.allocations):
        if one.destination == 0 and one.fulfilment_order is None and one.outstanding:
            work.move(one.line, "unallocate", one.outstanding, node=one.node)
            work.reserve(one, -one.outstanding)
            work.allocations[index] = one.model_copy(update={"quantity": one.shipped + one.short})


def _refused(work: Workings, reason: str, allocations: Sequence[Allocation]) -> list[ChangeAnswer]:
    answers = []
    for name in dict.fromkeys(one.line for one in allocations):
        state = work.lines[name]
        units = sum((one.outstanding for one in allocations if one.line == name), ZERO)
        outcome = LineOutcome(outcome="rejected", quantity=shown_quantity(work, state, units), reason=reason)
        answers.append(ChangeAnswer(state.position, document_line(work, state), outcome))
    return answers
