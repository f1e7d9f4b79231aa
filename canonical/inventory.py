"""What lies where, and what is on its way (X12 846)."""

from pydantic import Field

from canonical.document import Document
from canonical.model import Model, Moment, Text
from canonical.money import Price, Quantity
from canonical.party import Party, Reference

_TO_COME = ("incoming", "on_order", "stock_transfers_in")
_COMES_ON = ("product_availability", "available", "estimated_arrival", "estimated_delivery", "promised_delivery",
             "current_delivery", "requested_delivery")  # fmt: skip


class InventoryLine(Model):
    """How much of an item is in each state: `on_hand`, `reserved`, `incoming`, ..."""

    number: Text | None = None
    items: dict[str, Text]
    description: Text | None = None
    node: Text | None = None
    quantities: dict[str, Quantity]
    dates: dict[str, Moment] = Field(default_factory=dict)
    price: Price | None = None

    @property
    def to_come(self) -> tuple[Quantity, Moment | None] | None:
        """What is on its way, and the day or instant it comes where the line names it (X12 846: QTY01 63 or 77, DTM01
        018, 169, 371, ...). None where it says nothing of it."""
        quantity = next((self.quantities[name] for name in _TO_COME if name in self.quantities), None)
        if quantity is None:
            return None
        return quantity, next((self.dates[name] for name in _COMES_ON if name in self.dates), None)


class InventoryReport(Document):
    """What a node, supplier or shop holds, or what we tell a channel we can promise."""

    number: Text
    node: Text | None = None
    as_of: Moment
    dates: dict[str, Moment] = Field(default_factory=dict)
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    lines: tuple[InventoryLine, ...] = ()

    @property
    def identity(self) -> str:
        """Report number, node and instant."""
        return f"{self.number}/{self.node or ''}/{self.as_of.isoformat()}"
