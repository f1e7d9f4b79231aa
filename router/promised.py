"""What goods are promised for: a day to leave and one to arrive, made again until a node is asked for them."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from router.order import Order
from router.order_line import ZERO, Allocation, LineState
from router.promise import day_of, ship_date
from router.route import Promise
from router.workings import Workings

PROMISE = "promise"
"""The name of the order's wish to be looked at when what was to leave is overdue."""
NOTHING = Promise(None, None)
_NEVER = datetime.max.replace(tzinfo=UTC)


def promised(work: Workings, node: str, destination: int) -> Promise:
    """When goods that a node is asked for now leave it and arrive."""
    return work.route(node, destination).promise


def promise_of(work: Workings, allocation: Allocation) -> Promise:
    """What an allocation is promised for; what was allocated before days were kept, as if its node were asked now."""
    if allocation.ship_on is None:
        return promised(work, allocation.node, allocation.destination)
    return Promise(allocation.ship_on, allocation.deliver_on)


def expected_of(state: LineState) -> Promise:
    """When what a line waits for is expected to leave and arrive."""
    return Promise(state.expected.ship_on, state.expected.deliver_on) if state.expected else NOTHING


def renew_promises(work: Workings) -> None:
    """Promise anew what no node was asked for yet, since time has passed or facts are others now; and what is overdue.

    What a node can't ship any more as it is wanted, or on the day that was taken of its limited capacity, is open
    again, to be sourced anew.
    """
    for index, one in enumerate(work.allocations):
        if not one.outstanding:
            continue
        if one.fulfilment_order:
            if _overdue_at(work, one) <= work.world.now:
                _renew(work, index, one)
        elif work.route(one.node, one.destination).excluded or _day_over(work, one):
            _free(work, index, one)
        elif one.day is None:
            _renew(work, index, one)


def free_unasked(work: Workings) -> None:
    """Give back all that no node was asked for yet: its lines are open again."""
    for index, one in enumerate(work.allocations):
        if one.fulfilment_order is None and one.outstanding:
            _free(work, index, one)


def watch_promises(work: Workings) -> None:
    """Have the order look at itself when what nodes were asked for is overdue."""
    if work.policy.routing.overdue is not None:
        due = [_overdue_at(work, one) for one in work.allocations if one.fulfilment_order and one.outstanding]
        work.wake(PROMISE, min(due, default=None), "what was to leave is overdue")


def changed_lines(work: Workings) -> set[str]:
    """The lines of which more, less or another day is promised than before the decision."""
    before, now = _promises(work, work.before), _promises(work, work.decided)
    return {number for number, standing in now.items() if before.get(number) != standing}


def _promises(work: Workings, order: Order) -> dict[str, object]:
    """Of each line how much comes by which day, how much waits, and how much will not come."""
    days: dict[str, dict[Promise, Decimal]] = {}
    for one in order.allocations:
        if coming := one.quantity - one.short:
            of_line, day = days.setdefault(one.line, {}), promise_of(work, one)
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
    work.move(one.line, "unallocate", one.outstanding, node=one.node, because="it must be sourced anew")
    work.reserve(one, -one.outstanding)
    work.allocations[index] = one.model_copy(update={"quantity": one.shipped + one.short})
    work.reroute()


def _day_over(work: Workings, one: Allocation) -> bool:
    """Whether goods can't leave any more on the day that was taken of a node's capacity."""
    if one.day is None:
        return False
    node, first = work.policy.network.by_id[one.node], work.order.document.dates.get("ship_not_before")
    not_before = day_of(first, node.time_zone) if first else None
    return one.day < ship_date(node, work.world.now, work.policy.routing.carriers, not_before)


def _overdue_at(work: Workings, one: Allocation) -> datetime:
    """So long after the end of its day on the node's clock; never, where the rules don't say."""
    patience, node = work.policy.routing.overdue, work.policy.network.by_id[one.node]
    if patience is None or one.ship_on is None:
        return _NEVER
    ends = datetime.combine(one.ship_on + timedelta(days=1), time(), ZoneInfo(node.time_zone))
    return ends.astimezone(UTC) + patience
