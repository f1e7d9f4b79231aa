"""Payment in sequence: authorized money is captured before goods are released, or for each shipment; what was taken
too much goes back, and what is left of an authorization is voided.

One movement of money is asked for at a time, so that the next is worked out on what the last one did.
"""

from decimal import Decimal
from typing import Literal

from canonical import Answer, PaymentCapture, PaymentEvent, PaymentResult
from canonical.payment import PaymentAction
from router.adjustment import Basis, Progress, Shares, unit_value
from router.bill import Bill
from router.books import Financial, post
from router.charging import Charging
from router.hold import place_hold
from router.line_view import by_position
from router.order import ZERO, Asked, Authorization, Gate, Hold
from router.question import Topic, ask, heading, restate
from router.workings import Workings

NAME = "payment"


def take_deposit(work: Workings) -> None:
    """What the buyer paid before the order came stands to its credit."""
    paid = work.order.document.payment
    if paid is None:
        return
    if paid.authorization:
        known = Authorization(reference=paid.authorization, amount=paid.authorized, expires=paid.expires)
        work.amend(authorization=known)
    if paid.captured > 0:
        work.amend(advance=paid.captured, captured=paid.captured)
        _post(work, "deposit", work.order.document.number, {"amount": paid.captured})


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
    if terms is None or gate(work) is None or _under_way(work):
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
    if (back := _too_much(work)) and work.order.authorization:
        return None if _left_to_person(work) else ("refund", back)
    owed = to_collect(work)
    if not owed:
        left = _left(work)
        return ("void", left) if left and not to_come(work) else None
    if work.order.holds:
        return None
    now = owed if terms.capture == "release" else max(work.order.due, ZERO)
    if not now and not _releasable(work):
        return None
    if not _covers(work, owed):
        return "authorize", owed
    return ("capture", now) if now and (work.order.due > 0 or _releasable(work)) else None


def take_result(work: Workings, _asked: Asked, answer: Answer) -> None:
    """Money moved, or did not."""
    if not isinstance(answer, PaymentResult):
        return
    if answer.status == "declined":
        _declined(work, answer)
        return
    work.tell("payment_made", action=answer.action, amount=str(answer.amount), reference=answer.reference)
    _MOVED[answer.action](work, answer)


def take_late(work: Workings, asked: Asked, answer: Answer) -> None:
    """Money that moved has moved, though nobody waited for it any more; what is too much goes back."""
    restate(work, asked, status="answered")
    take_result(work, asked, answer)


def keep_waiting(_work: Workings, _asked: Asked) -> None:
    """A person let the order go on: what the provider says later still counts."""


PAYMENT = Topic(name=NAME, gate=gate, ask=ask_payment, take=take_result, go_without=keep_waiting, give_back=take_late)


# --- how much -------------------------------------------------------------------------------------------------------


def to_collect(work: Workings) -> Decimal:
    """What of the order's money is neither here nor given back: what is due, and what will be invoiced."""
    return max(work.order.due + to_come(work) - work.order.advance, ZERO)


def to_come(work: Workings) -> Decimal:
    """What invoices for the goods that are still to ship will ask for."""
    waiting = any(
        state.ledger.open + state.ledger.backordered + state.ledger.allocated + state.ledger.released
        for state in work.lines.values()
    )
    return max(_whole(work) - work.order.invoiced, ZERO) if waiting else ZERO


def _too_much(work: Workings) -> Decimal:
    """What the buyer has to get back: credits beyond what is due, and what was paid for goods that will not ship."""
    return max(-work.order.due, ZERO) + max(work.order.advance - to_come(work), ZERO)


def _whole(work: Workings) -> Decimal:
    """What the order's invoices will sum to, for all that was not cancelled."""
    making, shares = Bill(), Shares(work.order.document.currency, {})
    document, goods = work.order.document, Progress(ZERO, ZERO)
    for position, states in by_position(work.lines.values()).items():
        standing = sum((state.ledger.ordered - state.ledger.cancelled for state in states), ZERO)
        ordered, unit = sum((state.ledger.ordered for state in states), ZERO), unit_value(work, states[0])
        making.add("goods", shares.take(f"lines.{position}.goods", ordered * unit, Progress(standing, ordered)))
        basis = Basis(f"lines.{position}.", "", ordered * unit, Progress(standing, ordered))
        making.count(work, shares.of(document.lines[position], basis))
        goods = Progress(goods.done + standing * unit, goods.whole + ordered * unit)
    kept = Progress(goods.done, goods.done)
    making.count(work, shares.of(document, Basis("", "", goods.whole, goods), of_charges=kept))
    return making.total


