"""Advance an order as far as it goes now: allocate what is open, release what is allocated, unless a hold forbids."""

from router.acceptance import has_address
from router.adjustment import goods_as_ordered
from router.order import Hold
from router.release import release
from router.sourcing import Sourced, source
from router.workings import Workings


def advance(work: Workings) -> list[Sourced]:
    """What each destination was given, for the explanation."""
    _check_addresses(work)
    if any(hold.gate == "allocate" for hold in work.order.holds):
        return []
    outcomes = source(work)
    if not work.order.holds:
        release(work)
    return outcomes


def place_hold(work: Workings, hold: Hold) -> None:
    """Place a hold, unless one of its kind is there."""
    if not any(placed.kind == hold.kind for placed in work.order.holds):
        work.amend(holds=(*work.order.holds, hold))
        work.tell("hold_placed", hold=hold.kind, reason=hold.reason, owner=hold.owner)


def hold_by_rule(work: Workings) -> None:
    """Place the holds that the rules ask for. A test order is never held for them: it would tell nobody anything."""
    total = goods_as_ordered(work)
    for index, rule in enumerate(work.policy.routing.holds):
        if work.usage == "production" and rule.takes(work.order.channel, total):
            reason = f"{rule.reason} ({work.policy.rule(f'routing.holds.{index}')})"
            placed = Hold(kind=rule.kind, gate=rule.gate, reason=reason, placed_at=work.world.now, owner=rule.owner)
            place_hold(work, placed)
            work.worry("order-held", reason, hold=rule.kind)


def lift_holds(work: Workings, kinds: frozenset[str], because: str) -> None:
    """Lift the holds of these kinds."""
    for hold in work.order.holds:
        if hold.kind in kinds:
            work.tell("hold_lifted", hold=hold.kind, because=because)
    work.amend(holds=tuple(hold for hold in work.order.holds if hold.kind not in kinds))


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
