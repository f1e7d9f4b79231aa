"""What a node says it shipped (X12 945) moves goods and money: ledger and stock, the notice, the invoice, the books."""

from canonical import AdviceLine, Moment, ShipmentAdvice
from router.advice import Departure, Said, Shipped, said_of
from router.billing import bill
from router.books import post_shipment
from router.notice import notify
from router.number import derived_number
from router.shipment_tracking import with_carriage
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
    allocation = work.allocations[said.index]
    status = said.line.status if isinstance(said.line, AdviceLine) else None
    short = allocation.outstanding
    if not short or status in work.policy.routing.more_to_come:
        return False
    work.move(allocation.line, "fall_short", short, node=allocation.node)
    work.reserve(allocation, -short)
    work.allocations[said.index] = allocation.model_copy(update={"short": allocation.short + short})
    return True
