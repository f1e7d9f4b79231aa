"""What an order asks of a provider, and what the provider says: tax, credit, fraud.

A question leaves through the outbox like any document, and its answer arrives like any document.
"""

from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from canonical.document import Document
from canonical.model import Amount, Currency, Model, Moment, Text
from canonical.money import Money, Quantity
from canonical.party import Address, Party


class Question(Document):
    """Something an order must know before it goes on."""

    number: Text
    """The same for the same question: derived from the order, what it is about and what it asks."""
    order: Text
    """The order's id."""
    asked_at: datetime
    deadline: datetime | None = None
    """After it the order takes the way that its policy has for silence."""

    @property
    def binds(self) -> bool:
        """Whether asking has an effect over there: a label bought, money taken, a tax transaction recorded."""
        return False


class Answer(Document):
    """What the provider says. Under one question's number only the first one counts."""

    question: Text
    """The question's number."""
    reference: Text | None = None
    """The provider's own number for it: what to name to undo it."""
    warnings: tuple[Text, ...] = ()
    one_of: ClassVar[tuple[str, ...]] = ()
    """Fields one of which an answer of this kind gives; without any it says nothing, and is refused."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.one_of and not any(getattr(self, name) for name in self.one_of):
            raise ValueError(f"gives none of {', '.join(self.one_of)}")
        return self

    @property
    def identity(self) -> str:
        """The question it answers."""
        return self.question


# --- tax ------------------------------------------------------------------------------------------------------------


class Exemption(Model):
    """Why a customer pays no tax: a certificate, and the reason as providers code it (AvaTax entity use codes)."""

    certificate: Text | None = None
    reason: Text | None = None


class TaxLine(Model):
    """What is sold. `amount` is its price less its allowances, negative where it is given back."""

    number: Text
    items: dict[str, Text] = Field(default_factory=dict)
    description: Text | None = None
    quantity: Quantity
    amount: Amount
    tax_code: Text | None = None
    """The provider's code for what it is; the company's own word where the provider is our own table."""
    ship_to: Address | None = None
    """Where it goes, if not where the whole goes."""
    exempt: bool = False


class TaxRequest(Question):
    """What tax is due on a sale, or that it is due.

    `quote` only asks; `commit` records the sale at the provider, `adjust` replaces what was recorded, `void` takes it
    back, `refund` records goods that came back.
    """

    purpose: Literal["quote", "commit", "adjust", "void", "refund"] = "quote"
    transaction: Text
    """The number under which the provider keeps it: the order's, the invoice's, the credit memo's."""
    refunds: Text | None = None
    """The transaction that is adjusted, voided or refunded."""
    reason: Text | None = None
    on: Moment
    """Its day, whose rates hold unless `rates_on` names another."""
    rates_on: Moment | None = None
    currency: Currency
    customer: Text
    included: bool = False
    """Whether the amounts contain the tax already."""
    exemption: Exemption | None = None
    ship_from: Address
    ship_to: Address
    lines: tuple[TaxLine, ...]
    freight: Amount = Decimal(0)
    freight_tax_code: Text | None = None
    total: Amount
    """Goods and freight, without tax that is not in their prices."""
    taxed: Amount | None = None
    """What was charged for tax, where it is known already."""

    @property
    def binds(self) -> bool:
        """A quote records nothing."""
        return self.purpose != "quote"


class JurisdictionTax(Model):
    """What one jurisdiction takes of one line. `rate` is a percentage: 8.25 means 8.25 %."""

    jurisdiction: Text
    level: Literal["country", "state", "county", "city", "district"] | None = None
    name: Text | None = None
    rate: Amount
    taxable: Amount | None = None
    exempt: Amount | None = None
    amount: Amount


class TaxedLine(Model):
    """The tax on one line; `number` is the request's, or `freight`."""

    number: Text
    taxable: Amount | None = None
    amount: Amount
    taxes: tuple[JurisdictionTax, ...] = ()


FREIGHT = "freight"
"""The number of the freight among a quote's lines."""


class TaxQuote(Answer):
    """What tax is due."""

    transaction: Text | None = None
    currency: Currency | None = None
    amount: Amount
    """All tax."""
    taxable: Amount | None = None
    recorded: Amount | None = None
    """What the provider keeps as charged, where that may be another amount than it says is due."""
    lines: tuple[TaxedLine, ...] = ()
    estimated: bool = False
    """True when it was worked out from a table because the provider was silent."""


# --- who buys -------------------------------------------------------------------------------------------------------


class CreditCheck(Question):
    """Whether a customer may owe us so much more."""

    customer: Text
    identifiers: dict[str, Text] = Field(default_factory=dict)
    amount: Money


class CreditStanding(Answer):
    """How a customer stands. `decision` where the provider decides; else what is left of the limit does."""

    one_of = ("decision", "limit", "owed", "available")
    customer: Text | None = None
    decision: Literal["granted", "refused", "review"] | None = None
    limit: Money | None = None
    owed: Money | None = None
    available: Money | None = None
    overdue_days: int | None = None
    reason: Text | None = None


class FraudCheck(Question):
    """Whether an order looks honest."""

    buyer: Party | None = None
    bill_to: Party | None = None
    ship_to: Party | None = None
    amount: Money
    payment: Text | None = None
    """How it is paid: a token or a kind, never a number of a card."""
    remote_address: Text | None = None
    items: tuple[TaxLine, ...] = ()


class FraudVerdict(Answer):
    """What the provider thinks; `score` rises with the risk, from 0 to 100."""

    decision: Literal["accept", "review", "reject"]
    score: Amount | None = None
    reasons: tuple[Text, ...] = ()
