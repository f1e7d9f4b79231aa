"""The ports of the flow: small Protocols, each owned here and implemented elsewhere, and the rows they exchange.

Store: `Inbox`, `Lanes`, `Outbox`, `StockRoom`, `Archive`, `Access`. Connectors: `Translator`, `Courier`, `Pickup`.
Surroundings: `Clock`, `Randomness`, `Identifiers`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol

from canonical import Document, Finding
from router.decision import Decision, Needs, StockRow, World
from router.order import Order

# --- surroundings ---------------------------------------------------------------------------------------------------


class Clock(Protocol):
    def now(self) -> datetime:
        """The instant, in UTC."""
        ...


class Randomness(Protocol):
    def random(self) -> float:
        """Uniform in [0, 1): for jitter only, never for a decision."""
        ...


class Identifiers(Protocol):
    def new(self) -> str:
        """A new id, unique, rising with time."""
        ...


# --- what arrives ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrival:
    """Bytes as a transport took them. `source` is the partner or connection the connection proved, None if none."""

    source: str | None
    transport: str
    content: bytes
    transport_key: str | None = None
    """What makes this transmission the same one when it comes again: an event id, an Idempotency-Key."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """File name, topic, content type, remote address; `map` or `kind` where the door knows what it is."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to an arrival. `status` is `duplicate` for the same key and content, `conflict` for other content."""

    id: str
    status: Literal["accepted", "duplicate", "conflict"]
    sha256: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Transmission:
    """An arrival as it was kept, claimed for translation under a fencing token."""

    id: str
    arrival: Arrival
    received_at: datetime
    token: str
    attempts: int = 0


# --- translation ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Incoming:
    """One native document of a transmission, translated. `document` is None when it could not be."""

    kind: str
    document: Document | None
    place: Mapping[str, Any]
    """Where in the transmission: interchange, group, set, control numbers, byte span."""
    findings: Sequence[Finding] = ()
    transport_key: str | None = None
    sender: str | None = None
    """The partner its envelope names, already held against what the connection proved."""
    accepted: bool = True
    """False when its syntax or its envelope forbids that it takes effect."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An acknowledgment to send back at once, such as a 997: canonical, with the native draft to render."""

    document: Document
    to: str
    draft: "Draft"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a transmission says."""

    documents: Sequence[Incoming] = ()
    replies: Sequence[Reply] = ()
    findings: Sequence[Finding] = ()
    """Faults of the transmission itself: not X12 at all, an unknown sender, a forged one."""
    syntax: str = ""


Numbers = Mapping[str, int]
"""Control numbers by counter name."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The bytes that will go out, and what is stored with them."""

    content: bytes
    media_type: str
    filename: str
    control: Mapping[str, Any] = field(default_factory=dict)


class Draft(Protocol):
    """A document in its native tree, wanting only the control numbers that the storing transaction gives out."""

    @property
    def counters(self) -> Sequence[str]:
        """The counters it draws one number from each, e.g. `acme/interchange`, `acme/group`."""
        ...

    @property
    def findings(self) -> Sequence[Finding]: ...

    def render(self, numbers: Numbers, at: datetime) -> Rendered: ...


class Translator(Protocol):
    """Native bytes to canonical documents and back. Pure: no I/O."""

    def read(self, content: bytes, source: str | None, facts: Mapping[str, str], received_at: datetime) -> Reading: ...

    def write(self, document: Document, to: str) -> Draft | None:
        """The draft for `to`; None when its profile does not take this kind of document."""
        ...


# --- transports -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parcel:
    """Rendered bytes on their way. `key` is the same at every attempt, so that the other side sees one effect."""

    id: str
    key: str
    destination: str
    kind: str
    content: bytes
    media_type: str
    filename: str
    attempt: int
    document: Document | None = None


@dataclass(frozen=True, slots=True)
class Handed:
    """Proof that the other side took it: a path, a status and body, an id of theirs."""

    receipt: Mapping[str, Any]


class Courier(Protocol):
    async def deliver(self, parcel: Parcel) -> Handed:
        """Hand it over. Raises `Unavailable` (try again) or `Rejected` (final)."""
        ...


class Pickup(Protocol):
    """A place to fetch from: a watched directory, an SFTP folder, an API to poll."""

    name: str

    def collect(self) -> AsyncIterator[Arrival]:
        """Yield what is there; each is finished (moved, cursor advanced) when the consumer asks for the next."""
        ...


