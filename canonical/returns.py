"""Goods coming back: the permission (X12 180, marketplace returns) and the arrival (X12 944)."""

from typing import Literal

from pydantic import Field

from canonical.document import Document
from canonical.model import Model, Moment, Text
from canonical.money import Price, Quantity
from canonical.party import Note, Party, Reference


class ReturnLine(Model):
    """What is to come back of an order line, and why."""

    number: Text
    order_line: Text | None = None
    items: dict[str, Text] = Field(default_factory=dict)
    description: Text | None = None
    quantity: Quantity
    price: Price | None = None
    reason: Text | None = None
    disposition: Text | None = None
    exchange: dict[str, Text] = Field(default_factory=dict)
    """The item wanted in its place, by its identifiers; none is its money back."""
    references: tuple[Reference, ...] = ()


class ReturnAuthorization(Document):
    """A return asked for or allowed."""

    number: Text
    purpose: Literal["request", "authorization", "denial", "cancel"] = "request"
    order_number: Text | None = None
    release: Text | None = None
    requested_on: Moment
    reason: Text | None = None
    dates: dict[str, Moment] = Field(default_factory=dict)
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    notes: tuple[Note, ...] = ()
    lines: tuple[ReturnLine, ...] = ()

    @property
    def identity(self) -> str:
        """Number and purpose."""
        return f"{self.number}/{self.purpose}"


class ReturnReceiptLine(Model):
    """What arrived: `quantity` in `condition`; `exceptions` counts what was damaged, short or over by its condition."""

    number: Text
    items: dict[str, Text] = Field(default_factory=dict)
    description: Text | None = None
    quantity: Quantity
    condition: Text | None = None
    exceptions: dict[str, Quantity] = Field(default_factory=dict)
    lots: tuple[Text, ...] = ()
    references: tuple[Reference, ...] = ()


class ReturnReceipt(Document):
    """What a warehouse received (back)."""

    number: Text
    """The warehouse's receipt number."""
    node: Text | None = None
    received_on: Moment
    order_number: Text | None = None
    """What it was announced under: the depositor's order or the return's authorization."""
    shipment_number: Text | None = None
    dates: dict[str, Moment] = Field(default_factory=dict)
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    notes: tuple[Note, ...] = ()
    lines: tuple[ReturnReceiptLine, ...] = ()
