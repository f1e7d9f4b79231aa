"""Work that orders are given by the hub itself, as documents beside those that partners send."""

from typing import Literal

from canonical import Currency, Document, Moment, RemittanceAdjustment, RemittanceLine, Text
from router.order import Hold


class Reconsider(Document):
    """Work for one order that no partner sent: its stock arrived, its hold was lifted, its time has come."""

    number: Text
    """What caused it, such as an inventory report's id: the same cause has one effect."""
    order: Text
    """The order's id."""
    cause: Text
    lifts: tuple[Text, ...] = ()
    """The kinds of holds that are lifted by it."""
    places: tuple[Hold, ...] = ()
    """Holds that a person places."""
    by: Text | None = None
    """Who lifts or places them, where a person does."""

    @property
    def identity(self) -> str:
        """Order and cause."""
        return f"{self.order}/{self.number}"


class Unanswered(Document):
    """Work for an order whose question will get no answer as it is: refused, tried in vain, or withdrawn."""

    number: Text
    """The delivery that ended."""
    order: Text
    question: Text
    reason: Text
    withdrawn: bool = False
    """Whether it never left, since the order had no use for it any more."""

    @property
    def identity(self) -> str:
        """Order and delivery."""
        return f"{self.order}/{self.number}"


class FulfilmentRefused(Document):
    """Work for an order whose fulfilment order its node's own system would not take (X12 997, 824)."""

    number: Text
    """The acknowledgment that says so."""
    order: Text
    fulfilment_order: Text
    reason: Text

    @property
    def identity(self) -> str:
        """Order, fulfilment order and acknowledgment."""
        return f"{self.order}/{self.fulfilment_order}/{self.number}"


class Settlement(Document):
    """Work for an order: its part of what was paid, or of what a marketplace or a payment provider settled."""

    number: Text
    """The payment's own: of one payer the same payment has one effect."""
    order: Text
    """The order's id; the payment's own lane for what is of no order."""
    payer: Text
    """Who tells of it."""
    remittance: Text
    """The id of the document that tells of it."""
    paid_on: Moment
    currency: Currency
    lines: tuple[RemittanceLine, ...] = ()
    adjustments: tuple[RemittanceAdjustment, ...] = ()
    """What is of no order."""

    @property
    def payment(self) -> str:
        """Payer and number."""
        return f"{self.payer}/{self.number}"

    @property
    def identity(self) -> str:
        """Order, payer and number."""
        return f"{self.order}/{self.payment}"


class ReturnVerdict(Document):
    """A person's word on a return that waits for one."""

    number: Text
    """Its own: the same verdict has one effect."""
    order: Text
    """The order's id."""
    returned: Text
    """The return's number, ours."""
    verdict: Literal["authorize", "deny"]
    by: Text

    @property
    def identity(self) -> str:
        """Order and number."""
        return f"{self.order}/{self.number}"
