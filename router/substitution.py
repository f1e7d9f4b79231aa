"""Substitutes: another item ships, or is offered, in the place of one that runs out (X12 ACK01 IS)."""

from collections.abc import Iterable
from decimal import Decimal

from router.order_line import ZERO, LineState
from router.policy import Policy
from router.sourcing import terms_rule
from router.workings import Workings


def substitutes_of(policy: Policy, skus: Iterable[str]) -> set[str]:
    """All that may stand in for some items."""
    return {other for sku in skus for other in policy.routing.substitutes.get(sku, ())}


def substitute(work: Workings) -> None:
    """Where the channel takes substitutes, a line that its own item can't fill whole goes to one that can."""
    if work.terms.substitutes != "ship":
        return
    for state in list(work.lines.values()):
        if state.ledger.open and (other := substitute_for(work, state)):
            rule = terms_rule(work, "substitutes")
            taken = state.model_copy(update={"sku": other, "instead_of": state.sku})
            work.lines[state.number] = taken
            work.tell("line_substituted", line=state.number, sku=other, instead_of=state.sku, rule=rule)


def offered(work: Workings, state: LineState) -> str | None:
    """The substitute that a channel is offered for what is backordered; the buyer decides."""
    offers = work.terms.substitutes == "offer"
    return substitute_for(work, state) if offers and state.ledger.backordered else None


def substitute_for(work: Workings, state: LineState) -> str | None:
    """The first substitute of a line's item that fills all it lacks, counted and packed alike; None without need."""
    if state.sku is None or state.instead_of:
        return None
    lacking = state.ledger.open or state.ledger.backordered
    if state.ledger.open and _to_promise(work, state.sku, state) >= lacking:
        return None
    own = work.item(state.sku)
    for sku in work.policy.routing.substitutes.get(state.sku, ()):
        other = work.item(sku)
        alike = other.unit == own.unit and other.packs.get(state.quantity.unit) == own.packs.get(state.quantity.unit)
        if alike and _to_promise(work, sku, state) >= lacking:
            return sku
    return None


def _to_promise(work: Workings, sku: str, state: LineState) -> Decimal:
    """What nodes that serve the line's destination have of an item."""
    if state.destination >= len(work.order.destinations):
        return ZERO
    return sum((work.available(sku, node) for node in work.routes(state.destination).open), ZERO)
