"""What goods are promised for: a day to leave and one to arrive, made again until a node is asked for them."""

from datetime import date
from decimal import Decimal

from router.network import Node
from router.order import ZERO, Allocation, Order
from router.promise import day_of, ship_date
from router.route import Promise
from router.workings import Workings


def promised(work: Workings, node: str, destination: int) -> Promise:
    """When goods that a node is asked for now leave it and arrive."""
    return work.route(node, destination).promise


def promise_of(work: Workings, allocation: Allocation) -> Promise:
    """What an allocation is promised for; what was allocated before days were kept, as if its node were asked now."""
    if allocation.ship_on is None:
        return promised(work, allocation.node, allocation.destination)
    return Promise(allocation.ship_on, allocation.deliver_on)


def renew_promises(work: Workings) -> None:
    """Promise anew what no node was asked for yet, since time has passed or facts are others now.

    Of a node of limited capacity a day was taken: it stands until it can't be kept any more. Then the goods are open
    again, to be sourced anew.
    """
    for index, one in enumerate(work.allocations):
        if one.fulfilment_order is not None or not one.outstanding:
            continue
        if one.day is None:
            _renew(work, index, one)
        elif one.day < _earliest(work, work.policy.network.by_id[one.node]):
            _free(work, index, one)


def changed_lines(work: Workings) -> set[str]:
    """The lines of which more, less or another day is promised than before the decision."""
    before, now = _promises(work.before), _promises(work.decided)
    return {number for number, standing in now.items() if before.get(number) != standing}


def _promises(order: Order) -> dict[str, object]:
    """Of each line how much comes by which day, how much waits, and how much will not come."""
    days: dict[str, dict[tuple[date | None, date | None], Decimal]] = {}
    for one in order.allocations:
        if coming := one.quantity - one.short:
            of_line, day = days.setdefault(one.line, {}), (one.ship_on, one.deliver_on)
            of_line[day] = of_line.get(day, ZERO) + coming
    return {
        line.number: (days.get(line.number), line.expected, ledger.open, ledger.backordered, ledger.cancelled)
        for line in order.lines
        for ledger in (line.ledger,)
    }


def _renew(work: Workings, index: int, one: Allocation) -> None:
    ship_on, deliver_on = promise = promised(work, one.node, one.destination)
    if promise != (one.ship_on, one.deliver_on):
        work.allocations[index] = one.model_copy(update={"ship_on": ship_on, "deliver_on": deliver_on})
        work.tell("promise_renewed", line=one.line, node=one.node, ship_on=str(ship_on), deliver_on=str(deliver_on))


def _free(work: Workings, index: int, one: Allocation) -> None:
    work.move(one.line, "unallocate", one.outstanding, node=one.node, because="its day is over")
    work.reserve(one, -one.outstanding)
    work.allocations[index] = one.model_copy(update={"quantity": one.shipped + one.short})


def _earliest(work: Workings, node: Node) -> date:
    carriers, dates = work.policy.routing.carriers, work.order.document.dates
    first = dates.get("ship_not_before")
    return ship_date(node, work.world.now, carriers, day_of(first, node.time_zone) if first else None)
