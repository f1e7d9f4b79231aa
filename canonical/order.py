"""Orders: what is asked for, changed and promised. X12 850/875, 860, 855/865."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import Field, JsonValue

from canonical.document import Document
from canonical.model import Amount, Currency, Model, Moment, Text
from canonical.money import Price, Quantity
from canonical.party import Contact, Note, Party, Reference

Purpose = Literal["original", "cancel", "change", "replace", "confirm", "duplicate", "reissue"]
Settlement = Literal["off_invoice", "bill_back", "info"]


class Terms(Model):
    """Terms of payment: percent discount when paid within days, net days, or the dates themselves."""

    kind: Text | None = None
    basis: Text | None = None
    discount_percent: Amount | None = None
    discount_days: int | None = None
    discount_due: Moment | None = None
    discount_amount: Amount | None = None
    net_days: int | None = None
    net_due: Moment | None = None
    description: Text | None = None


class Carrier(Model):
    """Who carries, and how: SCAC, service level and the routing as the buyer words it."""

    scac: Text | None = None
    service: Text | None = None
    mode: Text | None = None
    routing: Text | None = None
    leg: Text | None = None
    """Which part of the way it carries (X12 133): `origin`, `origin_to_delivery`, ..."""


class Freight(Model):
    """Who pays the freight and where title passes (X12 FOB), and the carrier asked for (X12 TD5)."""

    payment: Text | None = None
    terms: Text | None = None
    location: Text | None = None
    description: Text | None = None
    carrier: Carrier | None = None


class Adjustment(Model):
    """A charge or an allowance in the document's currency. An allowance's amount lowers what is owed."""

    code: Text
    amount: Amount | None = None
    percent: Amount | None = None
    basis: Text | None = None
    rate: Amount | None = None
    quantity: Quantity | None = None
    settlement: Settlement = "off_invoice"
    handling: Text | None = None
    """The method of handling as the source codes it, where `settlement` is too coarse."""
    description: Text | None = None
    reference: Text | None = None


class Tax(Model):
    """A tax in the document's currency. `rate` is a percentage: 8.25 means 8.25 %."""

    code: Text
    amount: Amount | None = None
    rate: Amount | None = None
    jurisdiction: Text | None = None
    exempt: Text | None = None
    included: bool = False
    """True when the prices already contain it."""
    basis: Amount | None = None
    description: Text | None = None


class Destination(Model):
    """How much of a line goes where."""

    party: Party
    quantity: Quantity


class Pack(Model):
    """How a line is packed: `inner` eaches in each pack, `size` of one; a pack's gross `weight` and `volume`."""

    count: Amount | None = None
    size: Quantity | None = None
    inner: Amount | None = None
    packaging: Text | None = None
    """The kind of package, as the source codes it: `CTN`, `PLT94`."""
    weight: Quantity | None = None
    volume: Quantity | None = None
    description: Text | None = None


class Component(Model):
    """A part of a line: of a set, a kit or an assortment (X12 SLN)."""

    number: Text
    items: dict[str, Text] = Field(default_factory=dict)
    description: Text | None = None
    relationship: Text | None = None
    quantity: Quantity | None = None
    price: Price | None = None


class OrderLine(Model):
    """One line. `items` holds every identifier given: `sku`, `gtin`, `upc`, `ean`, `buyer`, `vendor`, ..."""

    number: Text
    items: dict[str, Text] = Field(default_factory=dict)
    description: Text | None = None
    quantity: Quantity
    price: Price | None = None
    pack: Pack | None = None
    dates: dict[str, Moment] = Field(default_factory=dict)
    destinations: tuple[Destination, ...] = ()
    components: tuple[Component, ...] = ()
    charges: tuple[Adjustment, ...] = ()
    allowances: tuple[Adjustment, ...] = ()
    taxes: tuple[Tax, ...] = ()
    lots: tuple[Text, ...] = ()
    serials: tuple[Text, ...] = ()
    references: tuple[Reference, ...] = ()
    notes: tuple[Note, ...] = ()
    extensions: dict[str, JsonValue] = Field(default_factory=dict)


class Payment(Model):
    """How the buyer pays: never a card, only what the payment provider knows it by."""

    token: Text | None = None
    """The means of payment."""
    authorization: Text | None = None
    """The provider's own number of what was set aside for us."""
    authorized: Amount = Decimal(0)
    expires: datetime | None = None
    captured: Amount = Decimal(0)
    """What was paid before the order came."""


