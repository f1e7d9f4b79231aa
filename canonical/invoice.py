"""What is owed: invoices and credit memos (X12 810, 812)."""

from typing import Literal

from canonical.document import Document
from canonical.model import Amount, Currency, Moment, Text
from canonical.order import Adjustment, Carrier, OrderLine, Tax, Terms
from canonical.party import Note, Party, Reference


class InvoiceLine(OrderLine):
    """A line as in the order; `quantity` is what is invoiced, `order_line` the order's own line number."""

    order_line: Text | None = None


class Invoice(Document):
    """What a buyer owes us (`receivable`), or we owe a supplier (`payable`)."""

    number: Text
    role: Literal["receivable", "payable"] = "receivable"
    purpose: Literal["original", "cancel", "replace", "duplicate"] = "original"
    type: Text | None = None
    invoiced_on: Moment
    order_number: Text | None = None
    release: Text | None = None
    ordered_on: Moment | None = None
    shipment_number: Text | None = None
    currency: Currency
    dates: dict[str, Moment] = {}  # noqa: RUF012 - pydantic copies defaults
    parties: tuple[Party, ...] = ()
    terms: tuple[Terms, ...] = ()
    carrier: Carrier | None = None
    references: tuple[Reference, ...] = ()
    notes: tuple[Note, ...] = ()
    lines: tuple[InvoiceLine, ...]
    charges: tuple[Adjustment, ...] = ()
    allowances: tuple[Adjustment, ...] = ()
    taxes: tuple[Tax, ...] = ()
    total: Amount

    @property
    def identity(self) -> str:
        """Number, role and purpose."""
        return f"{self.number}/{self.role}/{self.purpose}"


class CreditMemo(Invoice):
    """What is given back: amounts are positive and lower what is owed."""

    invoice_number: Text | None = None
    reason: Text | None = None
