"""What can be sold: items and what lies where (X12 832, 846)."""

from pydantic import Field

from canonical.document import Document
from canonical.model import Amount, Model, Moment, Text
from canonical.money import Price, Quantity
from canonical.party import Party, Reference


class Item(Document):
    """Something we sell. `sku` is ours; `items` are the identifiers others know it by."""

    sku: Text
    items: dict[str, Text] = Field(default_factory=dict)
    description: Text | None = None
    unit: Text = "EA"
    packs: dict[str, Amount] = Field(default_factory=dict)
    """unit -> how many of `unit` are in it: `{"CA": 12}`."""
    weight: Quantity | None = None
    price: Price | None = None
    cost: Price | None = None
    classes: dict[str, Text] = Field(default_factory=dict)

    @property
    def identity(self) -> str:
        """Our SKU."""
        return self.sku


class InventoryLine(Model):
    """How much of an item is in each state: `on_hand`, `reserved`, `incoming`, ..."""

    number: Text | None = None
    items: dict[str, Text]
    description: Text | None = None
    node: Text | None = None
    quantities: dict[str, Quantity]
    dates: dict[str, Moment] = Field(default_factory=dict)
    price: Price | None = None


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
