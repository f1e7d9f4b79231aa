"""Who is told of a return (X12 180): the channel what may come back or why not, its node what will come."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from canonical import Note, Party, Quantity, Reference, ReturnAuthorization, ReturnLine
from router.catalogue import units_in
from router.line_view import Reasons, document_line, item_reasons, shown_items
from router.order import Return, ReturnedLine
from router.order_line import ZERO
from router.returnable import Judged, asked_units
from router.workings import Workings

_REFERENCE = "returned_goods_authorization"


def answer_return(
    work: Workings,
    request: ReturnAuthorization,
    opened: Return,
    judged: Sequence[Judged],
    purpose: Literal["authorization", "denial"],
) -> None:
    """Tell the channel what may come back, or what may not and why."""
    granting = purpose == "authorization"
    told = [one for one in judged if (one.units if granting else one.refusal)]
    lines = tuple(_told_line(work, one, granting) for one in told)
    notes = tuple(Note(text=f"line {one.asked.number}: {one.refusal.reason}") for one in told if one.refusal)
    document = work.order.document
    answer = request.model_copy(
        update={
            "purpose": purpose, "requested_on": work.world.now, "lines": lines, "extensions": document.extensions,
            "order_number": document.number, "release": document.release, "parties": document.parties,
            "notes": () if granting else notes,
            "references": (*request.references, Reference(kind=_REFERENCE, value=opened.number)),
        }
    )  # fmt: skip
    reasons = {f"lines.{at}": f"rule:{_rule(one, granting)}" for at, one in enumerate(told)}
    work.dispatch(answer, work.order.channel, {**_answer_reasons(request), **reasons})


def _rule(one: Judged, granting: bool) -> str:
    return "return-terms" if granting or one.refusal is None else one.refusal.code


def _told_line(work: Workings, one: Judged, granting: bool) -> ReturnLine:
    if not one.states:
        return one.asked
    units = one.units if granting else max(asked_units(work, one.states, one.asked.quantity) - one.units, ZERO)
    factor = units_in(work.item(one.states[0].sku or ""), one.asked.quantity.unit) or Decimal(1)
    whole = units % factor == 0
    quantity = Quantity(
        value=(units / factor).normalize() + 0 if whole else units,
        unit=one.asked.quantity.unit if whole else work.item(one.states[0].sku or "").unit,
    )
    return one.asked.model_copy(update={"quantity": quantity if units else one.asked.quantity})


def _answer_reasons(request: ReturnAuthorization) -> Reasons:
    return {
        "number": "source:number", "purpose": "rule:return-terms", "order_number": "order:number",
        "release": "order:release", "requested_on": "rule:clock", "reason": "source:reason", "dates": "source:dates",
        "parties": "order:parties", "notes": "rule:return-terms", "references": "source:references",
        f"references.{len(request.references)}": "rule:derived-number", "lines": "rule:return-terms",
        "extensions": "order:extensions",
    }  # fmt: skip


def announce(work: Workings, opened: Return, purpose: Literal["authorization", "cancel"]) -> None:
    """Tell the node's operator what comes, or that it will not."""
    work.dispatch(_announcement(work, opened, purpose), opened.receiver, _announcement_reasons(work, opened))


def _announcement(work: Workings, opened: Return, purpose: str) -> ReturnAuthorization:
    """What the place needs to know of goods that come: our number, the items in its own units, who sends them."""
    node = work.policy.network.by_id[opened.node].party
    sender = work.order.destinations[work.lines[opened.lines[0].line].destination]
    return as_asked(work, opened).model_copy(
        update={
            "number": opened.number,
            "purpose": purpose,
            "requested_on": work.world.now,
            "parties": (
                Party(role="returned_to", name=node.name, identifiers=node.identifiers, address=node.address),
                sender.model_copy(update={"role": "ship_from"}),
                work.policy.company.party,
            ),
        }
    )


def as_asked(work: Workings, known: Return) -> ReturnAuthorization:
    """The request as we understood it: each part a line, in the item's own unit."""
    return ReturnAuthorization(
        number=known.asked,
        order_number=work.order.document.number,
        release=work.order.document.release,
        requested_on=known.asked_on,
        lines=tuple(_own_line(work, part, at) for at, part in enumerate(known.lines, start=1)),
        usage=work.usage,
    )


def _own_line(work: Workings, part: ReturnedLine, number: int) -> ReturnLine:
    state = work.lines[part.line]
    ordered = document_line(work, state)
    return ReturnLine(
        number=str(number),
        order_line=ordered.number,
        items=shown_items(work, state),
        description=work.item(state.sku or "").description or ordered.description,
        quantity=Quantity(value=part.outstanding, unit=work.item(state.sku or "").unit),
        reason=part.reason,
    )


def _announcement_reasons(work: Workings, opened: Return) -> Reasons:
    reasons: Reasons = {
        "number": "rule:derived-number", "purpose": "rule:return-terms", "order_number": "order:number",
        "release": "order:release", "requested_on": "rule:clock", "parties": "rule:return-parties",
        "lines": "rule:return-terms",
    }  # fmt: skip
    for index, part in enumerate(opened.lines):
        state = work.lines[part.line]
        source = f"order:lines.{state.position}"
        reasons |= {f"lines.{index}.order_line": f"{source}.number",
                    **item_reasons(work, state, f"lines.{index}.items", source)}  # fmt: skip
    return reasons
