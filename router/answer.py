"""The answer to an order: what becomes of each line, and when it ships (X12 855)."""

from datetime import date
from decimal import Decimal
from typing import Literal

from canonical import AcknowledgedLine, LineOutcome, OrderAcknowledgment, Outcome
from canonical.order import Purpose
from router.line_view import Reasons, by_position, document_line, item_reasons, shown_items, shown_quantity
from router.order import ZERO, LineState
from router.promise import day_of, ship_date
from router.workings import Workings

Verdict = Literal["accepted", "accepted_with_changes", "rejected"]


def acknowledge(work: Workings, purpose: Purpose = "original") -> None:
    """Answer the order's channel, line by line, as the ledgers stand."""
    order, document = work.order, work.order.document
    lines: list[AcknowledgedLine] = []
    reasons: Reasons = {
        "number": "order:number", "release": "order:release", "ordered_on": "order:ordered_on",
        "currency": "order:currency", "parties": "order:parties", "references": "order:references",
        "purpose": "rule:acknowledge", "decision": "rule:acknowledge", "acknowledged_on": "rule:clock",
    }  # fmt: skip
    for position, states in by_position(work.lines.values()).items():
        reasons |= _reasons(work, states[0], f"lines.{len(lines)}", f"order:lines.{position}")
        lines.append(_line(work, states))
    answer = OrderAcknowledgment(
        number=document.number,
        purpose=purpose,
        decision=_verdict(lines),
        release=document.release,
        acknowledged_on=work.world.now,
        ordered_on=document.ordered_on,
        currency=document.currency,
        parties=document.parties,
        references=document.references,
        lines=tuple(lines),
        usage=work.usage,
        extensions=document.extensions,
    )
    work.dispatch(answer, order.channel, {**reasons, "extensions": "order:extensions"})


def _reasons(work: Workings, state: LineState, path: str, source: str) -> Reasons:
    return {
        path: source,
        **item_reasons(work, state, f"{path}.items", source),
        f"{path}.outcomes": "rule:line-validation" if state.fault else "rule:sourcing",
    }


def _line(work: Workings, states: list[LineState]) -> AcknowledgedLine:
    ordered = document_line(work, states[0])
    return AcknowledgedLine(
        number=ordered.number,
        items=shown_items(work, states[0]),
        description=ordered.description,
        quantity=ordered.quantity,
        price=ordered.price,
        outcomes=_merged([outcome for state in states for outcome in _outcomes(work, state)]),
        extensions=ordered.extensions,
    )


def _outcomes(work: Workings, state: LineState) -> list[LineOutcome]:
    if state.fault:
        refused: Outcome = "rejected_unknown_item" if state.fault_code == "item-unknown" else "rejected"
        return [LineOutcome(outcome=refused, quantity=state.quantity, reason=state.fault)]
    ledger = state.ledger
    if ledger.open:
        return [LineOutcome(outcome="held", quantity=shown_quantity(work, state, ledger.open))]
    outcomes = [
        LineOutcome(outcome=_shipping(state), quantity=shown_quantity(work, state, quantity), ship_on=day)
        for day, quantity in _ship_days(work, state).items()
    ]
    if ledger.backordered:
        outcomes.append(LineOutcome(outcome="backordered", quantity=shown_quantity(work, state, ledger.backordered)))
    if ledger.cancelled:
        gone: Outcome = "rejected" if ledger.cancelled == ledger.ordered else "cancelled"
        quantity = shown_quantity(work, state, ledger.cancelled)
        outcomes.append(LineOutcome(outcome=gone, quantity=quantity, reason="not available"))
    return outcomes


def _shipping(state: LineState) -> Outcome:
    if state.ledger.backordered:
        return "partly_backordered"
    return "accepted_quantity_changed" if state.ledger.cancelled else "accepted"


def _ship_days(work: Workings, state: LineState) -> dict[date, Decimal]:
    days: dict[date, Decimal] = {}
    for allocation in work.allocations:
        if allocation.line == state.number and allocation.outstanding:
            day = expected_ship_date(work, allocation.node)
            days[day] = days.get(day, ZERO) + allocation.outstanding
    return dict(sorted(days.items()))


def expected_ship_date(work: Workings, node: str) -> date:
    """When a node ships what it is asked for now."""
    place = work.policy.network.by_id[node]
    earliest = work.order.document.dates.get("ship_not_before")
    return ship_date(place, work.world.now, day_of(earliest, place.time_zone) if earliest else None)


def _merged(outcomes: list[LineOutcome]) -> tuple[LineOutcome, ...]:
    """Equal outcomes of one line's destinations become one."""
    merged: dict[tuple[str, str, str, str], LineOutcome] = {}
    for outcome in outcomes:
        key = (outcome.outcome, str(outcome.ship_on), outcome.quantity.unit, outcome.reason or "")
        seen = merged.get(key)
        total = outcome.quantity.value + (seen.quantity.value if seen else ZERO)
        merged[key] = outcome.model_copy(update={"quantity": outcome.quantity.model_copy(update={"value": total})})
    return tuple(merged.values())


def _verdict(lines: list[AcknowledgedLine]) -> Verdict:
    outcomes = {outcome.outcome for line in lines for outcome in line.outcomes}
    if outcomes <= {"accepted"}:
        return "accepted"
    return "rejected" if outcomes <= {"rejected", "rejected_unknown_item", "cancelled"} else "accepted_with_changes"
