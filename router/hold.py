"""Holds: named gates that stop an order's steps until somebody or something lifts them."""

from router.order import Gate, Hold
from router.workings import Workings


def place_hold(work: Workings, hold: Hold) -> None:
    """Place a hold, unless one of its kind is there."""
    if not any(placed.kind == hold.kind for placed in work.order.holds):
        work.amend(holds=(*work.order.holds, hold))
        work.tell("hold_placed", hold=hold.kind, reason=hold.reason, owner=hold.owner)


def lift_holds(work: Workings, kinds: frozenset[str], because: str) -> None:
    """Lift the holds of these kinds."""
    for hold in work.order.holds:
        if hold.kind in kinds:
            work.tell("hold_lifted", hold=hold.kind, because=because)
    work.amend(holds=tuple(hold for hold in work.order.holds if hold.kind not in kinds))


def stopped(work: Workings, *gates: Gate) -> bool:
    """Whether a hold stops one of these steps."""
    return any(hold.gate in gates for hold in work.order.holds)