class PurchaseOrder(Document):
    """An order as its buyer placed it. `dates` may hold any of ship_not_before, ship_not_later, requested_ship,
    requested_delivery, delivery_not_before, delivery_not_later, cancel_after, promotion_start, ..."""

    number: Text
    purpose: Purpose = "original"
    type: Text = "stand_alone"
    release: Text | None = None
    ordered_on: Moment
    currency: Currency
    dates: dict[str, Moment] = Field(default_factory=dict)
    parties: tuple[Party, ...] = ()
    contacts: tuple[Contact, ...] = ()
    terms: tuple[Terms, ...] = ()
    freight: Freight | None = None
    references: tuple[Reference, ...] = ()
    notes: tuple[Note, ...] = ()
    lines: tuple[OrderLine, ...]
    charges: tuple[Adjustment, ...] = ()
    allowances: tuple[Adjustment, ...] = ()
    taxes: tuple[Tax, ...] = ()
    total: Amount | None = None
    payment: Payment | None = None

    @property
    def identity(self) -> str:
        """Number, release and purpose: a resend under new control numbers is still this document."""
        return "/".join((self.number, self.release or "", self.purpose))

    def party(self, role: str) -> Party | None:
        """The first party in `role`."""
        return next((party for party in self.parties if party.role == role), None)


Outcome = Literal[
    "accepted",
    "accepted_quantity_changed",
    "accepted_price_changed",
    "accepted_date_changed",
    "accepted_substitute",
    "accepted_with_changes",
    "backordered",
    "partly_backordered",
    "held",
    "rejected",
    "rejected_unknown_item",
    "rejected_unknown_unit",
    "rejected_unavailable",
    "cancelled",
]
"""What becomes of a line or part of it; X12 668: IA, IQ, IP, DR, IS, IC, IB, BP, IH, IR, R2, R3, R4, ID."""


class LineOutcome(Model):
    """What becomes of one quantity of a line, when it ships, and why."""

    outcome: Outcome
    quantity: Quantity
    ship_on: Moment | None = None
    deliver_on: Moment | None = None
    items: dict[str, Text] = Field(default_factory=dict)
    reason: Text | None = None


class AcknowledgedLine(Model):
    """A line of the order with its outcomes."""

    number: Text
    items: dict[str, Text] = Field(default_factory=dict)
    description: Text | None = None
    quantity: Quantity
    price: Price | None = None
    outcomes: tuple[LineOutcome, ...] = ()
    destinations: tuple[Destination, ...] = ()
    """How much of it goes where, as the order said."""
    notes: tuple[Note, ...] = ()
    extensions: dict[str, JsonValue] = Field(default_factory=dict)


class OrderAcknowledgment(Document):
    """The answer to an order (X12 855) or to its change (865)."""

    number: Text
    """The order's number."""
    purpose: Purpose = "original"
    decision: Literal["accepted", "accepted_with_changes", "rejected"]
    release: Text | None = None
    change_number: Text | None = None
    acknowledged_on: Moment
    ordered_on: Moment | None = None
    currency: Currency
    dates: dict[str, Moment] = Field(default_factory=dict)
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    notes: tuple[Note, ...] = ()
    lines: tuple[AcknowledgedLine, ...] = ()

    @property
    def identity(self) -> str:
        """Order number, release, change and purpose."""
        return "/".join((self.number, self.release or "", self.change_number or "", self.purpose))


LineChange = Literal["add", "delete", "quantity_increase", "quantity_decrease", "price", "date", "replace", "no_change"]


class ChangedLine(OrderLine):
    """A line of a change: `quantity` is the line's new total, `by` how much it rises or falls where the source says."""

    change: LineChange
    by: Quantity | None = None


class OrderChange(Document):
    """A change or cancellation of an order by its buyer (X12 860)."""

    number: Text
    change_number: Text | None = None
    purpose: Purpose = "change"
    type: Text = "stand_alone"
    release: Text | None = None
    changed_on: Moment
    ordered_on: Moment | None = None
    currency: Currency
    dates: dict[str, Moment] = Field(default_factory=dict)
    parties: tuple[Party, ...] = ()
    terms: tuple[Terms, ...] = ()
    freight: Freight | None = None
    references: tuple[Reference, ...] = ()
    notes: tuple[Note, ...] = ()
    payment: Payment | None = None
    """Other means of payment, in the place of the earlier ones."""
    lines: tuple[ChangedLine, ...] = ()
    charges: tuple[Adjustment, ...] = ()
    allowances: tuple[Adjustment, ...] = ()
    taxes: tuple[Tax, ...] = ()
    total: Amount | None = None

    @property
    def identity(self) -> str:
        """Order number, release, change number and purpose."""
        return "/".join((self.number, self.release or "", self.change_number or "", self.purpose))


def total_of_lines(lines: tuple[OrderLine, ...]) -> Decimal:
    """The sum of the rounded extensions of priced lines."""
    return sum((line.price.extend(line.quantity.value) for line in lines if line.price), Decimal(0))
