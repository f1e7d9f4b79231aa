"""Payment in sequence: authorized money is captured before goods are released, or for each shipment; what was taken
too much goes back, and what is left of an authorization is voided.

One movement of money is asked for at a time, so that the next is worked out on what the last one did.
"""

from decimal import Decimal
from typing import Literal

from canonical import Answer, Payment, PaymentCapture, PaymentEvent, PaymentResult
from canonical.payment import PaymentAction
from router.books import Financial, post
from router.charging import Charging
from router.hold import lift_holds, place_hold
from router.means_of_payment import authorize, pay_another_way, take_authorization
from router.order import ZERO, Asked, Authorization, Gate, Hold
from router.payment_due import covers, left_to_give_back, to_collect, to_come, too_much
from router.question import Topic, ask, await_again, heading, restate
from router.workings import Workings

NAME = "payment"


def take_deposit(work: Workings) -> None:
    """What the buyer paid before the order came stands to its credit."""
    paid = work.order.document.payment
    if paid is None:
        return
    take_authorization(work, paid)
    if paid.captured > 0:
        work.amend(advance=paid.captured, captured=paid.captured)
        _post(work, "deposit", work.order.document.number, {"amount": paid.captured})


def mend(work: Workings, given: Payment) -> None:
    """The buyer pays another way: what was declined is tried anew."""
    if _under_way(work):
        reason = "other means came while the earlier ones are being charged: give them again if that fails"
        work.worry("payment-under-way", reason)
        return
    pay_another_way(work, given)
    lift_holds(work, frozenset({NAME}), "the buyer pays another way")


def unsettled(work: Workings) -> bool:
    """Whether money is owed to us or by us."""
    return bool(to_collect(work) or too_much(work))


def gate(work: Workings) -> Gate | None:
    """Money is asked for before release, of real orders whose channel lets us charge."""
    charged = work.usage == "production" and charging(work) is not None
    return "release" if charged else None


def charging(work: Workings) -> Charging | None:
    """The terms on which the order's channel lets us charge."""
    terms = work.policy.channel(work.order.channel)
    return terms.charging if terms.payment == "authorized" else None


def ask_payment(work: Workings) -> None:
    """Ask for the next movement of money, if one is called for and none is under way."""
    terms = charging(work)
    if terms is None or gate(work) is None:
        return
    if moving := _under_way(work):
        if moving.status == "dropped" and _money_wanting(work, terms):
            await_again(work, moving, terms)
        return
    wanted = next_movement(work, terms)
    if wanted is None:
        return
    action, amount = wanted
    about = f"{action}-{1 + sum(_of(asked, action) for asked in work.order.questions)}"
    waits = action in ("authorize", "capture") and _releasable(work)
    ask(work, NAME, _request(work, action, amount, about), terms, about=about, holds=waits)


def next_movement(work: Workings, terms: Charging) -> tuple[PaymentAction, Decimal] | None:
    """What money should move next, and how much of it; None when all is as it should be."""
    if (back := too_much(work)) and work.order.authorization:
        return None if _left_to_person(work) else ("refund", back)
    return _charge(work, terms) or _give_back(work)


def _charge(work: Workings, terms: Charging) -> tuple[PaymentAction, Decimal] | None:
    owed = to_collect(work)
    now = owed if terms.capture == "release" else max(work.order.due, ZERO)
    if not owed or work.order.holds or not (now or _releasable(work)):
        return None
    if not covers(work, owed):
        return "authorize", owed
    return ("capture", now) if now and (work.order.due > 0 or _releasable(work)) else None


def _give_back(work: Workings) -> tuple[PaymentAction, Decimal] | None:
    """What banks keep for us in vain: of authorizations that others took the place of, and of one used up."""
    if work.order.unused:
        return "void", work.order.unused[0].left
    idle = ZERO if to_collect(work) or to_come(work) else left_to_give_back(work)
    return ("void", idle) if idle else None


def _money_wanting(work: Workings, terms: Charging) -> bool:
    """Whether what is about to be released is not paid for."""
    owed = to_collect(work)
    return bool(owed) and _releasable(work) and (terms.capture == "release" or not covers(work, owed))


def take_result(work: Workings, asked: Asked, answer: Answer) -> None:
    """Money moved, or did not."""
    if not isinstance(answer, PaymentResult):
        return
    if answer.status == "declined":
        _declined(work, asked, answer)
        return
    work.tell("payment_made", action=answer.action, amount=str(answer.amount), reference=answer.reference)
    _MOVED[answer.action](work, answer)


