"""Payment in sequence: authorized money is captured before goods are released, or for each shipment; what was taken
too much goes back, and what is left of an authorization is voided.

One movement of money is asked for at a time, so that the next is worked out on what the last one did.
"""

from decimal import Decimal

from canonical import Answer, Payment, PaymentCapture
from canonical.payment import PaymentAction
from router import means_of_payment as means
from router.charging import Charging
from router.hold import lift_holds
from router.order import Asked, Gate
from router.order_line import ZERO
from router.payment_due import covers, left_to_give_back, to_collect, to_come, too_much
from router.payment_result import NAME, charging, take_result
from router.question import Topic, ask, await_again, heading, restate
from router.workings import Workings


def mend(work: Workings, given: Payment) -> None:
    """The buyer pays another way: what was declined is tried anew."""
    if _under_way(work):
        reason = "other means came while the earlier ones are being charged: give them again if that fails"
        work.worry("payment-under-way", reason)
        return
    means.pay_another_way(work, given)
    lift_holds(work, frozenset({NAME}), "the buyer pays another way")


def unsettled(work: Workings) -> bool:
    """Whether money is owed to us or by us."""
    return bool(to_collect(work) or too_much(work))


def gate(work: Workings) -> Gate | None:
    """Money is asked for before release, of real orders whose channel lets us charge."""
    charged = work.usage == "production" and charging(work) is not None
    return "release" if charged else None


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
    if (back := too_much(work)) and (work.order.authorization or work.order.earlier):
        against = means.refundable(work)
        return None if _left_to_person(work) else ("refund", min(back, against.taken) if against else back)
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
    if earlier := means.idle(work):
        return "void", earlier.left
    rest = ZERO if to_collect(work) or to_come(work) else left_to_give_back(work)
    return ("void", rest) if rest else None


def _money_wanting(work: Workings, terms: Charging) -> bool:
    """Whether what is about to be released is not paid for."""
    owed = to_collect(work)
    return bool(owed) and _releasable(work) and (terms.capture == "release" or not covers(work, owed))


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
    paid, known = work.order.document.payment, means.authorization_for(work, action)
    return PaymentCapture(
        **heading(work),
        action=action,
        key=f"{work.order.id}/{about}",
        amount=amount,
        currency=work.order.document.currency,
        token=paid.token if paid and action == "authorize" else None,
        authorization=known.reference if known else None,
    )
