"""What was paid, invoice by invoice (X12 820, settlement reports)."""

from typing import Literal

from pydantic import Field

from canonical.document import Document
from canonical.model import Amount, Currency, Model, Moment, Text
from canonical.party import Note, Party, Reference


class RemittanceAdjustment(Model):
    """Why less or more was paid. `amount` is signed: negative lowers what was paid."""

    amount: Amount
    reason: Text
    references: tuple[Reference, ...] = ()


class RemittanceLine(Model):
    """What was paid of one open item."""

    kind: Text = "invoice"
    number: Text
    """The invoice's, credit memo's or other item's number."""
    paid: Amount
    """What came of it: what was owed, less the discount and the adjustments."""
    invoiced: Amount | None = None
    discount: Amount | None = None
    dates: dict[str, Moment] = Field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    adjustments: tuple[RemittanceAdjustment, ...] = ()


class Remittance(Document):
    """A payment with what it pays. `total` is what was sent, in `currency`."""

    number: Text
    """The payment's trace or check number."""
    direction: Literal["credit", "debit"] = "credit"
    paid_on: Moment
    method: Text | None = None
    currency: Currency
    total: Amount
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    dates: dict[str, Moment] = Field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    lines: tuple[RemittanceLine, ...] = ()
    adjustments: tuple[RemittanceAdjustment, ...] = ()
    """Those that are of no line."""
