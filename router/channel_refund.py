"""Money that the channel itself gave back: what has not left of the goods is called off, the rest is booked.

Only a channel that takes the buyers' money can (`payment: captured`). Its memo is posted as a credit of ours would be,
and what it was for is not credited again when the goods come back.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TypeVar

from canonical import Adjustment, CreditMemo, InvoiceLine, Tax, round_money
from router.adjustment import Shared
from router.advance import advance
from router.bill import Bill
from router.books import Told, post_credit
from router.catalogue import units_in
from router.change import call_off
from router.credit import NOT_INVOICED
from router.decision import Decision, Explanation
from router.explanation import explained
from router.invoice_tax import issue_before_credit
from router.line_view import document_line
from router.order import Order
from router.order_line import ZERO, LineState
from router.request import Request, parked
from router.tax_charge import record_charge
from router.workings import Workings


def channel_refund(request: Request) -> Decision:
    """A channel's credit memo: its own, or one of ours told back to us."""
    order, memo = request.order, request.document
    assert isinstance(memo, CreditMemo)
    if order is None:
        return parked(request, "its order has not come")
    work = request.work(order)
    if known := _known(order, memo):
        work.tell("credit_repeated", credit=known)
        return work.decision(Explanation(summary=f"credit {memo.number} is {known}; nothing more follows from it"))
    if request.policy.channel(order.channel).payment != "captured":
        said = f"{request.sender} tells of credit {memo.number} over {memo.total}, but doesn't take the buyers' money"
        work.worry("credit-claimed", said, credit=memo.number)
        return work.decision(Explanation(summary=said))
    issue_before_credit(work)
    left = memo.changed(lines=tuple(_left(work, line) for line in memo.lines))
    _book(work, left, memo.total - _bill(work, memo).total + _bill(work, left).total)
    outcomes = advance(work)
    return work.decision(explained(work, outcomes, f"{request.sender} gave back {memo.total} by {memo.number}"))


def _known(order: Order, memo: CreditMemo) -> str | None:
    """The credit that it is: the channel tells of ours with our number in its reason or among its references."""
    said = (memo.number, memo.reason, *(one.value for one in memo.references))
    words = {word.strip("(),.;:") for text in said if text for word in text.split()}
    return next((number for number in order.credits if number in words), None)


def _left(work: Workings, line: InvoiceLine) -> InvoiceLine:
    """The line as far as its goods have left. What has not is called off; what has is not to be credited again."""
    states = [state for state in work.lines.values() if document_line(work, state).number == line.order_line]
    if not states or not line.quantity.value:
        return line
    factor = units_in(work.item(states[0].sku or ""), line.quantity.unit) or Decimal(1)
    rest = line.quantity.value * factor - call_off(work, states, line.quantity.value * factor)
    _note(work, [work.lines[state.number] for state in states], rest)
    return _scaled(line, rest / factor)


def _note(work: Workings, states: Sequence[LineState], units: Decimal) -> None:
    """Keep in mind what was given back for goods that the buyer has, or will have: a node is shipping them still."""
    given, left = dict(work.order.given_back), units
    for state in states:
        ledger, before = state.ledger, given.get(state.number, ZERO)
        part = min(left, max(ledger.ordered - ledger.cancelled - ledger.credited - before, ZERO))
        given[state.number], left = before + part, left - part
        if before + part + ledger.credited > ledger.shipped:
            work.worry("refunded-and-shipping", f"line {state.number} is paid back, and too late to be stopped")
    work.amend(given_back={number: units for number, units in given.items() if units})


def _scaled(line: InvoiceLine, value: Decimal) -> InvoiceLine:
    """The line for a part of its quantity."""
    if value == line.quantity.value:
        return line
    share = value / line.quantity.value
    return line.model_copy(
        update={
            "quantity": line.quantity.model_copy(update={"value": value}),
            "charges": _shares(line.charges, share),
            "allowances": _shares(line.allowances, share),
            "taxes": _shares(line.taxes, share),
        }
    )


A = TypeVar("A", Adjustment, Tax)


def _shares(given: Iterable[A], share: Decimal) -> tuple[A, ...]:
    return tuple(one.model_copy(update={"amount": (one.amount or ZERO) * share}) for one in given)


def _bill(work: Workings, memo: CreditMemo) -> Bill:
    """What the memo's parts come to, by what they are for."""
    making = Bill()
    making.count(work, Shared(memo.charges, memo.allowances, memo.taxes, {}))
    for line in memo.lines:
        making.count(work, Shared(line.charges, line.allowances, line.taxes, {}))
        making.add("goods", line.price.extend(line.quantity.value) if line.price else ZERO)
    return making


def _book(work: Workings, memo: CreditMemo, total: Decimal) -> None:
    """Post what was given back, as far as it was invoiced. What no part of the memo accounts for is a charge."""
    making = _bill(work, memo)
    total = round_money(total, memo.currency)
    making.add("charges", total - making.total)
    over = total - (work.order.invoiced - work.order.credited)
    if over > 0:
        making.add("allowances", over)
        memo = memo.changed(allowances=(*memo.allowances, Adjustment(code=NOT_INVOICED, amount=over)))
    work.tell("credit_taken", credit=memo.number, total=str(making.total), tax=str(making.amounts.get("tax", ZERO)))
    if not making.total:
        return
    booked = memo.changed(total=making.total)
    work.amend(credits=(*work.order.credits, memo.number), credited=work.order.credited + making.total)
    post_credit(work, Told(booked, {**_REASONS, "total": "rule:channel-refund"}), making)
    record_charge(work, booked)


_REASONS = {name: f"source:{name}" for name in CreditMemo.model_fields if name not in ("schema_version", "usage")}
