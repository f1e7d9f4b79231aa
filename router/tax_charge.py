"""What an invoice charges for tax, or a credit memo gives back, told to the provider so that it is recorded there."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import chain

from canonical import Adjustment, CreditMemo, Invoice, InvoiceLine, TaxLine, TaxRequest, round_money, share
from router.adjustment import adjustment_amount
from router.order import ZERO
from router.tax import charges_of, rule_of, terms_of
from router.tax_record import ask_to_record
from router.workings import Workings


def record_charge(work: Workings, charged: Invoice) -> None:
    """Have the provider record an invoice or a credit memo, where there is one. A test charges nothing."""
    rule = rule_of(work)
    if rule is None or rule.provider is None or work.usage == "test":
        return
    sign = -1 if isinstance(charged, CreditMemo) else 1
    freight, others = charges_of(work, charged.charges)
    taxes = chain(charged.taxes, *(line.taxes for line in charged.lines))
    lines = tuple(_signed(line, sign) for line in (*_lines(work, charged), *others))
    request = TaxRequest(
        **terms_of(work, rule),
        purpose="refund" if sign < 0 else "commit",
        transaction=charged.number,
        on=charged.invoiced_on,
        lines=lines,
        freight=freight * sign,
        total=sum((line.amount for line in lines), freight * sign),
        taxed=sum((tax.amount or ZERO for tax in taxes), ZERO) * sign,
        **(_given_back(work, charged) if isinstance(charged, CreditMemo) else {}),
    )
    work.amend(unrecorded={**work.order.unrecorded, charged.number: request})
    ask_to_record(work, rule.provider)


def _given_back(work: Workings, memo: CreditMemo) -> dict[str, object]:
    """What a refund says of the sale: its rates were those of the day the goods left."""
    left = [state.shipped_on for state in work.lines.values() if state.shipped_on]
    return {"refunds": memo.invoice_number, "reason": memo.reason, "rates_on": left[-1] if left else None}


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
