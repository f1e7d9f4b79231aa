"""What a node says it shipped (X12 945), or will not, moves goods and money: ledger, stock, notice, invoice, books."""

from canonical import AdviceLine, Moment, ShipmentAdvice
from router.advice import Departure, Said, Shipped, said_of
from router.billing import bill
from router.books import post_shipment
from router.notice import notify
from router.number import derived_number
from router.shipment_tracking import set_out, with_carriage
from router.workings import Workings


def ship(work: Workings, advice: ShipmentAdvice) -> bool:
    """Take in a shipment. True when something fell short and is open again."""
    advice = with_carriage(work, advice)
    asked = [i for i, a in enumerate(work.allocations) if a.fulfilment_order == advice.fulfilment_order]
    number = derived_number(work.order, work.policy, "S", len(work.order.shipments) + 1)
    work.amend(shipments=(*work.order.shipments, advice.identity))
    work.tell("shipment_recorded", shipment=number, advice=advice.number, fulfilment_order=advice.fulfilment_order)
    said = said_of(work, asked, advice)
    shipped = [gone for one in said if (gone := _leave(work, one, number, advice.shipped_on)).quantity]
    fell_short = [one for one in said if _fall_short(work, one)]
    if shipped:
        left = Departure(number, advice, shipped)
        set_out(work, advice, number)
        notify(work, left)
        post_shipment(work, left)
        bill(work, left)
    return bool(fell_short)


def _leave(work: Workings, said: Said, shipment: str, shipped_on: Moment) -> Shipped:
    allocation = work.allocations[said.index]
    asked = min(said.quantity, allocation.outstanding)
    over = said.quantity - asked
    if over and not allocation.quantity:
        reason = f"{allocation.node} shipped what {allocation.fulfilment_order} had been asked to give back"
        work.worry("shipped-after-recall", reason, line=allocation.line, quantity=str(over))
    work.move(allocation.line, "ship", asked, node=allocation.node, shipment=shipment)
    work.move(allocation.line, "over_ship", over, node=allocation.node, shipment=shipment)
    work.goods_left(allocation, shipped=said.quantity, promised=asked)
    work.allocations[said.index] = allocation.model_copy(update={"shipped": allocation.shipped + said.quantity})
    state = work.lines[allocation.line]
    work.lines[allocation.line] = state.model_copy(update={"shipped_on": shipped_on} if said.quantity else {})
    return Shipped(said.index, allocation, said.quantity, over, said.path)


def _fall_short(work: Workings, said: Said) -> bool:
    """What the node did not ship is open again, unless its status says that the rest will follow."""
    status = said.line.status if isinstance(said.line, AdviceLine) else None
    if not work.allocations[said.index].outstanding or status in work.policy.routing.more_to_come:
        return False
    _give_back(work, said.index)
    return True


def _give_back(work: Workings, index: int) -> None:
    """What a node still owes of an allocation it will not ship: it is open again, and not asked of that node twice."""
    allocation = work.allocations[index]
    short = allocation.outstanding
    work.move(allocation.line, "fall_short", short, node=allocation.node)
    work.reserve(allocation, -short)
    work.allocations[index] = allocation.model_copy(update={"short": allocation.short + short})


def refuse(work: Workings, fulfilment_order: str, reason: str) -> bool:
    """A node's system did not take a fulfilment order, so that none of it will ship. True when something is open
    again; what was shipped or called back meanwhile stays as it is."""
    asked = [
        index
        for index, allocation in enumerate(work.allocations)
        if allocation.fulfilment_order == fulfilment_order and allocation.outstanding
    ]
    work.tell("fulfilment_refused", fulfilment_order=fulfilment_order, reason=reason)
    for index in asked:
        _give_back(work, index)
    return bool(asked)
