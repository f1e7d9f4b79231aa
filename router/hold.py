"""Holds: named gates that stop an order's steps until somebody or something lifts them."""

from datetime import datetime

from router.order import Gate, Hold
from router.workings import Workings


def place_hold(work: Workings, hold: Hold) -> None:
    """Place a hold, unless one of its kind is there."""
    if not any(placed.kind == hold.kind for placed in work.order.holds):
        work.amend(holds=(*work.order.holds, hold))
        by = {"by": hold.placed_by} if hold.placed_by else {}
        work.tell("hold_placed", hold=hold.kind, reason=hold.reason, owner=hold.owner, **by)
        _watch(work, hold)


def lift_holds(work: Workings, kinds: frozenset[str], because: str) -> None:
    """Lift the holds of these kinds."""
    for hold in work.order.holds:
        if hold.kind in kinds:
            work.tell("hold_lifted", hold=hold.kind, because=because)
            _watch(work, hold.model_copy(update={"deadline": None}), was=hold)
    work.amend(holds=tuple(hold for hold in work.order.holds if hold.kind not in kinds))


def lift_by_person(work: Workings, kinds: frozenset[str], by: str | None, because: str) -> None:
    """Lift the holds of these kinds that this person may lift."""
    kept = {hold.kind: why for hold in work.order.holds if hold.kind in kinds and (why := hold.why_kept(by))}
    for kind, why in kept.items():
        work.tell("hold_kept", hold=kind, by=by, because=why)
    lift_holds(work, kinds - kept.keys(), because)


def rest(work: Workings, hold: Hold, until: datetime | None) -> None:
    """The hold stays, with another deadline or none."""
    resting = hold.model_copy(update={"deadline": until})
    work.amend(holds=tuple(resting if one.kind == hold.kind else one for one in work.order.holds))
    _watch(work, resting, was=hold)


def stopped(work: Workings, *gates: Gate) -> bool:
    """Whether a hold stops one of these steps."""
    return any(hold.gate in gates for hold in work.order.holds)


def _watch(work: Workings, hold: Hold, was: Hold | None = None) -> None:
    """Have the order look at itself at the hold's deadline."""
    if hold.deadline or (was and was.deadline):
        work.wake(f"hold/{hold.kind}", hold.deadline, f"the {hold.owner} has had its time for the {hold.kind} hold")
