"""What an order's customer is known by in our own books changes for it, where a document has told of them."""

from canonical import Customer, Terms
from router.hold import place_hold
from router.hold_rules import trouble_of
from router.order import Hold
from router.workings import Workings

_OWNER = "credit desk"


def customer_of(work: Workings) -> Customer | None:
    """The customer, where documents have told of one."""
    return work.world.master_data.customer if work.world.master_data else None


def hold_blocked(work: Workings) -> None:
    """Hold a new order of a customer who is blocked; a test order would tell nobody anything."""
    customer = customer_of(work)
    if customer is None or not customer.blocked or work.usage == "test":
        return
    reason = f"customer {customer.number} is blocked in our books"
    hold = Hold(kind="customer", reason=reason, placed_at=work.world.now, owner=_OWNER)
    place_hold(work, hold)
    work.troubles.append(trouble_of(work, "order-held", reason, hold))


def payment_terms(work: Workings) -> tuple[tuple[Terms, ...], str]:
    """The terms of payment, and their reason: the order's own, or else the customer's."""
    customer = customer_of(work)
    if work.order.document.terms or customer is None or not customer.terms:
        return work.order.document.terms, "order:terms"
    return customer.terms, "rule:customer-terms"
