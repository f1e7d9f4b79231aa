"""An order as the router keeps it: the sum of its documents."""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from canonical import Amount, Invoice, Model, Moment, Party, PurchaseOrder, TaxRequest, Text
from router.consignment import Consignment
from router.order_line import ZERO, Allocation, LineState

Status = Literal["held", "open", "backordered", "allocated", "released", "partly_shipped", "shipped", "cancelled"]


class ReturnedLine(Model):
    """How much of an order's line may come back, in the item's own unit, and how much has."""

    line: Text
    quantity: Amount
    received: Amount = ZERO
    reason: Text | None = None
    exchange: Text | None = None
    """The SKU that is sent in its place."""

    @property
    def outstanding(self) -> Amount:
        """What may still come."""
        return max(self.quantity - self.received, ZERO)


class Authorization(Model):
    """What the buyer's bank has set aside for us. `reference` is the provider's own number for it."""

    reference: Text
    amount: Amount
    captured: Amount = ZERO
    refunded: Amount = ZERO
    """What of that has gone back, or did not come after all."""
    expires: datetime | None = None

    @property
    def taken(self) -> Amount:
        """What was captured of it and has not gone back."""
        return max(self.captured - self.refunded, ZERO)

    @property
    def left(self) -> Amount:
        """What of it was not captured."""
        return max(self.amount - self.captured, ZERO)

    def left_at(self, instant: datetime) -> Amount:
        """What may still be captured of it."""
        return ZERO if self.expires is not None and self.expires <= instant else self.left


class Return(Model):
    """Goods that the buyer wants to send back. `number` is ours, `asked` the buyer's own for it."""

    number: Text
    asked: Text
    standing: Literal["waiting", "authorized", "denied", "withdrawn"] = "waiting"
    node: Text
    """Where the goods come back."""
    receiver: Text
    """Who will say what came: the node's operator, else our own people."""
    asked_on: Moment
    lines: tuple[ReturnedLine, ...]
    receipts: tuple[Text, ...] = ()
    """The identities of the receipts taken in under it."""

    @property
    def expected(self) -> bool:
        """Whether goods may come back under it, now or once a person has said so."""
        return self.standing in ("waiting", "authorized")


Gate = Literal["accept", "allocate", "release", "invoice"]
"""A step that can be stopped: answering the buyer, reserving goods, asking nodes to ship, sending an invoice. Nothing
ships before all but the last are open."""

Silence = Literal["wait", "proceed", "escalate"]
"""What follows when a question has had no answer by its deadline: it is waited for longer, or the order goes on with
what it can work out by itself, or a person must look."""


class Asked(Model):
    """A question of the order, and what became of it."""

    number: Text
    topic: Text
    """What it is about: `tax`, `rate`, `label`, `credit`, `fraud`, `payment`. Also the kind of the hold it places."""
    about: str = ""
    """The part of the order it is about, such as a fulfilment order's number; empty for the whole."""
    to: Text
    digest: Text
    """Of what is asked: the same is not asked twice."""
    binds: bool = False
    holds: bool = True
    """Whether the order waits for the answer."""
    status: Literal["open", "answered", "refused", "silent", "superseded", "dropped"] = "open"
    """`superseded` questions are of no account any more; `dropped` ones may still have an effect over there."""
    asked_at: datetime
    deadline: datetime | None = None
    within: timedelta
    silence: Silence
    waited: int = 0
    """How many deadlines have passed."""


HoldSilence = Literal["wait", "release", "cancel", "escalate"]
"""What follows when a hold's owner has said nothing by its deadline: it is waited for as long again, the order goes on,
or is cancelled as far as that can be done, or a person must look."""


class Hold(Model):
    """A named gate that stops the order from going on until it is lifted."""

    kind: Text
    gate: Gate = "allocate"
    """The step it stops."""
    reason: Text
    placed_at: datetime
    placed_by: Text | None = None
    """The person who placed it; None where a rule did."""
    owner: Text = "order desk"
    """Who is to speak."""
    within: timedelta | None = None
    """How long the owner has."""
    deadline: datetime | None = None
    on_silence: HoldSilence = "wait"
    two_people: bool = False
    """Whether somebody else than who placed it must lift it."""

    def why_kept(self, by: str | None) -> str | None:
        """Why a person may not lift it; None when they may."""
        if self.two_people and self.placed_by is not None and self.placed_by == by:
            return f"{by} placed the {self.kind} hold; another person must lift it"
        return None


class RecordedTax(Model):
    """The tax on an invoice as its provider keeps it, and the invoice's day."""

    amount: Amount
    on: Moment


class DraftInvoice(Model):
    """An invoice that waits for its tax: whole, but for that."""

    invoice: Invoice
    positions: tuple[int, ...]
    """The index in the order of each of its lines."""
    amounts: dict[str, Amount] = Field(default_factory=dict)
    parts: dict[str, dict[str, Amount]] = Field(default_factory=dict)
    """As a bill in the making counts them."""
    reasons: dict[str, str] = Field(default_factory=dict)
    node: Text
    destination: int
    shipment: Text