def _left(work: Workings) -> Decimal:
    known = work.order.authorization
    return max(known.amount - known.captured, ZERO) if known else ZERO


def _covers(work: Workings, amount: Decimal) -> bool:
    """Whether the authorization is still good, and good for so much."""
    known = work.order.authorization
    lapsed = known is not None and known.expires is not None and known.expires <= work.world.now
    return known is not None and not lapsed and _left(work) >= amount


# --- what is asked --------------------------------------------------------------------------------------------------


def _left_to_person(work: Workings) -> bool:
    """Whether a movement was declined or failed, and nobody has said yet that it may be tried again."""
    return any(hold.kind == NAME for hold in work.order.holds)


def _under_way(work: Workings) -> bool:
    open_ones = ("open", "refused", "silent")
    return any(asked.topic == NAME and asked.status in open_ones for asked in work.order.questions)


def _of(asked: Asked, action: PaymentAction) -> bool:
    return asked.topic == NAME and asked.about.startswith(f"{action}-") and asked.status == "answered"


def _releasable(work: Workings) -> bool:
    return any(state.ledger.allocated for state in work.lines.values())


def _request(work: Workings, action: PaymentAction, amount: Decimal, about: str) -> PaymentCapture:
    paid, known = work.order.document.payment, work.order.authorization
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


def _declined(work: Workings, answer: PaymentResult) -> None:
    reason = (
        f"the provider declined to {answer.action} {answer.amount} {answer.currency}: {answer.reason or 'no reason'}"
    )
    work.tell("payment_declined", action=answer.action, reason=answer.reason)
    work.worry("payment-declined", reason, action=answer.action)
    place_hold(work, Hold(kind=NAME, gate="release", reason=reason, placed_at=work.world.now, owner=_owner(work)))


def fail(work: Workings, event: PaymentEvent) -> None:
    """A movement that was said to be done did not take place: the books say so by an entry the other way, and nothing
    is tried again before a person has looked."""
    order = work.order
    work.amend(payments_failed=(*order.payments_failed, event.key))
    work.tell("payment_failed", action=event.action, amount=str(event.amount), reason=event.reason)
    reason = f"the provider could not {event.action} {event.amount} {event.currency}, after it said that it had"
    work.worry("payment-failed", f"{reason}: {event.reason or 'no reason'}", action=event.action, key=event.key)
    place_hold(work, Hold(kind=NAME, gate="release", reason=reason, placed_at=work.world.now, owner=_owner(work)))
    if event.action == "refund":
        work.amend(refunded=order.refunded - event.amount, due=order.due - event.amount)
        _post(work, "refund", event.event, {"amount": -event.amount, "credited": -event.amount, "advance": ZERO})
    elif event.action == "capture":
        advance = min(event.amount, order.advance)
        settled = event.amount - advance
        work.amend(captured=order.captured - event.amount, due=order.due + settled, advance=order.advance - advance)
        _post(work, "capture", event.event, {"amount": -event.amount, "settled": -settled, "advance": -advance})


def _owner(work: Workings) -> str:
    terms = charging(work)
    return terms.owner if terms else "order desk"


def _authorized(work: Workings, answer: PaymentResult) -> None:
    reference = answer.authorization or answer.reference
    if reference:
        known = Authorization(reference=reference, amount=answer.amount, expires=answer.expires)
        work.amend(authorization=known)


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
    if known:
        work.amend(authorization=known.model_copy(update={"amount": known.captured}))


def _post(
    work: Workings, event: Literal["deposit", "capture", "refund"], number: str, amounts: dict[str, Decimal]
) -> None:
    on = work.world.now
    post(work, Financial(event, number, amounts, on, "rule:clock", work.order.document.currency), None)


_MOVED = {"authorize": _authorized, "capture": _captured, "refund": _refunded, "void": _voided}
