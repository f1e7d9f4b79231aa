"""What the buyer pays with: the means an order brings, those that take their place, and what goes back to which."""

from decimal import Decimal

from canonical import Payment
from canonical.payment import PaymentAction
from router.order import Authorization
from router.order_line import ZERO
from router.workings import Workings


def take_authorization(work: Workings, paid: Payment) -> None:
    """What the buyer's bank has set aside for the order."""
    if paid.authorization:
        authorize(work, Authorization(reference=paid.authorization, amount=paid.authorized, expires=paid.expires))


def pay_another_way(work: Workings, given: Payment) -> None:
    """The buyer gives other means in the place of the earlier ones; what was paid before stays as it is."""
    before = work.order.document.payment
    kept = given.model_copy(update={"captured": before.captured}) if before else given
    work.amend(document=work.order.document.changed(payment=kept))
    if given.authorization is None:
        _put_aside(work)
    take_authorization(work, given)
    work.tell("payment_replaced")


def authorize(work: Workings, authorization: Authorization) -> None:
    """An authorization takes the place of the one there was."""
    if work.order.authorization and work.order.authorization.reference != authorization.reference:
        _put_aside(work)
    work.amend(authorization=authorization)


def authorization_for(work: Workings, action: PaymentAction) -> Authorization | None:
    """The authorization that a movement goes against: for its question, and again for the answer to it."""
    if action == "authorize":
        return None
    found = refundable(work) if action == "refund" else idle(work) if action == "void" else None
    return found or next(iter(_newest_first(work)), None)


def idle(work: Workings) -> Authorization | None:
    """An authorization that another took the place of, and of which something is still set aside."""
    return next((one for one in work.order.earlier if one.left), None)


def refundable(work: Workings) -> Authorization | None:
    """The newest authorization of which more was captured than has gone back."""
    return next((one for one in _newest_first(work) if one.taken), None)


def restate(
    work: Workings, authorization: Authorization, *, captured: Decimal = ZERO, refunded: Decimal = ZERO
) -> None:
    """So much more was captured of an authorization, or has gone back."""
    more = {"captured": authorization.captured + captured, "refunded": authorization.refunded + refunded}
    _replace(work, authorization.model_copy(update=more))


def take_back_refund(work: Workings, amount: Decimal) -> None:
    """A refund did not take place: so much may go back against its authorization again."""
    if known := next((one for one in _newest_first(work) if one.refunded >= amount), None):
        restate(work, known, refunded=-amount)


def release_rest(work: Workings, authorization: Authorization) -> None:
    """Nothing more is set aside under it."""
    _replace(work, authorization.model_copy(update={"amount": authorization.captured}))


def _newest_first(work: Workings) -> tuple[Authorization, ...]:
    current = (work.order.authorization,) if work.order.authorization else ()
    return (*current, *reversed(work.order.earlier))


def _replace(work: Workings, changed: Authorization) -> None:
    current = work.order.authorization
    if current and current.reference == changed.reference:
        work.amend(authorization=changed)
    earlier = (changed if one.reference == changed.reference else one for one in work.order.earlier)
    work.amend(earlier=tuple(earlier))


def _put_aside(work: Workings) -> None:
    """What has lapsed needs not be given back."""
    before = work.order.authorization
    if before is None:
        return
    kept = before if before.left_at(work.world.now) else before.model_copy(update={"amount": before.captured})
    work.amend(authorization=None, earlier=(*work.order.earlier, kept))
