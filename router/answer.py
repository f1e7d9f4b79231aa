"""The answer to an order or its change: what becomes of each line, and when it ships (X12 855, 865)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

from canonical import (
    AcknowledgedLine,
    LineOutcome,
    OrderAcknowledgment,
    OrderChange,
    OrderLine,
    Outcome,
    PurchaseOrder,
    made,
)
from canonical.order import Purpose
from router.line_view import (
    Reasons,
    asked_items,
    by_position,
    document_line,
    item_reasons,
    own_items,
    shown_quantity,
)
from router.order_line import ZERO, Allocation, LineState
from router.promise import day_of
from router.promised import NOTHING, changed_lines, expected_of, promise_of
from router.route import Promise
from router.substitution import offered
from router.workings import Workings

Allocated = Mapping[str, Sequence[Allocation]]
"""The order's allocations by line."""

Verdict = Literal["accepted", "accepted_with_changes", "rejected"]

Telling = Literal["first", "anew", "change"]
"""Whether a line is answered for the first time, since it stands otherwise by now, or since its buyer changed it: what
a buyer took back is not told as if we did not serve it."""


def acknowledge(work: Workings) -> None:
    """Answer an order, line by line, as the ledgers stand."""
    lines: list[AcknowledgedLine] = []
    reasons: Reasons = {}
    allocated = work.allocations_by_line
    for position, states in by_position(work.lines.values()).items():
        if work.explaining:
            reasons |= _reasons(work, states[0], f"lines.{len(lines)}", f"order:lines.{position}")
        lines.append(standing(work, states, allocated))
    work.dispatch(_answer(work, lines, _verdict(lines)), work.order.channel, {**_HEADER_REASONS, **reasons})


def acknowledge_anew(work: Workings) -> None:
    """Tell the channel again how its order stands, where that is not what it was told before."""
    if work.before.answer_due or work.order.answer_due or not changed_lines(work):
        return
    allocated = work.allocations_by_line
    lines = [standing(work, states, allocated, "anew") for states in by_position(work.lines.values()).values()]
    answer = _answer(work, lines, _verdict(lines), "change")
    reasons = {f"lines.{index}.outcomes": "rule:sourcing" for index in range(len(lines))}
    work.dispatch(answer, work.order.channel, {**_HEADER_REASONS, "lines": "order:lines", **reasons})


class ChangeAnswer(NamedTuple):
    """What became of one line of a change."""

    position: int | None
    """Index into the order's lines; None where the order has no such line."""
    asked: OrderLine
    refusal: LineOutcome | None


def acknowledge_change(
    work: Workings, change: OrderChange | PurchaseOrder, purpose: Purpose, answers: Sequence[ChangeAnswer]
) -> None:
    """Answer a change, line by line: how each line now stands, and what of it could not be done."""
    lines: list[AcknowledgedLine] = []
    reasons: Reasons = {}
    grouped, allocated = by_position(work.lines.values()), work.allocations_by_line
    for index, answer in enumerate((*answers, *_others(work, grouped, answers))):
        refusals = (answer.refusal,) if answer.refusal else ()
        if answer.position is None:
            reasons |= {f"lines.{index}": f"source:lines.{index}", f"lines.{index}.outcomes": "rule:change"}
            lines.append(_unknown_line(answer.asked, refusals))
            continue
        states = grouped[answer.position]
        reasons |= _reasons(work, states[0], f"lines.{index}", f"order:lines.{answer.position}")
        line = standing(work, states, allocated, "change")
        lines.append(line.model_copy(update={"outcomes": (*line.outcomes, *refusals)}))
    refused = sum(answer.refusal is not None for answer in answers)
    in_vain = tuple(work.lines.values()) == work.order.lines
    verdict: Verdict = "accepted" if not refused else "rejected" if in_vain else "accepted_with_changes"
    number = change.change_number if isinstance(change, OrderChange) else None
    reply = _answer(work, lines, verdict, purpose, number)
    work.dispatch(reply, work.order.channel, {**_HEADER_REASONS, "change_number": "source:change_number", **reasons})


