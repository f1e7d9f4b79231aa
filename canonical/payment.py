"""Taking and giving back money: what a payment provider is asked to do, and what it did. Only tokens, never cards."""

from datetime import datetime
from typing import Literal

from canonical.document import Document
from canonical.model import Amount, Currency, Text
from canonical.question import Answer, Question

PaymentAction = Literal["authorize", "capture", "void", "refund"]


class PaymentCapture(Question):
    """Authorize an amount on a buyer's token, capture of an authorization, void what remains of one, or refund.

    `key` is the same for the same movement of money, however often and under whatever number it is asked for.
    """

    action: PaymentAction
    key: Text
    amount: Amount
    currency: Currency
    token: Text | None = None
    """The buyer's means of payment as the provider knows it: for `authorize`."""
    authorization: Text | None = None
    """The provider's own number of the authorization: for all else."""

    @property
    def binds(self) -> bool:
        """Money moves, or is set aside."""
        return True


class PaymentResult(Answer):
    """What the provider did. `amount` is what moved, or was set aside; nothing where it was declined."""

    action: PaymentAction
    status: Literal["done", "declined"]
    amount: Amount
    currency: Currency
    authorization: Text | None = None
    expires: datetime | None = None
    reason: Text | None = None
    """Why it was declined, in the provider's words."""


class PaymentEvent(Document):
    """What a provider says by itself of a movement of money that it was asked for: that it was made, though the answer
    to the question was lost, or that it failed after it was said to be done."""

    event: Text
    """The provider's own number of it."""
    order: Text
    key: Text
    """The movement's, as it was asked for."""
    action: PaymentAction
    status: Literal["done", "failed"]
    amount: Amount
    currency: Currency
    authorization: Text | None = None
    reference: Text | None = None
    reason: Text | None = None

    @property
    def identity(self) -> str:
        """The event's number: however often it is delivered it is one."""
        return self.event
