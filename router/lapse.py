"""Reservations that lapse: what a held order keeps from others, it keeps for so long only."""

from datetime import datetime

from router.workings import Workings

RESERVATION = "reservation"
"""The name of the order's wish to be looked at when its reservations lapse."""


def watch_reservations(work: Workings) -> None:
    """Have the order look at itself when what it reserved while it is held has been kept long enough."""
    ends = _ends(work)
    if ends and ends > work.world.now:
        work.wake(RESERVATION, ends, "its reservations have been kept long enough")


def let_reservations_lapse(work: Workings) -> None:
    """Give back what a held order has reserved for too long; its holds now stop it before stock is touched."""
    ends = _ends(work)
    if ends is None or ends > work.world.now:
        return
    kept = []
    for allocation in work.allocations:
        if allocation.fulfilment_order is None and allocation.outstanding:
            work.move(allocation.line, "unallocate", allocation.outstanding, node=allocation.node, because="lapsed")
            work.reserve(allocation, -allocation.outstanding)
        else:
            kept.append(allocation)
    work.allocations[:] = kept
    holds = [
        hold.model_copy(update={"gate": "allocate"} if hold.gate == "release" else {}) for hold in work.order.holds
    ]
    work.amend(holds=tuple(holds))
    work.tell("reservations_lapsed", rule=work.policy.rule("routing.reservations_lapse"))


def _ends(work: Workings) -> datetime | None:
    """When the reservations of a held order lapse; None where it has none, or is not held, or may keep them."""
    patience = work.policy.routing.reservations_lapse
    waits = [hold.placed_at for hold in work.order.holds if hold.gate == "release"]
    if patience is None or not waits:
        return None
    reserved = any(one.outstanding for one in work.allocations if one.fulfilment_order is None)
    return min(waits) + patience if reserved else None
