"""What a marketplace settles of an order: the money that came, and the fees that it kept of it."""

from decimal import Decimal

from canonical import Remittance
from router.books import Financial, post
from router.decision import Decision, Explanation
from router.order import ZERO
from router.request import Request, parked


def settlement(request: Request) -> Decision:
    """Post it once."""
    order, document = request.order, request.document
    assert isinstance(document, Remittance)
    if order is None:
        return parked(request, "its order has not come")
    work, number = request.work(order), document.number
    if document.identity in order.settlements:
        return work.decision(Explanation(summary=f"settlement {number} is known; nothing more follows from it"))
    [line] = document.lines
    fees: dict[str, Decimal] = {}
    for kept in line.adjustments:
        fees[kept.reason] = fees.get(kept.reason, ZERO) - kept.amount
    total = sum(fees.values(), ZERO)
    amounts = {"paid": line.paid, "fees": total, "amount": line.paid + total}
    work.amend(settlements=(*order.settlements, document.identity))
    work.tell("order_settled", settlement=number, paid=str(line.paid), fees=str(total))
    what = Financial(
        "settlement", number, amounts, document.paid_on, "source:paid_on", document.currency, {"fees": fees}
    )
    post(work, what, None)
    return work.decision(Explanation(summary=f"settlement {number}: {line.paid} came, {total} in fees was kept"))
