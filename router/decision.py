"""What a decision reads and what it writes: both are data, kept together, so that it can be made again."""

import hashlib
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from pydantic import Field, SerializeAsAny

from canonical import Amount, Document, JournalEntry, Model, Text, canonical_json
from router.consignment import WeighedService
from router.incoming import Ahead, IncomingRow
from router.load import LoadChange, NodeLoad
from router.master_data import MasterData
from router.order import Order
from router.order_line import ZERO
from router.transit import Transit, TransitRow


class StockRow(NamedTuple):
    """What one node has of one SKU, and the row's version when it was read. A row in JSON too: a world has many."""

    sku: Text
    node: Text
    on_hand: Amount
    reserved: Amount = ZERO
    safety: Amount = ZERO
    version: int = 0

    @property
    def available(self) -> Amount:
        """What may still be promised."""
        return max(self.on_hand - self.reserved - self.safety, ZERO)


class Needs(Model):
    """Which facts a decision will read. The flow fetches them; the decision reads nothing else."""

    skus: tuple[Text, ...] = ()
    serials: int = 0
    """How many packages want a serial."""
    regions: tuple[Text, ...] = ()
    """Where the order goes, where transit is learned."""


class World(Model):
    """Every fact a decision reads, with its row version, the instant, and the digest of the configuration in force."""

    now: datetime
    configuration: Text
    stock: tuple[StockRow, ...] = ()
    loads: tuple[NodeLoad, ...] = ()
    """Of the nodes whose capacity is limited, from the day before on."""
    incoming: tuple[IncomingRow, ...] = ()
    """What is on its way, from the day before on."""
    ahead: tuple[Ahead, ...] = ()
    """Of what is on its way, how much others wait for who come first."""
    master_data: MasterData | None = None
    """What documents have told of its items, prices and customer, where they told anything."""
    transits: tuple[TransitRow, ...] = ()
    """How long goods took to where the order goes, where transit is learned."""
    first_serial: int | None = None
    """The first of as many serials for packages as were needed, given to this decision alone."""


class StockChange(NamedTuple):
    """A change to one stock row.

    A change that promises more (`reserved > 0`) holds only while `on_hand - reserved - safety >= 0` after it; a loser
    decides again. Any other is a fact that has happened and is written whatever it leaves.
    """

    sku: Text
    node: Text
    on_hand: Amount = ZERO
    reserved: Amount = ZERO
    """Deltas, either sign."""


class ReservationChange(NamedTuple):
    """How much more (or less) of a line is reserved at a node."""

    line: Text
    node: Text
    sku: Text
    quantity: Amount


class Event(NamedTuple):
    """A fact that happened to an order, in the past tense: `order_accepted`, `line_allocated`, `shipment_recorded`."""

    kind: Text
    facts: dict[str, Any]


class Outgoing(Model):
    """A document to send. `to` is the id of a partner or connection.

    `reasons` says where its values came from, where the decision is made to be explained: by path (`lines.0.quantity`),
    the longest that begins a value's path speaks for it. `source:<path>` is of the document decided on, `order:<path>`
    of the order's own document (the rest of the value's path is added to either), `rule:<name>` the rule that made it.
    """

    document: SerializeAsAny[Document]
    to: Text
    reasons: dict[str, str] = Field(default_factory=dict)

    @cached_property
    def text(self) -> str:
        """The document as JSON, absent values left out: made once, kept and compared."""
        return self.document.model_dump_json(exclude_none=True)

    @cached_property
    def reasons_text(self) -> str:
        """The reasons as JSON."""
        return canonical_json(self.reasons)

    def reason(self, path: str) -> str | None:
        """Where the value at `path` came from."""
        covering = path
        while covering and covering not in self.reasons:
            covering = covering.rpartition(".")[0]
        reason = self.reasons.get(covering)
        return reason if reason is None or reason.startswith("rule:") else reason + path[len(covering) :]


class Wake(NamedTuple):
    """When the order looks at itself again, though nobody sends it anything. One at a time of each `name`."""

    name: Text
    """What it is for, such as `question/<number>` or `hold/credit`."""
    at: datetime | None
    """None takes an earlier wish back."""
    cause: Text
    """In words, for its timeline."""


