"""An order's lines, with a quantity ledger for each, and what nodes hold or ship of them."""

from datetime import date
from decimal import Decimal
from typing import Self

from pydantic import model_validator

from canonical import Amount, Model, Moment, Price, Quantity, Text

ZERO = Decimal(0)


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

    @property
    def to_come(self) -> Amount:
        """What is still to leave."""
        return self.open + self.backordered + self.allocated + self.released

    @model_validator(mode="after")
    def _conserved(self) -> Self:
        held = self.cancelled + self.open + self.backordered + self.allocated + self.released + self.shipped
        if held != self.ordered + self.over_shipped:
            raise ValueError(f"the ledger holds {held} of {self.ordered} ordered and {self.over_shipped} over-shipped")
        if min(self.__dict__.values()) < 0:
            raise ValueError("no bucket may fall below zero")
        if not self.credited <= self.returned <= self.shipped:
            raise ValueError(f"{self.credited} credited of {self.returned} returned of {self.shipped} shipped")
        return self


class Allocation(Model):
    """A quantity of one line that a node holds for us or was asked to ship."""

    line: Text
    node: Text
    sku: Text
    quantity: Amount
    destination: int = 0
    """Index into the order's destinations."""
    day: date | None = None
    """The day whose capacity it takes, where its node has a limited one."""
    ship_on: date | None = None
    """The day on which it is promised to leave."""
    deliver_on: date | None = None
    """The day on which it is promised to arrive."""
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
        left = self.quantity - self.shipped - self.short
        return left if left > 0 else ZERO


class Expected(Model):
    """When what a line waits for is expected to leave, from where, and to arrive."""

    node: Text
    ship_on: date
    deliver_on: date


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
    instead_of: Text | None = None
    """The SKU that was ordered, where another ships in its place."""
    quantity: Quantity
    """As ordered, in the unit ordered in."""
    expected: Expected | None = None
    """When what is backordered will come, where that is known."""
    shipped_on: Moment | None = None
    """When goods of it last left."""
    factor: Amount = Decimal(1)
    """How many of the item's own unit the unit ordered in holds."""
    price: Price | None = None
    """What one unit ordered in costs."""
    repriced: bool = False
    """True when our price took the place of the order's."""
    ledger: Ledger
    exchange_of: Text | None = None
    """The number of the return in whose place it is sent."""
    fault: Text | None = None
    """Why the line was refused, where it was."""
    fault_code: Text | None = None
    """The same for programs: `item-unknown`, `unit-unknown`, `quantity-not-positive`, ..."""