def _others(
    work: Workings, grouped: Mapping[int, list[LineState]], answers: Sequence[ChangeAnswer]
) -> list[ChangeAnswer]:
    """The lines that a change did not name, and that stand otherwise because of it: their days moved, for one."""
    named, changed = {answer.position for answer in answers}, changed_lines(work)
    return [
        ChangeAnswer(position, document_line(work, states[0]), None)
        for position, states in grouped.items()
        if position not in named and any(state.number in changed for state in states)
    ]


def _unknown_line(asked: OrderLine, refusals: tuple[LineOutcome, ...]) -> AcknowledgedLine:
    return AcknowledgedLine(
        number=asked.number,
        items=asked.items,
        description=asked.description,
        quantity=asked.quantity,
        price=asked.price,
        outcomes=refusals,
        destinations=asked.destinations,
        extensions=asked.extensions,
    )


_HEADER_REASONS: Reasons = {
    "number": "order:number", "release": "order:release", "ordered_on": "order:ordered_on",
    "currency": "order:currency", "parties": "order:parties", "references": "order:references",
    "extensions": "order:extensions", "purpose": "rule:acknowledge", "decision": "rule:acknowledge",
    "acknowledged_on": "rule:clock",
}  # fmt: skip


def _answer(
    work: Workings,
    lines: list[AcknowledgedLine],
    verdict: Verdict,
    purpose: Purpose = "original",
    change: str | None = None,
) -> OrderAcknowledgment:
    document = work.order.document
    return made(
        OrderAcknowledgment,
        number=document.number,
        purpose=purpose,
        decision=verdict,
        release=document.release,
        change_number=change,
        acknowledged_on=work.world.now,
        ordered_on=document.ordered_on,
        currency=document.currency,
        parties=document.parties,
        references=document.references,
        lines=tuple(lines),
        usage=work.usage,
        extensions=document.extensions,
    )


def _reasons(work: Workings, state: LineState, path: str, source: str) -> Reasons:
    reasons = {path: source, **item_reasons(work, state, f"{path}.items", source)}
    if state.repriced:
        reasons[f"{path}.price"] = "rule:price-list"
    reasons[f"{path}.outcomes"] = "rule:line-validation" if state.fault else "rule:sourcing"
    return reasons


def standing(
    work: Workings, states: list[LineState], allocated: Allocated, telling: Telling = "first"
) -> AcknowledgedLine:
    """How a line stands, over all its destinations."""
    ordered = document_line(work, states[0])
    return made(
        AcknowledgedLine,
        number=ordered.number,
        items=asked_items(work, states[0]),
        description=ordered.description,
        quantity=ordered.quantity,
        price=ordered.price,
        outcomes=_merged([outcome for state in states for outcome in _outcomes(work, state, allocated, telling)]),
        destinations=ordered.destinations,
        extensions=ordered.extensions,
    )


_REFUSALS: Mapping[str, Outcome] = {
    "item-unknown": "rejected_unknown_item",
    "unit-unknown": "rejected_unknown_unit",
    "item-discontinued": "cancelled",
}
"""How a line is refused whose fault its buyer's system has a code for."""
_NOTHING_COMES = frozenset((*_REFUSALS.values(), "rejected", "rejected_unavailable", "cancelled"))


def _outcomes(work: Workings, state: LineState, allocated: Allocated, telling: Telling) -> list[LineOutcome]:
    if state.fault:
        refused = _REFUSALS.get(state.fault_code or "", "rejected")
        return [LineOutcome(outcome=refused, quantity=state.quantity, reason=state.fault)]
    parts = _parts(work, state, allocated.get(state.number, ()), telling)
    return [_outcome(work, state, *part) for part in parts]