def take_late(work: Workings, asked: Asked, answer: Answer) -> None:
    """Money that moved has moved, though nobody waited for it any more; what is too much goes back."""
    restate(work, asked, status="answered")
    take_result(work, asked, answer)


def keep_waiting(_work: Workings, _asked: Asked) -> None:
    """A person let the order go on: what the provider says later still counts."""


def needs(work: Workings, asked: Asked) -> bool:
    """What goes back always does; money is taken only while there is any to collect."""
    return not asked.about.startswith(_TAKES) or to_collect(work) > 0


_TAKES = ("authorize-", "capture-")
PAYMENT = Topic(NAME, gate, ask_payment, take_result, keep_waiting, give_back=take_late, needs=needs)


# --- what is asked --------------------------------------------------------------------------------------------------


def _left_to_person(work: Workings) -> bool:
    """Whether a movement was declined or failed, and nobody has said yet that it may be tried again."""
    return any(hold.kind == NAME for hold in work.order.holds)


def _under_way(work: Workings) -> Asked | None:
    """The movement of which nobody knows yet how it ended."""
    moving = (one for one in work.order.questions if one.topic == NAME and one.status in _MOVING)
    return next(moving, None)


_MOVING = ("open", "refused", "silent", "dropped")


def _of(asked: Asked, action: PaymentAction) -> bool:
    return asked.topic == NAME and asked.about.startswith(f"{action}-") and asked.status == "answered"


def _releasable(work: Workings) -> bool:
    return any(state.ledger.allocated for state in work.lines.values())


def _request(work: Workings, action: PaymentAction, amount: Decimal, about: str) -> PaymentCapture:
    paid, known = work.order.document.payment, work.order.authorization
    if action == "void" and work.order.unused:
        known = work.order.unused[0]
    return PaymentCapture(
        **heading(work),
        action=action,
        key=f"{work.order.id}/{about}",
        amount=amount,
        currency=work.order.document.currency,
        token=paid.token if paid and action == "authorize" else None,
        authorization=known.reference if known and action != "authorize" else None,
    )


# --- what moved -----------------------------------------------------------------------------------------------------


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
        work.amend(refunded=order.refunded - event.amount, due=order.due - event.amount)
        _post(work, "refund", event.event, {"amount": -event.amount, "credited": -event.amount, "advance": ZERO})
    elif event.action == "capture":
        advance = min(event.amount, order.advance)
        settled = event.amount - advance
        work.amend(captured=order.captured - event.amount, due=order.due + settled, advance=order.advance - advance)
        _post(work, "capture", event.event, {"amount": -event.amount, "settled": -settled, "advance": -advance})


def _authorized(work: Workings, answer: PaymentResult) -> None:
    reference = answer.authorization or answer.reference
    if reference:
        authorize(work, Authorization(reference=reference, amount=answer.amount, expires=answer.expires))


def _captured(work: Workings, answer: PaymentResult) -> None:
    order = work.order
    settled = min(answer.amount, max(order.due, ZERO))
    advance = answer.amount - settled
    work.amend(captured=order.captured + answer.amount, due=order.due - settled, advance=order.advance + advance)
    if known := order.authorization:
        work.amend(authorization=known.model_copy(update={"captured": known.captured + answer.amount}))
    _post(work, "capture", answer.question, {"amount": answer.amount, "settled": settled, "advance": advance})


def _refunded(work: Workings, answer: PaymentResult) -> None:
    """What goes back beyond what the buyer had to get, since goods were invoiced meanwhile, is due again."""
    order = work.order
    owed = min(answer.amount, max(-order.due, ZERO))
    advance = min(answer.amount - owed, order.advance)
    credited = answer.amount - advance
    work.amend(refunded=order.refunded + answer.amount, due=order.due + credited, advance=order.advance - advance)
    _post(work, "refund", answer.question, {"amount": answer.amount, "credited": credited, "advance": advance})


def _voided(work: Workings, _answer: PaymentResult) -> None:
    known = work.order.authorization
    if work.order.unused:
        work.amend(unused=work.order.unused[1:])
    elif known:
        work.amend(authorization=known.model_copy(update={"amount": known.captured}))


def _post(
    work: Workings, event: Literal["deposit", "capture", "refund"], number: str, amounts: dict[str, Decimal]
) -> None:
    on = work.world.now
    post(work, Financial(event, number, amounts, on, "rule:clock", work.order.document.currency), None)


_MOVED = {"authorize": _authorized, "capture": _captured, "refund": _refunded, "void": _voided}