class Withdrawal(NamedTuple):
    """A question of the order that need not leave any more."""

    question: Text
    tried_too: bool
    """Whether one that was tried in vain stays here as well: not one that may have had its effect over there."""


class Trouble(Model):
    """Something a person must look at."""

    code: Text
    reason: Text
    owner: Text = "order desk"
    facts: dict[str, Any] = Field(default_factory=dict)


class Candidate(Model):
    """A node that was considered for a line."""

    node: Text
    available: Amount
    excluded: Text | None = None
    """Why it was left out; None when it stayed in."""
    cost: dict[str, Amount] = Field(default_factory=dict)
    transit: Text | None = None
    """How long its way takes and how often that held, where it was learned from the hub's own shipments."""


class LineExplanation(Model):
    """Why a line went where it went."""

    line: Text
    sku: Text | None = None
    candidates: tuple[Candidate, ...] = ()
    chosen: dict[str, Amount] = Field(default_factory=dict)
    """node -> quantity."""
    refused: Text | None = None
    """Why the line was not taken, where it was not."""
    our_price: Text | None = None
    """What we ask the channel for it, and where that is listed."""
    unfilled: Amount = ZERO
    would_have_filled: Text | None = None
    expected: Text | None = None
    """When the rest is expected, from where."""


class ConsignmentExplanation(Model):
    """Which service carries a consignment, and what every other would have cost."""

    consignment: Text
    carrier: Text
    estimated: bool = False
    chosen: Text | None = None
    services: tuple[WeighedService, ...] = ()


class Explanation(Model):
    """The decision in words and figures. Its summary and cost are kept with it; the rest is made again on demand."""

    summary: Text
    rule: Text | None = None
    """The policy rule that decided, with its file and line."""
    cost: Amount | None = None
    cost_terms: dict[str, Amount] = Field(default_factory=dict)
    runner_up: dict[str, Any] | None = None
    lines: tuple[LineExplanation, ...] = ()
    consignments: tuple[ConsignmentExplanation, ...] = ()


class Decision(Model):
    """Everything one decision writes. The writer commits it whole or not at all."""

    order: Order | None = None
    events: tuple[Event, ...] = ()
    stock: tuple[StockChange, ...] = ()
    reservations: tuple[ReservationChange, ...] = ()
    loads: tuple[LoadChange, ...] = ()
    came: tuple[Transit, ...] = ()
    """Shipments that were delivered, and how long that took."""
    send: tuple[Outgoing, ...] = ()
    postings: tuple[JournalEntry, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    wake: tuple[Wake, ...] = ()
    withdraw: tuple[Withdrawal, ...] = ()
    explanation: Explanation
    parked: bool = False
    """The document came before what it refers to: keep it and try again when its order moves."""

    @cached_property
    def texts(self) -> "Texts":
        """Its parts as JSON, made once: as such they are kept, and compared."""
        return Texts(
            order=self.order.model_dump_json() if self.order else None,
            explanation=self.explanation.model_dump_json(exclude_defaults=True),
            facts=tuple([canonical_json(event.facts) for event in self.events]),
            postings=tuple([entry.model_dump_json(exclude_none=True) for entry in self.postings]),
            rest=self.model_dump_json(exclude={"order", "explanation", "events", "send", "postings"}),
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 by which two makings of one decision are compared."""
        order, explanation, facts, postings, rest = self.texts
        kinds = [event.kind for event in self.events]
        sent = [part for outgoing in self.send for part in (outgoing.to, outgoing.text, outgoing.reasons_text)]
        parts = (order or "", explanation, *kinds, *facts, *sent, *postings, rest)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class Texts(NamedTuple):
    """A decision's parts as JSON; what it sends has its own."""

    order: str | None
    explanation: str
    facts: tuple[str, ...]
    """Of each event."""
    postings: tuple[str, ...]
    rest: str
    """Changes of stock, reservations and loads, troubles, wishes to be woken, and what is withdrawn."""
