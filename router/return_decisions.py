"""The decisions on returns: a request, a person's verdict, and the receipt of what came back."""

from canonical import ReturnAuthorization, ReturnReceipt
from router.advance import advance
from router.answer import acknowledge_anew
from router.books import post_return
from router.credit import credit
from router.decision import Decision, Explanation
from router.exchange import send_instead
from router.explanation import explained
from router.order import Order, Return
from router.order_line import ZERO
from router.own_work import ReturnVerdict
from router.questions import ask_what_is_missing
from router.receipt import receive
from router.request import Request, parked
from router.returns import request_return, settle_return, withdraw


def return_authorization(request: Request) -> Decision:
    """The buyer asks whether goods may come back, or says that they will not."""
    order, document = request.order, request.document
    assert isinstance(document, ReturnAuthorization)
    if order is None:
        return parked(request, "its order has not come")
    known = next((one for one in order.returns if one.asked == document.number), None)
    work = request.work(order)
    if document.purpose in ("authorization", "denial"):
        work.worry("return-answer-unasked", f"{request.sender} answers return {document.number}, which is ours to do")
        return work.decision(Explanation(summary=f"return {document.number}: whether goods come back is ours to say"))
    if document.purpose == "cancel":
        if known is None:
            return parked(request, f"return {document.number} was not asked for")
        return work.decision(withdraw(work, document, known))
    if known is not None:
        work.tell("return_repeated", returned=known.number, asked=document.number)
        return work.decision(Explanation(summary=f"return {document.number} is known; nothing more follows from it"))
    return work.decision(request_return(work, document))


def return_verdict(request: Request) -> Decision:
    """A person decided about a return that waited for one."""
    order, said = request.order, request.document
    assert isinstance(said, ReturnVerdict)
    known = next((one for one in order.returns if one.number == said.returned), None) if order else None
    if order is None or known is None:
        return parked(request, f"return {said.returned} is not known")
    work = request.work(order)
    return work.decision(settle_return(work, said, known))


def return_receipt(request: Request) -> Decision:
    """A node says what came back."""
    order, receipt = request.order, request.document
    assert isinstance(receipt, ReturnReceipt)
    known = next((one for one in order.returns if one.number == receipt.order_number), None) if order else None
    if order is None or known is None:
        return parked(request, f"return {receipt.order_number} is not known")
    work = request.work(order)
    if receipt.identity in known.receipts:
        work.tell("receipt_repeated", receipt=receipt.number, returned=known.number)
        return work.decision(Explanation(summary=f"receipt {receipt.number} is known; nothing more follows from it"))
    if refusal := _refused_receipt(request, order, known, receipt):
        work.worry("receipt-refused", refusal, receipt=receipt.number, sender=request.sender)
        work.tell("receipt_refused", receipt=receipt.number, reason=refusal)
        return work.decision(Explanation(summary=f"receipt {receipt.number} was refused: {refusal}"))
    came = receive(work, receipt, known)
    post_return(work, receipt, known, came)
    credit(work, receipt, known, came)
    outcomes = advance(work) if send_instead(work, known, came) else []
    ask_what_is_missing(work, "release")
    acknowledge_anew(work)
    units = sum((one.quantity for one in came), ZERO)
    summary = f"receipt {receipt.number} under return {known.number}: {units.normalize():f} units came back"
    if outcomes:
        return work.decision(explained(work, outcomes, summary))
    return work.decision(Explanation(summary=summary, rule=request.policy.rule("routing.inspection")))


def _refused_receipt(request: Request, order: Order, known: Return, receipt: ReturnReceipt) -> str | None:
    if request.sender != known.receiver:
        return f"goods at {known.node} are received by {known.receiver}, not by {request.sender}"
    if receipt.usage != order.document.usage:
        return f"it is a {receipt.usage} document about a {order.document.usage} order"
    if known.standing not in ("authorized", "withdrawn"):
        return f"return {known.number} is {known.standing}"
    return None
