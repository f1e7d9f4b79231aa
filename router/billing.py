"""The invoice for a shipment (X12 810): unit prices as ordered, extensions rounded once, adjustments shared exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from canonical import Adjustment, Invoice, InvoiceLine, Price, Quantity
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
from router.books import hand_over, post_invoice
from router.line_view import Reasons, by_position, document_line, item_reasons, priced, shown_items
from router.number import derived_number
from router.order import ZERO, LineState
from router.promise import day_of
from router.release import fulfilment_parties
from router.tax_charge import record_charge
from router.workings import Workings


class Extended(NamedTuple):
    """How much of a line, at what price, and what that comes to."""

    quantity: Quantity
    price: Price | None
    goods: Decimal


@dataclass(slots=True)
class Bill:
    """An invoice in the making: its parts, and the money in them by what it is for."""

    lines: list[InvoiceLine] = field(default_factory=list)
    reasons: Reasons = field(default_factory=dict)
    amounts: dict[str, Decimal] = field(default_factory=dict)
    """`goods`, `freight`, `charges`, `allowances`, `tax`, `fee`: what posting rules debit and credit."""
    goods: dict[int, Decimal] = field(default_factory=dict)
    """The lines' extensions, by their index in the order."""

    def goods_after(self, before: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """What has been invoiced of each line's goods, this invoice included."""
        return {**before, **{str(at): before.get(str(at), ZERO) + amount for at, amount in self.goods.items()}}

    def add_line(self, work: Workings, state: LineState, extended: Extended, shared: Shared, reasons: Reasons) -> None:
        """Add what is charged or given back of one line of the order; `reasons` are those of its own, by field."""
        ordered, source, target = document_line(work, state), f"order:lines.{state.position}", self.next_line
        self.lines.append(
            InvoiceLine(
                number=str(len(self.lines) + 1),
                order_line=ordered.number,
                items=shown_items(work, state),
                description=ordered.description or (work.item(state.sku).description if state.sku else None),
                quantity=extended.quantity,
                price=extended.price,
                charges=shared.charges,
                allowances=shared.allowances,
                taxes=shared.taxes,
                extensions=ordered.extensions,
            )
        )
        self.goods[state.position] = extended.goods
        self.add("goods", extended.goods)
        self.count(work, shared)
        self.reasons |= {
            target: source,
            f"{target}.order_line": f"{source}.number",
            f"{target}.description": f"{source}.description" if ordered.description else "rule:catalogue",
            **{f"{target}.{field}": reason for field, reason in reasons.items()},
            **item_reasons(work, state, f"{target}.items", source),
        }

    @property
    def next_line(self) -> str:
        """Where the line stands that is added next."""
        return f"lines.{len(self.lines)}"

    def add(self, name: str, amount: Decimal) -> None:
        """Count an amount."""
        self.amounts[name] = self.amounts.get(name, ZERO) + amount

    def count(self, work: Workings, shared: Shared) -> None:
        """Count what a line or the order adds and takes off. Only what is settled off the invoice changes it."""
        self.reasons |= shared.reasons
        for charge in _settled(shared.charges):
            self.add(
                "freight" if charge.code in work.policy.posting.freight_codes else "charges", charge.amount or ZERO
            )
        for allowance in _settled(shared.allowances):
            self.add("allowances", allowance.amount or ZERO)
        for tax in shared.taxes:
            self.add("tax", tax.amount or ZERO)
            if tax.included:
                self.add("goods", -(tax.amount or ZERO))

    @property
    def total(self) -> Decimal:
        """What is owed, or given back; a credit's `fee` is kept of it."""
        owed = sum((self.amounts.get(name, ZERO) for name in ("goods", "freight", "charges", "tax")), ZERO)
        return owed - self.amounts.get("allowances", ZERO) - self.amounts.get("fee", ZERO)


def _settled(adjustments: Sequence[Adjustment]) -> list[Adjustment]:
    return [one for one in adjustments if one.settlement == "off_invoice"]


def bill(work: Workings, left: Departure) -> None:
    """Invoice what left to the channel, and post it."""
    billed = _billed(work, left.shipped)
    if not billed:
        return
    making, shares = Bill(), Shares(work.order.document.currency, work.order.adjustments_invoiced)
    _add_lines(work, making, shares, billed)
    basis = Basis("", "", goods_as_ordered(work), goods_progress(work))
    remaining = remaining_progress(work)
    whole = shares.of(work.order.document, basis, remaining, remaining if work.order.taxed else None)
    making.count(work, whole)
    invoice = _invoice(work, making, whole, left)
    work.amend(
        invoices=(*work.order.invoices, invoice.number),
        invoiced=work.order.invoiced + invoice.total,
        adjustments_invoiced=shares.taken,
        goods_invoiced=making.goods_after(work.order.goods_invoiced),
    )
    work.tell("invoice_issued", invoice=invoice.number, total=str(invoice.total), shipment=left.number)
    reasons = {**_HEADER_REASONS, **making.reasons}
    work.dispatch(invoice, work.order.channel, reasons)
    hand_over(work, "invoice", invoice, reasons)
    post_invoice(work, invoice, making.amounts, left.first)
    record_charge(work, invoice)


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
        terms=document.terms,
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
    "parties": "rule:fulfilment-parties", "terms": "order:terms", "carrier": "source:carrier",
    "references": "order:references", "total": "rule:invoice-total", "extensions": "order:extensions",
}  # fmt: skip


def _billed(work: Workings, shipped: Sequence[Shipped]) -> dict[str, Decimal]:
    """Own units to invoice by line: what left, without what was never ordered unless the terms say so."""
    over_too = work.policy.channel(work.order.channel).bills_over_shipment
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