class Order(Model):
    """An order's state after its last event. `id` is the lane key: channel and number; `version` counts its events."""

    id: Text
    number: Text
    channel: Text
    version: int = 0
    priority: int = 0
    """Of those that wait for the same goods the higher is served first."""
    document: PurchaseOrder
    destinations: tuple[Party, ...] = ()
    """Where its goods go; the first is the header's."""
    lines: tuple[LineState, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    holds: tuple[Hold, ...] = ()
    questions: tuple[Asked, ...] = ()
    """Everything it has asked, the oldest first."""
    taxed: Literal["estimated", "quoted"] | None = None
    """How the document's taxes came about, where they are not its buyer's own."""
    tax_recorded: dict[str, RecordedTax] = Field(default_factory=dict)
    """By invoice, what its provider has recorded of tax."""
    unrecorded: dict[str, TaxRequest] = Field(default_factory=dict)
    """By invoice or credit memo, the tax that its provider has not confirmed to have recorded."""
    checked: dict[str, Amount] = Field(default_factory=dict)
    """By kind of hold, the amount for which whoever is asked about it has spoken."""
    answer_due: bool = False
    """Whether the buyer still waits to hear whether the order was taken."""
    fingerprint: str = ""
    """What the order said when it came, once its document follows a change; empty while the document says it."""
    sale_versions: tuple[Text, ...] = ()
    """Digests of what the ERPs that keep orders were told of it, the last one last."""
    changes: tuple[Text, ...] = ()
    """The identities of the changes it has taken in."""
    fulfilment_orders: tuple[Text, ...] = ()
    consignments: tuple[Consignment, ...] = ()
    """Those whose carriage the hub buys, the oldest first."""
    shipments: tuple[Text, ...] = ()
    """The identities of the shipment advices it has taken in."""
    invoices: tuple[Text, ...] = ()
    drafts: tuple[DraftInvoice, ...] = ()
    """Invoices that wait for their tax, the oldest first."""
    invoiced: Amount = ZERO
    """The sum of its invoices' totals."""
    adjustments_invoiced: dict[str, Amount] = Field(default_factory=dict)
    """How much of each charge, allowance and tax, its lines' and its own, has been invoiced, by its index path."""
    goods_invoiced: dict[str, Amount] = Field(default_factory=dict)
    """How much of each line's goods has been invoiced, by the line's index."""
    returns: tuple[Return, ...] = ()
    credits: tuple[Text, ...] = ()
    """The numbers of its credit memos."""
    credited: Amount = ZERO
    """The sum of its credit memos' totals."""
    amounts_credited: dict[str, Amount] = Field(default_factory=dict)
    """How much of each line's goods, and of each charge, allowance and tax, has been credited, by its index path."""
    given_back: dict[str, Amount] = Field(default_factory=dict)
    """By line, own units that the channel itself gave the money back for, and that have not come back since."""
    authorization: Authorization | None = None
    earlier: tuple[Authorization, ...] = ()
    """Authorizations that another took the place of: what is left of them goes back, and refunds go against them."""
    captured: Amount = ZERO
    """What was taken of the buyer's money, deposits included."""
    unpaid: dict[str, Amount] = Field(default_factory=dict)
    """By invoice and credit memo, what its buyer who pays our invoices still has to pay of it; below zero we owe it."""
    settlements: tuple[Text, ...] = ()
    """The payments it has taken its part of."""
    settled: Amount = ZERO
    """What a marketplace or a payment provider paid out for it, with the fees it kept."""
    payments_failed: tuple[Text, ...] = ()
    """The keys of movements that failed after they were said to be done."""
    payments_declined: tuple[Text, ...] = ()
    """The keys of movements that the provider declined."""
    refunded: Amount = ZERO
    advance: Amount = ZERO
    """What was paid for it that no invoice has used yet."""
    due: Amount = ZERO
    """What its invoices ask for beyond that, less credits and payments since; below zero we owe it to the buyer."""

    @property
    def status(self) -> Status:
        """Derived from the ledgers, never set."""
        return derive_status(self)


_BEFORE_SHIPPING: tuple[Literal["open", "backordered", "allocated", "released"], ...] = (
    "open",
    "backordered",
    "allocated",
    "released",
)


def derive_status(order: Order) -> Status:
    """The header's status: the least advanced bucket that still holds something decides. An order of which nothing is
    to come is not held, but for its invoice."""
    ledgers = [line.ledger for line in order.lines]
    unfinished = any(ledger.to_come for ledger in ledgers)
    if any(unfinished or hold.gate == "invoice" for hold in order.holds):
        return "held"
    if any(ledger.shipped for ledger in ledgers):
        return "partly_shipped" if unfinished else "shipped"
    for bucket in _BEFORE_SHIPPING:
        if any(getattr(ledger, bucket) for ledger in ledgers):
            return bucket
    return "cancelled"
