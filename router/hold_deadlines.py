"""What follows when the owner of a hold has said nothing by its deadline."""

from router.change import withdraw
from router.hold import lift_holds, rest
from router.hold_rules import trouble_of
from router.order import Hold
from router.workings import Workings


def face_hold_deadlines(work: Workings) -> None:
    """Take each hold's way for silence once its deadline has passed."""
    for hold in work.order.holds:
        if hold.deadline and hold.deadline <= work.world.now:
            work.tell("hold_overdue", hold=hold.kind, owner=hold.owner, then=hold.on_silence)
            _face(work, hold)


def _face(work: Workings, hold: Hold) -> None:
    silence = f"the {hold.owner} said nothing by {hold.deadline:%Y-%m-%d %H:%M} UTC"
    match hold.on_silence:
        case "release":
            lift_holds(work, frozenset({hold.kind}), silence)
        case "cancel":
            lift_holds(work, frozenset({hold.kind}), silence)
            withdraw(work, silence)
        case "escalate":
            rest(work, hold, None)
            work.troubles.append(trouble_of(work, "hold-overdue", f"{hold.kind}: {silence}", hold))
        case "wait":
            rest(work, hold, work.world.now + hold.within if hold.within else None)
