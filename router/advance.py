"""Advance an order as far as it goes now: ask what it must know, allocate what is open, answer its buyer, release what
is allocated, each unless a hold forbids; and tell the ERPs that keep it."""

from router.acceptance import has_address
from router.answer import acknowledge
from router.expectation import expect
from router.hold import lift_holds, place_hold, stopped
from router.lapse import watch_reservations
from router.order import Hold
from router.payment import unsettled
from router.payment_result import NAME
from router.promised import renew_promises, watch_promises
from router.questions import ask_what_is_missing, drop_what_is_not_needed
from router.release import release
from router.sale import tell_sale
from router.sourcing import Sourced, source
from router.workings import Workings


def advance(work: Workings) -> list[Sourced]:
    """What each destination was given, for the explanation."""
    _check_addresses(work)
    ask_what_is_missing(work, "accept", "allocate")
    outcomes = [] if stopped(work, "allocate") else _source(work)
    expect(work)
    ask_what_is_missing(work, "release")
    _wait_for_nothing_in_vain(work)
    if not stopped(work, "accept", "allocate", "release"):
        release(work)
    if work.order.answer_due and not stopped(work, "accept"):
        work.amend(answer_due=False)
        acknowledge(work)
    tell_sale(work)
    watch_reservations(work)
    watch_promises(work)
    return outcomes


def _source(work: Workings) -> list[Sourced]:
    renew_promises(work)
    return source(work)


def _wait_for_nothing_in_vain(work: Workings) -> None:
    """Drop the questions that the order has no use for, and the holds where nothing of it is still to come; a payment
    that was declined keeps its own as long as money is owed either way, and an invoice that waits its own."""
    drop_what_is_not_needed(work)
    if work.order.holds and not any(state.ledger.to_come for state in work.lines.values()):
        kept = {NAME} if unsettled(work) else set()
        kinds = frozenset(hold.kind for hold in work.order.holds if hold.gate != "invoice") - kept
        lift_holds(work, kinds, "nothing of the order is still to come")


def _check_addresses(work: Workings) -> None:
    """Hold an order that would go nowhere; let one go on whose address is there now."""
    going = {line.destination for line in work.lines.values() if line.ledger.open}
    homeless = [i for i in sorted(going) if not _known(work, i)]
    if not homeless:
        lift_holds(work, frozenset({"address"}), "every destination has an address")
        return
    reason = f"no address to ship to for {_name(work, homeless[0])}"
    if not any(hold.kind == "address" for hold in work.order.holds):
        work.worry("address-missing", reason)
    # The hold's reason enters the chain of events, from which nothing is ever erased: it names nobody.
    place_hold(work, Hold(kind="address", reason="no address to ship to", placed_at=work.world.now))


def _known(work: Workings, destination: int) -> bool:
    places = work.order.destinations
    return destination < len(places) and has_address(places[destination])


def _name(work: Workings, destination: int) -> str:
    if destination >= len(work.order.destinations):
        return "an order that names no party"
    party = work.order.destinations[destination]
    return party.name or ", ".join(party.identifiers.values()) or "a party without a name"
