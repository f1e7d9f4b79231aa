"""Invoices that wait for their own tax: the provider is asked what is on exactly what is invoiced, on its day."""

from collections.abc import Sequence

from canonical import Answer, OrderLine, PurchaseOrder, Tax, TaxQuote
from router.adjustment import Shared
from router.asking import Asking
from router.issuing import bill_of, issue
from router.order import Asked, DraftInvoice, Gate
from router.order_line import ZERO
from router.question import Topic, ask, buys_nothing, proceed
from router.tax import rule_of, taxes_by_line
from router.tax_charge import quote_request
from router.taxation import quote
from router.taxes import InvoiceTax, Taxed
from router.workings import Workings

NAME = "invoice_tax"


def waits_for_tax(work: Workings) -> bool:
    """Whether the order's invoices wait for what the provider says of them."""
    rule = rule_of(work)
    return rule is not None and rule.invoice is not None


def await_tax(work: Workings, draft: DraftInvoice) -> None:
    """Keep an invoice until its tax is known."""
    work.amend(drafts=(*work.order.drafts, draft))
    work.tell("invoice_waits", invoice=draft.invoice.number, shipment=draft.shipment)
    ask_taxes(work)


def gate(work: Workings) -> Gate | None:
    """Asked for whenever the order moves; its hold stops nothing but the invoice."""
    return "release" if work.order.drafts else None


def ask_taxes(work: Workings) -> None:
    """Ask for the tax of each invoice that waits; where nobody is to be asked any more, it goes out as it is."""
    rule = rule_of(work)
    for draft in work.order.drafts:
        if rule is None or rule.provider is None or rule.invoice is None:
            _finish(work, draft, None)
        else:
            asking = _asking(rule.provider, rule.invoice)
            ask(work, NAME, quote_request(work, rule, draft.invoice), asking, about=draft.invoice.number)


def take_tax(work: Workings, asked: Asked, answer: Answer) -> None:
    """The provider's tax is charged."""
    if isinstance(answer, TaxQuote):
        for draft in _about(work, asked):
            _finish(work, draft, answer)


def charge_estimate(work: Workings, asked: Asked) -> None:
    """The provider is silent: our own table's tax is charged until the truth is known."""
    rule = rule_of(work)
    for draft in _about(work, asked):
        rates = work.policy.taxes.rates
        _finish(work, draft, quote(quote_request(work, rule, draft.invoice), rates, rule.rounding) if rule else None)


def needs(work: Workings, asked: Asked) -> bool:
    """Until the invoice has gone out."""
    return bool(_about(work, asked))


INVOICE_TAX = Topic(NAME, gate, ask_taxes, take_tax, charge_estimate, give_back=buys_nothing, needs=needs)


def issue_before_credit(work: Workings) -> None:
    """What is given back must have been charged: invoices that wait go out with an estimate."""
    for asked in work.order.questions:
        if asked.topic == NAME and asked.status in ("open", "refused"):
            proceed(work, INVOICE_TAX, asked, "goods of it came back")


def _about(work: Workings, asked: Asked) -> list[DraftInvoice]:
    return [one for one in work.order.drafts if one.invoice.number == asked.about]


def _asking(provider: Asking, terms: InvoiceTax) -> Asking:
    waiting = {"within": terms.within, "silence": terms.silence, "owner": terms.owner, "gate": "invoice"}
    return provider.model_copy(update=waiting)


def _finish(work: Workings, draft: DraftInvoice, told: TaxQuote | None) -> None:
    """Charge the tax, and send the invoice."""
    work.amend(drafts=tuple(one for one in work.order.drafts if one.invoice.number != draft.invoice.number))
    rule = rule_of(work)
    issue(work, _taxed(work, draft, told, rule) if told and rule else draft)


def _taxed(work: Workings, draft: DraftInvoice, told: TaxQuote, rule: Taxed) -> DraftInvoice:
    invoice, making = draft.invoice, bill_of(draft)
    by_line, header = taxes_by_line(told, [line.number for line in invoice.lines], invoice.currency, rule)
    lines = []
    for line, position in zip(invoice.lines, draft.positions, strict=True):
        taxes = by_line[line.number]
        lines.append(line.model_copy(update={"taxes": taxes}))
        making.count(work, Shared((), (), taxes, {}), line.items.get("sku"))
        _note_of_line(work, position, taxes)
    making.count(work, Shared((), (), header, {}))
    _note_of_order(work, header)
    work.tell("invoice_taxed", invoice=invoice.number, amount=str(told.amount), estimated=told.estimated)
    whole = invoice.changed(lines=tuple(lines), taxes=header, total=making.total)
    said = dict.fromkeys(("taxes", *(f"lines.{at}.taxes" for at in range(len(lines)))), "rule:invoice-tax")
    more = {"amounts": making.amounts, "parts": making.parts, "reasons": {**draft.reasons, **said}}
    return draft.model_copy(update={"invoice": whole, **more})


# --- what was invoiced of each tax, where credits look for it: among the taxes of the order and its lines ------------


def _note_of_line(work: Workings, position: int, taxes: Sequence[Tax]) -> None:
    document = work.order.document
    line = document.lines[position]
    changed = line.model_copy(update={"taxes": _noted(work, line, f"lines.{position}.", taxes)})
    work.amend(document=document.changed(lines=(*document.lines[:position], changed, *document.lines[position + 1 :])))


def _note_of_order(work: Workings, taxes: Sequence[Tax]) -> None:
    document = work.order.document
    work.amend(document=document.changed(taxes=_noted(work, document, "", taxes)))


def _noted(work: Workings, holder: OrderLine | PurchaseOrder, path: str, taxes: Sequence[Tax]) -> tuple[Tax, ...]:
    """The holder's taxes, with those that it did not expect at nothing; what was invoiced of each is kept."""
    known, taken = list(holder.taxes), dict(work.order.adjustments_invoiced)
    for tax in taxes:
        at = next((place for place, one in enumerate(known) if _same(one, tax)), len(known))
        if at == len(known):
            known.append(tax.model_copy(update={"amount": ZERO, "basis": None}))
        here = f"{path}taxes.{at}"
        taken[here] = taken.get(here, ZERO) + (tax.amount or ZERO)
    work.amend(adjustments_invoiced=taken)
    return tuple(known)


def _same(one: Tax, other: Tax) -> bool:
    return (one.jurisdiction, one.description, one.code) == (other.jurisdiction, other.description, other.code)
