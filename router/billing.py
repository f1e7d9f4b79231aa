"""The invoice for a shipment (X12 810): unit prices as ordered, extensions rounded once, adjustments shared exactly."""

from collections.abc import Sequence
from decimal import Decimal

from canonical import Invoice
from router.adjustment import (
    Basis,
    Shared,
    Shares,
    goods_as_ordered,
    goods_progress,
    line_progress,
    remaining_progress,
    standing_progress,
    unit_value,
)
from router.advice import Departure, Shipped
from router.bill import Bill, Extended
from router.customer import payment_terms
from router.invoice_tax import await_tax, waits_for_tax
from router.issuing import issue
from router.line_view import Reasons, by_position, document_line, priced
from router.number import derived_number
from router.order import DraftInvoice
from router.order_line import ZERO, LineState
from router.promise import day_of
from router.release import fulfilment_parties
from router.workings import Workings


def bill(work: Workings, left: Departure) -> None:
    """Invoice what left to the channel, and post it."""
    billed = _billed(work, left.shipped)
    if not billed:
        return
    waits = waits_for_tax(work)
    making, shares = Bill(), Shares(work.order.document.currency, work.order.adjustments_invoiced, taxes=not waits)
    _add_lines(work, making, shares, billed)
    basis = Basis("", "", goods_as_ordered(work), goods_progress(work))
    remaining = remaining_progress(work)
    whole = shares.of(work.order.document, basis, remaining, remaining if work.order.taxed else None)
    making.count(work, whole)
    terms, because = payment_terms(work)
    invoice = _invoice(work, making, whole, left).changed(terms=terms)
    work.amend(
        invoices=(*work.order.invoices, invoice.number),
        adjustments_invoiced=shares.taken,
        goods_invoiced=making.goods_after(work.order.goods_invoiced),
    )
    draft = DraftInvoice(
        invoice=invoice,
        positions=tuple(making.goods),
        amounts=making.amounts,
        parts=making.parts,
        reasons={**_HEADER_REASONS, "terms": because, **making.reasons},
        node=left.first.node,
        destination=left.first.destination,
        shipment=left.number,
    )
    if waits:
        await_tax(work, draft)
    else:
        issue(work, draft)


def _invoice(work: Workings, making: Bill, whole: Shared, left: Departure) -> Invoice:
    document, first = work.order.document, left.first
    return Invoice(
        number=derived_number(work.order, work.policy, "I", len(work.order.invoices) + 1),
        invoiced_on=day_of(work.world.now, work.policy.company.time_zone),
        order_number=document.number,
        release=document.release,
        ordered_on=document.ordered_on,
        shipment_number=left.number,
        currency=document.currency,
        dates={"shipped": left.advice.shipped_on},
        parties=fulfilment_parties(work, first.destination, work.policy.network.by_id[first.node].party),
        carrier=left.advice.carrier,
        references=document.references,
        lines=tuple(making.lines),
        charges=whole.charges,
        allowances=whole.allowances,
        taxes=whole.taxes,
        total=making.total,
        usage=work.usage,
        extensions=document.extensions,
    )


_HEADER_REASONS: Reasons = {
    "number": "rule:derived-number", "role": "rule:bill", "purpose": "rule:bill", "invoiced_on": "rule:clock",
    "order_number": "order:number", "release": "order:release", "ordered_on": "order:ordered_on",
    "shipment_number": "rule:derived-number", "currency": "order:currency", "dates.shipped": "source:shipped_on",
    "parties": "rule:fulfilment-parties", "carrier": "source:carrier",
    "references": "order:references", "total": "rule:invoice-total", "extensions": "order:extensions",
}  # fmt: skip


def _billed(work: Workings, shipped: Sequence[Shipped]) -> dict[str, Decimal]:
    """Own units to invoice by line: what left, without what was never ordered unless the terms say so."""
    over_too = work.terms.bills_over_shipment
    billed: dict[str, Decimal] = {}
    for one in shipped:
        units = one.quantity if over_too else one.quantity - one.over
        if units:
            billed[one.allocation.line] = billed.get(one.allocation.line, ZERO) + units
    return billed


def _add_lines(work: Workings, making: Bill, shares: Shares, billed: dict[str, Decimal]) -> None:
    for number, units in billed.items():
        state = work.lines[number]
        ledger = state.ledger.model_copy(update={"invoiced": state.ledger.invoiced + units})
        work.lines[number] = state.model_copy(update={"ledger": ledger})
    for states in by_position(work.lines[number] for number in billed).values():
        _add_line(work, making, shares, states[0], sum((billed[state.number] for state in states), ZERO))


def _add_line(work: Workings, making: Bill, shares: Shares, state: LineState, units: Decimal) -> None:
    progress = line_progress(work, state.position)
    of_taxes = standing_progress(work, state.position) if work.order.taxed else None
    basis = Basis(
        f"lines.{state.position}.", f"{making.next_line}.", progress.whole * unit_value(work, state), progress
    )
    shared = shares.of(document_line(work, state), basis, of_taxes=of_taxes)
    quantity, price = priced(work, state, units)
    goods = price.extend(quantity.value) if price else ZERO
    making.add_line(work, state, Extended(quantity, price, goods), shared, _LINE_REASONS)


_LINE_REASONS: Reasons = {"number": "rule:bill", "quantity": "rule:shipped-quantity"}
