"""What the buyer pays with: what an order brings, what a change puts in its place, and authorizations nobody needs."""

from canonical import Payment
from router.order import Authorization
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
    if given.authorization is None and work.order.authorization:
        _put_aside(work, work.order.authorization)
        work.amend(authorization=None)
    take_authorization(work, given)
    work.tell("payment_replaced")


def authorize(work: Workings, authorization: Authorization) -> None:
    """An authorization takes the place of the one there was, whose rest is to be given back."""
    before = work.order.authorization
    if before and before.reference != authorization.reference:
        _put_aside(work, before)
    work.amend(authorization=authorization)


def _put_aside(work: Workings, authorization: Authorization) -> None:
    if authorization.left_at(work.world.now):
        work.amend(unused=(*work.order.unused, authorization))
