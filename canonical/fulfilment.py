"""Fulfilment: what a node is asked to ship (940), what it says it shipped (945), what the buyer is told (856)."""

from typing import Literal

from pydantic import Field, JsonValue

from canonical.document import Document
from canonical.model import Model, Moment, Text
from canonical.money import Quantity
from canonical.order import Carrier, Freight, Pack
from canonical.party import Note, Party, Reference


class FulfilmentLine(Model):
    """What to ship of one order line."""

    number: Text
    order_line: Text | None = None
    items: dict[str, Text] = Field(default_factory=dict)
    description: Text | None = None
    quantity: Quantity
    pack: Pack | None = None
    lots: tuple[Text, ...] = ()
    notes: tuple[Note, ...] = ()


class FulfilmentOrder(Document):
    """What one node is asked to ship, for one destination of one order."""

    number: Text
    order_number: Text
    purpose: Literal["original", "cancel", "replace"] = "original"
    node: Text
    ordered_on: Moment
    dates: dict[str, Moment] = Field(default_factory=dict)
    parties: tuple[Party, ...] = ()
    freight: Freight | None = None
    references: tuple[Reference, ...] = ()
    notes: tuple[Note, ...] = ()
    lines: tuple[FulfilmentLine, ...]

    @property
    def identity(self) -> str:
        """Number and purpose."""
        return f"{self.number}/{self.purpose}"


class PackageLine(Model):
    """How much of an order line lies in a package."""

    order_number: Text | None = None
    line_number: Text | None = None
    items: dict[str, Text] = Field(default_factory=dict)
    description: Text | None = None
    quantity: Quantity
    ordered: Quantity | None = None
    pack: Pack | None = None
    lots: tuple[Text, ...] = ()
    serials: tuple[Text, ...] = ()
    dates: dict[str, Moment] = Field(default_factory=dict)
    destination: Party | None = None
    """Whom it is for, where the order names several (X12 SDQ): a store behind the one ship-to."""


class Package(Model):
    """A handling unit. `parent` is the `id` of the one it stands in: a carton on its pallet."""

    id: Text
    parent: Text | None = None
    kind: Text = "carton"
    sscc: Text | None = None
    tracking_number: Text | None = None
    weight: Quantity | None = None
    references: tuple[Reference, ...] = ()
    lines: tuple[PackageLine, ...] = ()


class AdviceLine(PackageLine):
    """What the node shipped of one line of its fulfilment order: `quantity` shipped, `ordered` asked for."""

    number: Text
    status: Text | None = None


class ShipmentAdvice(Document):
    """What a node says it shipped (X12 945): the fact that moves goods and money."""

    number: Text
    """The node's shipment number."""
    fulfilment_order: Text
    order_number: Text | None = None
    shipped_on: Moment
    carrier: Carrier | None = None
    tracking_numbers: tuple[Text, ...] = ()
    dates: dict[str, Moment] = Field(default_factory=dict)
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    weight: Quantity | None = None
    packages: tuple[Package, ...] = ()
    lines: tuple[AdviceLine, ...] = ()

    @property
    def identity(self) -> str:
        """Shipment number and fulfilment order: one order may ship in parts."""
        return f"{self.number}/{self.fulfilment_order}"


class ShipmentNotice(Document):
    """What left for the buyer (role `to_buyer`), or what a supplier sends us (`from_supplier`). X12 856."""

    number: Text
    role: Literal["to_buyer", "from_supplier"] = "to_buyer"
    purpose: Literal["original", "cancel", "replace"] = "original"
    shipped_on: Moment
    created_at: Moment | None = None
    order_numbers: tuple[Text, ...] = ()
    carrier: Carrier | None = None
    freight: Freight | None = None
    tracking_numbers: tuple[Text, ...] = ()
    dates: dict[str, Moment] = Field(default_factory=dict)
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    weight: Quantity | None = None
    packages: tuple[Package, ...] = ()
    lines: tuple[PackageLine, ...] = ()
    """What travels unpacked, or was not said to be packed."""
    order_extensions: dict[str, JsonValue] = Field(default_factory=dict)
    """The orders' own extensions by order number, for channels that want their own ids back."""

    @property
    def identity(self) -> str:
        """Number, role and purpose."""
        return f"{self.number}/{self.role}/{self.purpose}"