# --- the store ------------------------------------------------------------------------------------------------------


class Inbox(Protocol):
    async def keep(self, arrival: Arrival) -> Receipt:
        """Commit an arrival before anyone is told that it was taken."""
        ...

    async def claim(self, limit: int) -> Sequence[Transmission]: ...

    async def translated(self, transmission: Transmission, reading: Reading) -> None:
        """In one transaction: documents with their identities, lane entries, replies with their bytes, exceptions."""
        ...

    async def failed(self, transmission: Transmission, reason: str) -> None:
        """Translation itself broke: try again later, after a few times an exception."""
        ...


@dataclass(frozen=True, slots=True)
class LaneEntry:
    """One document waiting for its order's decision, in sequence."""

    seq: int
    document_id: str
    document: Document
    sender: str


@dataclass(frozen=True, slots=True)
class Lane:
    """An order's lane, claimed: the order as it stands (None before its first document), and what waits for it."""

    key: str
    token: str
    order: Order | None
    entries: Sequence[LaneEntry]


class Lanes(Protocol):
    async def claim(self, limit: int) -> Sequence[Lane]: ...

    async def stock(self, needs: Needs) -> Sequence[StockRow]: ...

    async def commit(self, lane: Lane, entry: LaneEntry, world: World, decision: Decision) -> Order | None:
        """In one transaction: events, ledger, reservations, stock, outgoing documents, postings, exceptions.

        Raises `Stale` when the lane's token or a stock row no longer allows it. Returns the order as committed.
        """
        ...

    async def release(self, lane: Lane, *, retry_at: datetime | None = None) -> None: ...


class Stale(Exception):  # noqa: N818 - the field's word for a decision that lost its race
    """The world moved on under a decision: make it again."""


@dataclass(frozen=True, slots=True)
class QueuedDocument:
    """A canonical document that waits to be rendered for its destination."""

    id: str
    document: Document
    to: str
    token: str


class Outbox(Protocol):
    async def queued(self, limit: int) -> Sequence[QueuedDocument]: ...

    async def rendered(self, queued: QueuedDocument, draft: Draft | None, reason: str | None = None) -> None:
        """Allot control numbers, render and store the bytes in one transaction.

        Without a draft the document is closed as `declined` for `reason`. A draft with errors becomes an exception.
        """
        ...

    async def claim(self, limit: int) -> Sequence[Parcel]: ...

    async def delivered(self, parcel: Parcel, handed: Handed) -> None: ...

    async def failed(self, parcel: Parcel, reason: str, *, retry_at: datetime | None) -> None:
        """Note the attempt; with no `retry_at` it becomes an exception."""
        ...


class StockRoom(Protocol):
    async def set(self, sku: str, node: str, on_hand: Decimal, safety: Decimal | None = None) -> StockRow: ...

    async def availability(self, sku: str | None = None) -> Sequence[StockRow]: ...


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom an API token proved: a partner (or connection), or a role."""

    partner: str | None
    role: str | None


class Access(Protocol):
    async def issue(self, *, partner: str | None = None, role: str | None = None) -> str:
        """A new token; only its hash is kept."""
        ...

    async def bearer(self, token: str) -> Bearer | None: ...


class Archive(Protocol):
    """What people and programs may look up. Rows are plain JSON-ready mappings with the names DESIGN fixes."""

    async def orders(self, *, limit: int = 100, after: str | None = None) -> Sequence[Mapping[str, Any]]: ...

    async def order(self, order: str) -> Mapping[str, Any] | None:
        """By id or number: header, lines with ledgers, timeline, explanations, documents."""
        ...

    async def documents(self, *, limit: int = 100, order: str | None = None) -> Sequence[Mapping[str, Any]]: ...

    async def document(self, document: str) -> Mapping[str, Any] | None: ...

    async def raw(self, document: str) -> Rendered | None: ...

    async def exceptions(self, *, status: str | None = "open") -> Sequence[Mapping[str, Any]]: ...

    async def settle(self, exception: str, action: Literal["retry", "resolve"], by: str) -> bool: ...

    async def overview(self) -> Mapping[str, Any]:
        """Counts: documents in and out by kind, orders by status, journal totals by currency, open exceptions."""
        ...

    def export(self) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
        """(file stem, row) for every row of the outside auditor's files."""
        ...
