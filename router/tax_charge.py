"""What an invoice charges for tax, or a credit memo gives back, told to the provider so that it is recorded there."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import chain

from canonical import Address, Adjustment, CreditMemo, Invoice, InvoiceLine, TaxLine, TaxRequest, round_money, share
from router.adjustment import adjustment_amount
from router.order_line import ZERO
from router.promise import day_of
from router.tax import address_of, charges_of, rule_of, terms_of
from router.tax_record import ask_to_record
from router.taxes import Taxed
from router.workings import Workings


def record_charge(work: Workings, charged: Invoice) -> None:
    """Have the provider record an invoice or a credit memo, where there is one. A test charges nothing."""
    rule = rule_of(work)
    if rule is None or rule.provider is None or work.usage == "test":
        return
    taxes = chain(charged.taxes, *(line.taxes for line in charged.lines))
    taxed, sale = sum((tax.amount or ZERO for tax in taxes), ZERO), quote_request(work, rule, charged)
    request = sale.changed(purpose="commit", taxed=taxed)
    if isinstance(charged, CreditMemo):
        request = sale.changed(**_given_back(work, charged, rule), taxed=-taxed)
    work.amend(unrecorded={**work.order.unrecorded, charged.number: request})
    ask_to_record(work, rule.provider)


def quote_request(work: Workings, rule: Taxed, charged: Invoice) -> TaxRequest:
    """What tax is on exactly what an invoice charges, or a credit memo gives back."""
    sign = -1 if isinstance(charged, CreditMemo) else 1
    freight, others = charges_of(work, charged.charges)
    lines = tuple(_signed(line, sign) for line in (*_lines(work, charged), *others))
    return TaxRequest(
        **terms_of(work, rule, _goes_to(charged) or address_of(work)),
        transaction=charged.number,
        on=charged.invoiced_on,
        lines=lines,
        freight=freight * sign,
        total=sum((line.amount for line in lines), freight * sign),
    )


def _given_back(work: Workings, memo: CreditMemo, rule: Taxed) -> dict[str, object]:
    """What a refund says of the sale: its rates were those of the day the goods left. A sale that came to nothing is
    void."""
    left = [state.shipped_on for state in work.lines.values() if state.shipped_on]
    said = {"reason": memo.reason, "rates_on": left[-1] if left else None}
    if rule.voids and (voided := _wholly_given_back(work, memo)):
        return {**said, "purpose": "void", "transaction": voided, "refunds": voided}
    return {**said, "purpose": "refund", "refunds": memo.invoice_number}


def _wholly_given_back(work: Workings, memo: CreditMemo) -> str | None:
    """The order's one invoice, where this memo gives all of it back in its month, and its tax is recorded."""
    order, zone = work.order, work.policy.company.time_zone
    if len(order.invoices) != 1 or order.credits != (memo.number,) or order.credited != order.invoiced:
        return None
    [invoice] = order.invoices
    recorded = order.tax_recorded.get(invoice)
    if recorded is None:
        return None
    begun, now = day_of(recorded.on, zone), day_of(memo.invoiced_on, zone)
    return invoice if (begun.year, begun.month) == (now.year, now.month) else None


def _goes_to(charged: Invoice) -> Address | None:
    """Where what is charged went: an order may go to several places."""
    return next((party.address for party in charged.parties if party.role == "ship_to"), None)


def _lines(work: Workings, charged: Invoice) -> list[TaxLine]:
    amounts = [_net(line, charged.currency) for line in charged.lines]
    allowed = sum(_amounts(charged.allowances), ZERO)
    parts = share(allowed, amounts, charged.currency)
    return [_line(work, line, amount - part) for line, amount, part in zip(charged.lines, amounts, parts, strict=True)]


def _line(work: Workings, line: InvoiceLine, amount: Decimal) -> TaxLine:
    item = work.item(line.items.get("sku", ""))
    return TaxLine(
        number=line.number,
        items=line.items,
        description=line.description,
        quantity=line.quantity,
        amount=amount,
        tax_code=work.policy.taxes.code(item),
    )


def _net(line: InvoiceLine, currency: str) -> Decimal:
    goods = line.price.extend(line.quantity.value) if line.price else ZERO
    return round_money(goods + sum(_amounts(line.charges), ZERO) - sum(_amounts(line.allowances), ZERO), currency)


def _amounts(adjustments: Sequence[Adjustment]) -> list[Decimal]:
    return [adjustment_amount(one, ZERO) for one in adjustments if one.settlement == "off_invoice"]


def _signed(line: TaxLine, sign: int) -> TaxLine:
    return line.model_copy(update={"amount": line.amount * sign})
