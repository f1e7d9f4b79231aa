"""An order as the router keeps it: the sum of its documents, with a quantity ledger for each line."""

from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from canonical import Amount, Model, Moment, Party, Price, PurchaseOrder, Quantity, Text

ZERO = Decimal(0)

Status = Literal["held", "open", "backordered", "allocated", "released", "partly_shipped", "shipped", "cancelled"]


class Ledger(Model):
    """Where every unit of a line is. The buckets always sum to `ordered + over_shipped`.

    `invoiced`, `returned` and `credited` are counters beside the buckets.
    """

    ordered: Amount = ZERO
    over_shipped: Amount = ZERO
    cancelled: Amount = ZERO
    open: Amount = ZERO
    backordered: Amount = ZERO
    allocated: Amount = ZERO
    released: Amount = ZERO
    shipped: Amount = ZERO
    invoiced: Amount = ZERO
    returned: Amount = ZERO
    credited: Amount = ZERO

    @model_validator(mode="after")
    def _conserved(self) -> Self:
        held = self.cancelled + self.open + self.backordered + self.allocated + self.released + self.shipped
        if held != self.ordered + self.over_shipped:
            raise ValueError(f"the ledger holds {held} of {self.ordered} ordered and {self.over_shipped} over-shipped")
        if min(self.__dict__.values()) < 0:
            raise ValueError("no bucket may fall below zero")
        return self


class Allocation(Model):
    """A quantity of one line that a node holds for us or was asked to ship."""

    line: Text
    node: Text
    sku: Text
    quantity: Amount
    destination: int = 0
    """Index into the order's destinations."""
    fulfilment_order: Text | None = None
    """Set once released."""
    fulfilment_line: Text | None = None
    """The line's number on the fulfilment order."""
    shipped: Amount = ZERO
    short: Amount = ZERO
    """What the node said it will not ship of it."""

    @property
    def outstanding(self) -> Amount:
        """What the node still holds or owes of it."""
        return max(self.quantity - self.shipped - self.short, ZERO)


class LineState(Model):
    """The standing of one order line for one destination. The ledger counts the item's own unit.

    `number` is the line's own, followed by `@<destination>` where a line goes to several.
    """

    number: Text
    position: int = 0
    """Index into the document's lines."""
    destination: int = 0
    """Index into the order's destinations."""
    sku: Text | None = None
    """None when nobody knows the item."""
    quantity: Quantity
    """As ordered, in the unit ordered in."""
    factor: Amount = Decimal(1)
    instead_of: Text | None = None
    """The SKU that was ordered, where another ships in its place."""
    """How many of the item's own unit the unit ordered in holds."""
    price: Price | None = None
    """What one unit ordered in costs."""
    repriced: bool = False
    """True when our price took the place of the order's."""
    ledger: Ledger
    fault: Text | None = None
    """Why the line was refused, where it was."""
    fault_code: Text | None = None
    """The same for programs: `item-unknown`, `unit-unknown`, `quantity-not-positive`, ..."""


class Hold(Model):
    """A named gate that stops the order from going on until it is lifted."""

    kind: Text
    gate: Literal["allocate", "release"] = "allocate"
    """The step it stops."""
    reason: Text
    placed_at: Moment
    owner: Text = "order desk"


class Order(Model):
    """An order's state after its last event. `id` is the lane key: channel and number; `version` counts its events."""

    id: Text
    number: Text
    channel: Text
    version: int = 0
    document: PurchaseOrder
    destinations: tuple[Party, ...] = ()
    """Where its goods go; the first is the header's."""
    lines: tuple[LineState, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    holds: tuple[Hold, ...] = ()
    fingerprint: str = ""
    """What the order said when it came: the document itself follows its changes."""
    changes: tuple[Text, ...] = ()
    """The identities of the changes it has taken in."""
    fulfilment_orders: tuple[Text, ...] = ()
    shipments: tuple[Text, ...] = ()
    """The identities of the shipment advices it has taken in."""
    invoices: tuple[Text, ...] = ()
    invoiced: Amount = ZERO
    """The sum of its invoices' totals."""
    adjustments_invoiced: dict[str, Amount] = Field(default_factory=dict)
    """How much of each order-level charge, allowance and tax has been invoiced, by its index path."""

    @property
    def status(self) -> Status:
        """Derived from the ledgers, never set."""
        return derive_status(self)


def derive_status(order: Order) -> Status:
    """The header's status: the least advanced bucket that still holds something decides."""
    if order.holds:
        return "held"
    totals = {
        name: sum((getattr(line.ledger, name) for line in order.lines), ZERO)
        for name in ("open", "backordered", "allocated", "released", "shipped")
    }
    if totals["shipped"]:
        unfinished = totals["open"] + totals["backordered"] + totals["allocated"] + totals["released"]
        return "partly_shipped" if unfinished else "shipped"
    for name in ("open", "backordered", "allocated", "released"):
        if totals[name]:
            return name
    return "cancelled"
