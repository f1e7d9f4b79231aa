"""What was paid of an order: invoices that their buyer paid, or what a marketplace or payment provider paid out and the
fees that it kept. Posted once; what was paid otherwise than it was owed is told."""

from collections.abc import Iterable
from decimal import Decimal

from canonical import RemittanceAdjustment, RemittanceLine
from router.books import Financial, entry_reasons, post
from router.decision import Decision, Explanation, Outgoing, Trouble
from router.order_line import ZERO
from router.own_work import Settlement
from router.policy import Policy
from router.posting import Worth, journal_entry
from router.request import Request, parked
from router.routing import PaymentTerms
from router.workings import Workings

DISCOUNT = "discount"
"""What was kept under the terms of payment."""


def settlement(request: Request) -> Decision:
    """Take the order's part of a payment, once."""
    document = request.document
    assert isinstance(document, Settlement)
    if not document.lines:
        return _of_no_order(request, document)
    if request.order is None:
        return parked(request, "its order has not come")
    work, payment = request.work(request.order), document.payment
    if payment in work.order.settlements:
        return work.decision(Explanation(summary=f"payment {payment} is known; nothing more follows from it"))
    work.amend(settlements=(*work.order.settlements, payment))
    if refusal := _refusal(work, document):
        _tell_finance(work, "settlement-refused", f"payment {payment}: {refusal}", payment=payment)
        return work.decision(Explanation(summary=f"payment {payment} was not taken: {refusal}"))
    kept = _kept(document.lines)
    paid, fees = sum((line.paid for line in document.lines), ZERO), sum(kept.values(), ZERO)
    if work.policy.channel(work.order.channel).payment == "owed":
        _pay_invoices(work, document)
    else:
        work.amend(settled=work.order.settled + paid + fees)
        work.tell("order_settled", settlement=payment, paid=str(paid), fees=str(fees), amount=str(paid + fees))
    number = document.number if document.payer == work.order.channel else payment
    amounts = {"paid": paid, "fees": fees, "amount": paid + fees}
    what = Financial(
        "settlement", number, amounts, document.paid_on, "rule:remittance", document.currency, {"fees": kept}
    )
    post(work, what, None)
    return work.decision(Explanation(summary=f"payment {payment}: {paid} came, {fees} was kept"))


def _refusal(work: Workings, document: Settlement) -> str | None:
    """Why a payment is none of the order's."""
    charging = work.policy.channel(work.order.channel).charging
    if document.payer not in (work.order.channel, charging.ask if charging else None):
        return f"{document.payer} has nothing to settle of {work.order.id}"
    if document.currency != work.order.document.currency:
        return f"it is in {document.currency}, and the order in {work.order.document.currency}"
    return None


def _kept(lines: Iterable[RemittanceLine]) -> dict[str, Decimal]:
    """What was kept of what was owed, by its reason."""
    kept: dict[str, Decimal] = {}
    for line in lines:
        for reason, amount in (*_reasons(line.adjustments), (DISCOUNT, line.discount or ZERO)):
            if amount:
                kept[reason] = kept.get(reason, ZERO) + amount
    return kept


def _reasons(adjustments: Iterable[RemittanceAdjustment]) -> list[tuple[str, Decimal]]:
    return [(one.reason, -one.amount) for one in adjustments]


# --- invoices -------------------------------------------------------------------------------------------------------


def _pay_invoices(work: Workings, document: Settlement) -> None:
    """Take what was paid of each invoice off what is owed."""
    for line in document.lines:
        kept = _kept([line])
        amount = line.paid + sum(kept.values(), ZERO)
        work.amend(due=work.order.due - amount)
        told = {"invoice": line.number, "payment": document.payment, "paid": str(line.paid), "amount": str(amount)}
        work.tell("invoice_paid", **told)
        deducted = {reason: str(part) for reason, part in kept.items() if reason != DISCOUNT}
        if deducted:
            parts = ", ".join(f"{part} for {reason}" for reason, part in deducted.items())
            _tell_finance(work, "deduction-claimed", f"{document.payer} kept {parts} of {line.number}", **deducted)
        _take_off(work, line.number, amount)


def _take_off(work: Workings, number: str, amount: Decimal) -> None:
    """Take a payment off an invoice or credit memo; one for the whole order off all that it still has to pay, the
    oldest first."""
    unpaid = dict(work.order.unpaid)
    named = [number] if number in (*work.order.invoices, *work.order.credits) else list(unpaid)
    for one in named[:-1]:
        part = min(unpaid.get(one, ZERO), amount)
        unpaid[one], amount = unpaid.get(one, ZERO) - part, amount - part
    last = named[-1] if named else number
    owed = unpaid.get(last, ZERO)
    left = unpaid[last] = owed - amount
    work.amend(unpaid={one: rest for one, rest in unpaid.items() if rest})
    if left:
        code, word = ("invoice-short-paid", "less") if left * (owed or amount) > 0 else ("invoice-overpaid", "more")
        _tell_finance(work, code, f"{abs(left)} {word} was paid of {last} than is owed", invoice=last, left=str(left))


def _tell_finance(work: Workings, code: str, reason: str, **facts: str) -> None:
    work.troubles.append(Trouble(code=code, reason=reason, owner="finance", facts={"order": work.order.id, **facts}))


# --- what is of no order --------------------------------------------------------------------------------------------


def _terms_of(policy: Policy, payer: str) -> PaymentTerms:
    """How a payer's orders are paid: a payment provider takes what buyers authorized."""
    charges = any(terms.charging and terms.charging.ask == payer for terms in policy.routing.channels.values())
    return "authorized" if charges else policy.channel(payer).payment


def _of_no_order(request: Request, document: Settlement) -> Decision:
    """A payer's fees and deductions that name no order: booked under the payment's own number."""
    kept: dict[str, Decimal] = {}
    for reason, amount in _reasons(document.adjustments):
        kept[reason] = kept.get(reason, ZERO) + amount
    fees = sum(kept.values(), ZERO)
    explanation = Explanation(summary=f"payment {document.payment}: {fees} was kept that is of no order")
    if document.usage == "test":
        return Decision(explanation=explanation)
    posting, payment = request.policy.posting, _terms_of(request.policy, document.payer)
    facts = {"channel": document.payer, "payment": payment, "currency": document.currency}
    rule = posting.rule_for("settlement", facts)
    if rule is None:
        missing = Trouble(code="posting-rule-missing", reason="no rule posts this settlement", facts=facts)
        return Decision(troubles=(missing,), explanation=explanation)
    worth = Worth({"paid": -fees, "fees": fees, "amount": ZERO}, {"fees": kept}, lambda _sku: {})
    key = f"{document.order}/settlement/{document.number}"
    entry = journal_entry(
        rule, worth, key=key, order=document.order, on=document.paid_on, currency=document.currency,
        facts={"channel": document.payer},
    )  # fmt: skip
    why = entry_reasons(f"rule:posting {rule.name}", "rule:remittance")
    told = [one.connection for one in posting.destinations if one.mode_of("settlement") == "journal"]
    claimed = f"{document.payer} kept {fees} without naming an invoice: {', '.join(kept)}"
    trouble = Trouble(code="deduction-claimed", reason=claimed, owner="finance", facts=facts)
    return Decision(
        postings=(entry,) if entry else (),
        send=tuple(Outgoing(document=entry, to=one, reasons=why) for one in told) if entry else (),
        troubles=(trouble,) if payment == "owed" else (),
        explanation=explanation,
    )