def _parts(
    work: Workings, state: LineState, allocations: Sequence[Allocation], telling: Telling
) -> list[tuple[Outcome, Decimal, Promise]]:
    """How much of a line comes, and how."""
    ledger, shipping = state.ledger, _shipping(state, telling)
    parts: list[tuple[Outcome, Decimal, Promise]] = []
    if ledger.open:
        parts.append(("held", ledger.open, NOTHING))
    if ledger.shipped:
        parts.append((shipping, ledger.shipped, NOTHING))
    for promise, quantity in _promised(work, allocations):
        late = shipping == "accepted" and _after_asked(work, promise)
        parts.append(("accepted_date_changed" if late else shipping, quantity, promise))
    if ledger.backordered:
        parts.append(("backordered", ledger.backordered, expected_of(state)))
    if ledger.cancelled:
        whole = ledger.cancelled == ledger.ordered
        if whole or telling != "change":
            parts.append((_refused(work) if whole and telling == "first" else "cancelled", ledger.cancelled, NOTHING))
    return parts


def _outcome(work: Workings, state: LineState, outcome: Outcome, quantity: Decimal, promise: Promise) -> LineOutcome:
    """What becomes of a part of the line; where another item ships or could, which."""
    offer = offered(work, state) if outcome == "backordered" else None
    other = offer or (state.sku if outcome == "accepted_substitute" else None)
    return made(
        LineOutcome,
        outcome=outcome,
        quantity=shown_quantity(work, state, quantity),
        ship_on=promise.ship_on,
        deliver_on=promise.deliver_on,
        items=own_items(work, other) if other else {},
        reason=f"{offer} can ship in its place: order it instead" if offer else None,
    )


def _after_asked(work: Workings, promise: Promise) -> bool:
    """Whether goods leave or arrive after the day that the order asked for."""
    dates = work.order.document.dates
    if not dates:
        return False
    zone = work.policy.company.time_zone
    asked = (("requested_ship", promise.ship_on), ("ship_not_later", promise.ship_on),
             ("requested_delivery", promise.deliver_on), ("delivery_not_later", promise.deliver_on))  # fmt: skip
    return any(day and name in dates and day > day_of(dates[name], zone) for name, day in asked)


def _refused(work: Workings) -> Outcome:
    """How a line is refused that has no fault: where nothing is awaited, nobody has any of it."""
    return "rejected" if work.terms.backorders else "rejected_unavailable"


def _shipping(state: LineState, telling: Telling) -> Outcome:
    if state.instead_of:
        return "accepted_substitute"
    if state.ledger.backordered:
        return "partly_backordered"
    if telling == "change":
        return "accepted"
    if state.repriced:
        return "accepted_price_changed"
    return "accepted_quantity_changed" if state.ledger.cancelled else "accepted"


def _promised(work: Workings, allocations: Sequence[Allocation]) -> list[tuple[Promise, Decimal]]:
    """How much of a line ships and arrives when, by day."""
    days: dict[Promise, Decimal] = {}
    for allocation in allocations:
        if outstanding := allocation.outstanding:
            promise = promise_of(work, allocation)
            days[promise] = days.get(promise, ZERO) + outstanding
    return sorted(days.items()) if len(days) > 1 else list(days.items())


def _merged(outcomes: list[LineOutcome]) -> tuple[LineOutcome, ...]:
    """Equal outcomes of one line's destinations become one."""
    if len(outcomes) == 1:
        return tuple(outcomes)
    merged: dict[tuple[str, str, str, str], LineOutcome] = {}
    for outcome in outcomes:
        key = (outcome.outcome, str(outcome.ship_on), outcome.quantity.unit, outcome.reason or "")
        if key in merged:
            total = outcome.quantity.value + merged[key].quantity.value
            quantity = outcome.quantity.model_copy(update={"value": total})
            merged[key] = outcome.model_copy(update={"quantity": quantity})
        else:
            merged[key] = outcome
    return tuple(merged.values())


def _verdict(lines: list[AcknowledgedLine]) -> Verdict:
    outcomes = {outcome.outcome for line in lines for outcome in line.outcomes}
    if outcomes <= {"accepted"}:
        return "accepted"
    return "rejected" if outcomes <= _NOTHING_COMES else "accepted_with_changes"
