"""The credit memo for goods that came back (X12 812): the exact share of what was invoiced of them, never more."""

from collections.abc import Sequence
from decimal import Decimal

from canonical import Adjustment, CreditMemo, Price, Quantity, Reference, ReturnReceipt, round_money
from router.adjustment import Basis, Shared, Shares, credit_progress, line_credit_progress, unit_value
from router.bill import Bill, Extended
from router.books import Told, post_credit
from router.invoice_tax import issue_before_credit
from router.line_view import Reasons, by_position, document_line, priced
from router.number import derived_number
from router.order import Return
from router.order_line import ZERO, LineState
from router.promise import day_of
from router.receipt import Came
from router.tax_charge import record_charge
from router.workings import Workings

RESTOCKING = "restocking"
"""The code of what is kept of the price (X12 1300 G470)."""
NOT_INVOICED = "not_invoiced"
"""The code of what a credit is lowered by so that an order's credits never exceed its invoices."""


def credit(work: Workings, receipt: ReturnReceipt, under: Return, came: Sequence[Came]) -> None:
    """Give back what was paid or is owed for goods that came back: the memo to the channel, and its posting."""
    issue_before_credit(work)
    units = _creditable(work, came)
    if not units:
        return
    making = Bill()
    shares = Shares(work.order.document.currency, work.order.amounts_credited, _invoiced(work))
    _credit_lines(work, making, shares, units)
    whole = _shared_by_all(work, making, shares)
    kept = _kept(work, making, _fee(work, making, came, units))
    work.amend(amounts_credited=shares.taken)
    if making.total <= 0:
        return
    memo = _memo(work, making, whole, receipt, under).changed(allowances=(*whole.allowances, *kept))
    work.amend(credits=(*work.order.credits, memo.number), credited=work.order.credited + memo.total)
    work.tell("credit_issued", credit=memo.number, total=str(memo.total), returned=under.number)
    reasons = {**_HEADER_REASONS, **making.reasons}
    work.dispatch(memo, work.order.channel, reasons)
    post_credit(work, Told(memo, reasons), making, under)
    record_charge(work, memo)


def _creditable(work: Workings, came: Sequence[Came]) -> dict[str, Decimal]:
    """Own units by line: what came back, as far as it was invoiced and not yet given back, by us or by the channel."""
    units: dict[str, Decimal] = {}
    given = dict(work.order.given_back)
    for one in came:
        ledger, by_channel = work.lines[one.line].ledger, min(one.quantity, given.get(one.line, ZERO))
        given[one.line] = given.get(one.line, ZERO) - by_channel
        if part := min(one.quantity - by_channel, ledger.invoiced - ledger.credited):
            work.count(one.line, "credit", part)
            units[one.line] = units.get(one.line, ZERO) + part
    work.amend(given_back={line: left for line, left in given.items() if left})
    return units


def _invoiced(work: Workings) -> dict[str, Decimal]:
    """What has been invoiced, by index path."""
    grouped = by_position(work.lines.values())
    goods = {f"lines.{at}.goods": _goods_invoiced(work, at, states) for at, states in grouped.items()}
    return {**work.order.adjustments_invoiced, **goods}


def _goods_invoiced(work: Workings, position: int, states: Sequence[LineState]) -> Decimal:
    """A line's extensions; for an order invoiced before they were kept, at its price."""
    known = work.order.goods_invoiced.get(str(position))
    at_price = sum((state.ledger.invoiced * unit_value(work, state) for state in states), ZERO)
    return round_money(at_price, work.order.document.currency) if known is None else known


def _credit_lines(work: Workings, making: Bill, shares: Shares, units: dict[str, Decimal]) -> None:
    for states in by_position(work.lines[number] for number in units).values():
        _credit_line(work, making, shares, states[0], sum((units[state.number] for state in states), ZERO))


