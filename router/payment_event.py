"""What a payment provider says by itself: an answer that was lost on its way, or that money did not move after all."""

from decimal import Decimal

from canonical import PaymentEvent, PaymentResult
from router.advance import advance
from router.answer import acknowledge_anew
from router.decision import Decision
from router.explanation import explained
from router.order import Asked
from router.payment_result import NAME, fail, succeed
from router.questions import take_answer
from router.request import Request, parked
from router.workings import Workings


def payment_event(request: Request) -> Decision:
    """Take in what is news of it."""
    order, event = request.order, request.document
    assert isinstance(event, PaymentEvent)
    if order is None:
        return parked(request, "its order has not come")
    work = request.work(order)
    outcomes = advance(work) if _news(work, event, request.sender) else []
    acknowledge_anew(work)
    return work.decision(explained(work, outcomes, f"{request.sender} says of {event.key}: {event.status}"))


def _news(work: Workings, event: PaymentEvent, sender: str) -> bool:
    """Take it in; whether it says what was not known."""
    asked = _asked(work, event, sender)
    if asked is None:
        reason = f"{sender} says that it was asked to {event.action} {event.amount} {event.currency}, and was not"
        work.worry("payment-unasked", reason, key=event.key, event=event.event)
        return False
    if asked.status != "answered":
        take_answer(work, _answer(asked, event))
        return True
    if event.status == "done" and event.key in work.order.payments_declined:
        succeed(work, asked, event, _answer(asked, event))
        return True
    if event.status == "failed" and event.key not in work.order.payments_failed:
        fail(work, event)
        return True
    return False


def _asked(work: Workings, event: PaymentEvent, sender: str) -> Asked | None:
    """The last question about the movement, if it was asked of whoever speaks."""
    about = event.key.removeprefix(f"{work.order.id}/")
    known = [one for one in work.order.questions if (one.topic, one.about, one.to) == (NAME, about, sender)]
    return known[-1] if known else None


def _answer(asked: Asked, event: PaymentEvent) -> PaymentResult:
    return PaymentResult(
        question=asked.number,
        reference=event.reference,
        action=event.action,
        status="done" if event.status == "done" else "declined",
        amount=event.amount if event.status == "done" else Decimal(0),
        currency=event.currency,
        authorization=event.authorization,
        reason=event.reason,
    )
