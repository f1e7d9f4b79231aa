"""Permission for goods to come back (X12 180): given, refused, withdrawn, or put before a person."""

from collections.abc import Sequence
from typing import Literal

from canonical import ReturnAuthorization
from canonical.exchange import OWN_PEOPLE
from router.acceptance import Refusal
from router.adjustment import unit_value
from router.decision import Explanation, LineExplanation
from router.number import derived_number
from router.order import Return, ReturnedLine
from router.order_line import ZERO
from router.own_work import ReturnVerdict
from router.return_answer import announce, answer_return, as_asked
from router.returnable import Judged, judge
from router.workings import Workings


def request_return(work: Workings, request: ReturnAuthorization) -> Explanation:
    """Take in a new request: authorize, deny, or put it before a person."""
    judged = list(judge(work, request))
    number = derived_number(work.order, work.policy, "R", len(work.order.returns) + 1)
    work.tell("return_requested", returned=number, asked=request.number, lines=len(request.lines))
    opened = _opened(work, request, judged, number)
    work.amend(returns=(*work.order.returns, opened))
    if not opened.lines:
        _close(work, opened, "denied")
        answer_return(work, request, opened, judged, "denial")
    elif why := _waits_for(work, opened):
        work.tell("return_waits", returned=number, because=why)
        work.worry("return-waits", f"return {number}: {why}", returned=number)
    else:
        _authorize(work, opened)
        answer_return(work, request, opened, judged, "authorization")
    if opened.lines and any(one.refusal for one in judged):
        answer_return(work, request, opened, judged, "denial")
    return _explained(work, opened, judged)


def withdraw(work: Workings, request: ReturnAuthorization, known: Return) -> Explanation:
    """The buyer keeps the goods: nothing more may come back under the return, and its node is told."""
    if known.expected:
        told = known.standing == "authorized" and known.receiver != OWN_PEOPLE
        _close(work, known, "withdrawn")
        if told:
            announce(work, known, "cancel")
    return Explanation(summary=f"return {known.number} was withdrawn by {request.number}")


def settle_return(work: Workings, said: ReturnVerdict, known: Return) -> Explanation:
    """A person decided about a return that waited for one."""
    if known.standing != "waiting":
        return Explanation(summary=f"return {known.number} is {known.standing} already; nothing follows")
    request = as_asked(work, known)
    judged = [Judged(i, asked, [work.lines[part.line]], (part,)) for i, (asked, part) in
              enumerate(zip(request.lines, known.lines, strict=True))]  # fmt: skip
    if said.verdict == "authorize":
        _authorize(work, known, said.by)
        answer_return(work, request, known, judged, "authorization")
    else:
        _close(work, known, "denied", said.by)
        refusal = Refusal("return-refused", "it was looked at and refused")
        denied = [Judged(one.index, one.asked, one.states, refusal=refusal) for one in judged]
        answer_return(work, request, known, denied, "denial")
    return Explanation(summary=f"return {known.number}: {said.by} said {said.verdict}")


def returned_under(work: Workings, number: str) -> Return | None:
    """The order's return of this number, ours."""
    return next((one for one in work.order.returns if one.number == number), None)


def replace_return(work: Workings, changed: Return) -> None:
    """Keep a return as it is now."""
    kept = tuple(changed if one.number == changed.number else one for one in work.order.returns)
    work.amend(returns=kept)


# --- who decides ----------------------------------------------------------------------------------------------------


def _opened(work: Workings, request: ReturnAuthorization, judged: Sequence[Judged], number: str) -> Return:
    parts = tuple(part for one in judged for part in one.parts)
    node = _node(work, parts)
    receiver = work.policy.network.by_id[node].operator or OWN_PEOPLE
    return Return(
        number=number, asked=request.number, node=node, receiver=receiver, asked_on=request.requested_on, lines=parts
    )


def _node(work: Workings, parts: Sequence[ReturnedLine]) -> str:
    """Where goods come back: as the channel's terms say, else where they left from."""
    terms = work.terms.returns
    lines = {part.line for part in parts}
    left_from = [one.node for one in work.allocations if one.line in lines and one.shipped]
    return terms.node or (left_from or [work.policy.network.nodes[0].id])[0]


def _waits_for(work: Workings, opened: Return) -> str | None:
    """Why a person must decide; None when nobody need."""
    terms = work.terms.returns
    worth = sum((part.quantity * unit_value(work, work.lines[part.line]) for part in opened.lines), ZERO)
    reasons = frozenset(part.reason for part in opened.lines if part.reason)
    if not terms.asks_person(reasons, worth):
        return None
    return f"a person decides about it ({work.policy.rule(f'routing.channels.{work.order.channel}.returns')})"


def _authorize(work: Workings, opened: Return, by: str | None = None) -> None:
    """Let the goods come back, and tell the place where they will."""
    authorized = opened.model_copy(update={"standing": "authorized"})
    replace_return(work, authorized)
    work.tell("return_authorized", returned=opened.number, node=opened.node, **({"by": by} if by else {}))
    if opened.receiver == OWN_PEOPLE:
        work.tell("return_left_to_people", returned=opened.number, node=opened.node)
        return
    announce(work, opened, "authorization")


def _close(work: Workings, known: Return, standing: Literal["denied", "withdrawn"], by: str | None = None) -> None:
    replace_return(work, known.model_copy(update={"standing": standing}))
    work.tell(f"return_{standing}", returned=known.number, **({"by": by} if by else {}))


# --- the explanation ------------------------------------------------------------------------------------------------


def _explained(work: Workings, opened: Return, judged: Sequence[Judged]) -> Explanation:
    standing = (returned_under(work, opened.number) or opened).standing
    refused = tuple(
        LineExplanation(
            line=one.states[0].number if one.states else one.asked.order_line or one.asked.number,
            sku=one.states[0].sku if one.states else None,
            refused=one.refusal.reason,
        )
        for one in judged
        if one.refusal
    )
    summary = f"return {opened.number} of {opened.asked}: {standing}" + (
        f", {sum((part.quantity for part in opened.lines), ZERO).normalize():f} units to {opened.node}"
        if opened.lines
        else ""
    )
    rule = work.policy.rule(f"routing.channels.{work.order.channel}.returns")
    return Explanation(summary=summary, rule=rule, lines=refused)
