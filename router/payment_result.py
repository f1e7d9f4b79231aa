"""What became of a movement of money: the order, the authorization and the books follow what the provider did."""

from decimal import Decimal
from typing import Literal

from canonical import Answer, PaymentEvent, PaymentResult
from canonical.payment import PaymentAction
from router import means_of_payment as means
from router.books import Financial, post
from router.charging import Charging
from router.hold import lift_holds, place_hold
from router.order import Asked, Authorization, Hold
from router.order_line import ZERO
from router.payment_due import to_come
from router.workings import Workings

NAME = "payment"


def charging(work: Workings) -> Charging | None:
    """The terms on which the order's channel lets us charge."""
    terms = work.policy.channel(work.order.channel)
    return terms.charging if terms.payment == "authorized" else None


def take_deposit(work: Workings) -> None:
    """What the buyer paid before the order came stands to its credit."""
    paid = work.order.document.payment
    if paid is None:
        return
    means.take_authorization(work, paid)
    if paid.captured > 0:
        work.amend(advance=paid.captured, captured=paid.captured)
        _post(work, "deposit", work.order.document.number, {"amount": paid.captured})


def take_result(work: Workings, asked: Asked, answer: Answer) -> None:
    """Money moved, or did not."""
    if not isinstance(answer, PaymentResult):
        return
    if answer.status == "declined":
        _declined(work, asked, answer)
        return
    work.tell("payment_made", action=answer.action, amount=str(answer.amount), reference=answer.reference)
    _MOVED[answer.action](work, answer)


def _declined(work: Workings, asked: Asked, answer: PaymentResult) -> None:
    """An authorization that can't be given back lapses by itself; anything else waits to be mended."""
    why = answer.reason or "no reason"
    reason = f"the provider declined to {answer.action} {answer.amount} {answer.currency}: {why}"
    work.tell("payment_declined", action=answer.action, reason=answer.reason)
    work.worry("payment-declined", reason, action=answer.action)
    if answer.action == "void":
        _voided(work, answer)
        return
    work.amend(payments_declined=(*work.order.payments_declined, f"{work.order.id}/{asked.about}"))
    _wait_to_be_mended(work, answer.action, reason)


def succeed(work: Workings, asked: Asked, event: PaymentEvent, answer: PaymentResult) -> None:
    """A movement that was declined took place after all: the buyer mended it at the provider."""
    left = tuple(key for key in work.order.payments_declined if key != event.key)
    work.amend(payments_declined=left)
    lift_holds(work, frozenset({NAME}), f"{event.action} succeeded after all")
    take_result(work, asked, answer)


def _wait_to_be_mended(work: Workings, action: PaymentAction, reason: str) -> None:
    """Hold the order; a buyer who has to pay for what is still to come has so long to mend it as the terms say."""
    terms, now = charging(work), work.world.now
    within = terms.mend_within if terms and action in ("authorize", "capture") and to_come(work) else None
    place_hold(
        work,
        Hold(
            kind=NAME,
            gate="release",
            reason=reason,
            placed_at=now,
            owner=terms.owner if terms else "order desk",
            within=within,
            deadline=now + within if within else None,
            on_silence=terms.unmended if terms else "wait",
        ),
    )


def fail(work: Workings, event: PaymentEvent) -> None:
    """A movement that was said to be done did not take place: the books say so by an entry the other way, and nothing
    is tried again before it is mended."""
    order = work.order
    work.amend(payments_failed=(*order.payments_failed, event.key))
    work.tell("payment_failed", action=event.action, amount=str(event.amount), reason=event.reason)
    reason = f"the provider could not {event.action} {event.amount} {event.currency}, after it said that it had"
    work.worry("payment-failed", f"{reason}: {event.reason or 'no reason'}", action=event.action, key=event.key)
    _wait_to_be_mended(work, event.action, reason)
    if event.action == "refund":
        means.take_back_refund(work, event.amount)
        work.amend(refunded=order.refunded - event.amount, due=order.due - event.amount)
        _post(work, "refund", event.event, {"amount": -event.amount, "credited": -event.amount, "advance": ZERO})
    elif event.action == "capture":
        if known := means.refundable(work):
            means.restate(work, known, refunded=min(event.amount, known.taken))
        advance = min(event.amount, order.advance)
        settled = event.amount - advance
        work.amend(captured=order.captured - event.amount, due=order.due + settled, advance=order.advance - advance)
        _post(work, "capture", event.event, {"amount": -event.amount, "settled": -settled, "advance": -advance})


def _authorized(work: Workings, answer: PaymentResult) -> None:
    reference = answer.authorization or answer.reference
    if reference:
        means.authorize(work, Authorization(reference=reference, amount=answer.amount, expires=answer.expires))


def _captured(work: Workings, answer: PaymentResult) -> None:
    order = work.order
    settled = min(answer.amount, max(order.due, ZERO))
    advance = answer.amount - settled
    work.amend(captured=order.captured + answer.amount, due=order.due - settled, advance=order.advance + advance)
    if known := order.authorization:
        means.restate(work, known, captured=answer.amount)
    _post(work, "capture", answer.question, {"amount": answer.amount, "settled": settled, "advance": advance})


def _refunded(work: Workings, answer: PaymentResult) -> None:
    """What goes back beyond what the buyer had to get, since goods were invoiced meanwhile, is due again."""
    order = work.order
    owed = min(answer.amount, max(-order.due, ZERO))
    advance = min(answer.amount - owed, order.advance)
    credited = answer.amount - advance
    if against := means.refundable(work):
        means.restate(work, against, refunded=min(answer.amount, against.taken))
    work.amend(refunded=order.refunded + answer.amount, due=order.due + credited, advance=order.advance - advance)
    _post(work, "refund", answer.question, {"amount": answer.amount, "credited": credited, "advance": advance})


def _voided(work: Workings, _answer: PaymentResult) -> None:
    if known := means.authorization_for(work, "void"):
        means.release_rest(work, known)


def _post(
    work: Workings, event: Literal["deposit", "capture", "refund"], number: str, amounts: dict[str, Decimal]
) -> None:
    on = work.world.now
    post(work, Financial(event, number, amounts, on, "rule:clock", work.order.document.currency), None)


_MOVED = {"authorize": _authorized, "capture": _captured, "refund": _refunded, "void": _voided}