def _credit_line(work: Workings, making: Bill, shares: Shares, state: LineState, units: Decimal) -> None:
    path, progress = f"lines.{state.position}.", line_credit_progress(work, state.position)
    goods = shares.take(f"{path}goods", ZERO, progress)
    shared = shares.of(document_line(work, state), Basis(path, f"{making.next_line}.", ZERO, progress))
    quantity, price = _priced(work, state, units, goods)
    making.add_line(work, state, Extended(quantity, price, goods), shared, _LINE_REASONS)


_LINE_REASONS: Reasons = {"number": "rule:credit", "quantity": "rule:received-quantity", "price": "rule:invoiced-price"}


def _priced(work: Workings, state: LineState, units: Decimal, goods: Decimal) -> tuple[Quantity, Price | None]:
    """A quantity and its price; where the price as ordered does not extend to what was invoiced, that for all of it."""
    quantity, price = priced(work, state, units)
    if price is None or price.extend(quantity.value) == goods:
        return quantity, price
    return quantity, Price(amount=goods, currency=price.currency, per=quantity)


def _shared_by_all(work: Workings, making: Bill, shares: Shares) -> Shared:
    """The order's own allowances and taxes go back with the goods, its charges where the channel's terms say so."""
    document = work.order.document
    if not work.terms.returns.credits_charges:
        document = document.changed(charges=())
    whole = shares.of(document, Basis("", "", ZERO, credit_progress(work)))
    making.count(work, whole)
    return whole


def _fee(work: Workings, making: Bill, came: Sequence[Came], units: dict[str, Decimal]) -> Decimal:
    """What is kept of the price of goods that came back for a reason of the buyer's own."""
    terms = work.terms.returns
    if not terms.restocking_percent:
        return ZERO
    ours = {one.line for one in came if one.reason in terms.no_fee_for}
    charged = ZERO
    for position, states in by_position(work.lines[number] for number in units).items():
        whole = sum((units[state.number] for state in states), ZERO)
        theirs = sum((units[state.number] for state in states if state.number not in ours), ZERO)
        charged += making.goods[position] * theirs / whole
    return round_money(charged * terms.restocking_percent / 100, work.order.document.currency)


def _kept(work: Workings, making: Bill, fee: Decimal) -> list[Adjustment]:
    """What lowers the credit: the restocking fee, and what would make it more than was invoiced."""
    making.amounts["fee"] = fee
    kept = [Adjustment(code=RESTOCKING, amount=fee, description="Restocking")] if fee else []
    over = making.total - (work.order.invoiced - work.order.credited)
    if over > 0:
        making.add("allowances", over)
        kept.append(Adjustment(code=NOT_INVOICED, amount=over, description="Not invoiced"))
    return kept


def _memo(work: Workings, making: Bill, whole: Shared, receipt: ReturnReceipt, under: Return) -> CreditMemo:
    document, order = work.order.document, work.order
    return CreditMemo(
        number=derived_number(order, work.policy, "C", len(order.credits) + 1),
        invoiced_on=day_of(work.world.now, work.policy.company.time_zone),
        order_number=document.number,
        release=document.release,
        ordered_on=document.ordered_on,
        invoice_number=order.invoices[-1] if order.invoices else None,
        reason=next((part.reason for part in under.lines if part.reason), None),
        currency=document.currency,
        dates={"received": receipt.received_on},
        parties=document.parties,
        references=(
            *document.references,
            Reference(kind="returned_goods_authorization", value=under.number),
            Reference(kind="customer_reference", value=under.asked),
        ),
        lines=tuple(making.lines),
        charges=whole.charges,
        taxes=whole.taxes,
        total=making.total,
        usage=work.usage,
        extensions=document.extensions,
    )


_HEADER_REASONS: Reasons = {
    "number": "rule:derived-number", "role": "rule:credit", "purpose": "rule:credit", "invoiced_on": "rule:clock",
    "order_number": "order:number", "release": "order:release", "ordered_on": "order:ordered_on",
    "invoice_number": "rule:derived-number", "reason": "rule:return-terms", "currency": "order:currency",
    "dates.received": "source:received_on", "parties": "order:parties", "references": "rule:credit",
    "allowances": "rule:restocking-fee", "total": "rule:credit-total", "extensions": "order:extensions",
}  # fmt: skip
