"""An order as the router keeps it: the sum of its documents, with a quantity ledger for each line."""

from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from canonical import Address, Amount, Model, Moment, PurchaseOrder, Quantity, Text

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
        if min(self.model_dump().values()) < 0:
            raise ValueError("no bucket may fall below zero")
        return self


class Allocation(Model):
    """A quantity of one line that a node holds for us or was asked to ship."""

    line: Text
    node: Text
    sku: Text
    quantity: Amount
    fulfilment_order: Text | None = None
    """Set once released."""
    shipped: Amount = ZERO
    short: Amount = ZERO
    """What the node said it will not ship of it."""


class LineState(Model):
    """One order line's standing. Quantities count the item's own unit; `unit` is the one ordered in."""

    number: Text
    sku: Text | None = None
    """None when nobody knows the item."""
    quantity: Quantity
    ledger: Ledger
    fault: Text | None = None
    """Why the line was refused, where it was."""


class Hold(Model):
    """A named gate that stops the order from going on until it is lifted."""

    kind: Text
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
    ship_to: Address | None = None
    lines: tuple[LineState, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    holds: tuple[Hold, ...] = ()
    shipments: tuple[Text, ...] = ()
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
