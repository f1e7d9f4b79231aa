"""What passes between the rooms beside documents: bytes as they arrive, what they say, and bytes on their way out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from canonical.document import Document
from canonical.finding import Finding

OWN_PEOPLE = "api"
"""Our own people and programs, by the API: the `source` of what a role's token sends that names no partner, and who
says what came back at a node that nobody operates for us."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Bytes as a transport took them. `source` is the partner or connection the connection proved, None if none."""

    source: str | None
    transport: str
    content: bytes
    transport_key: str | None = None
    """What makes this transmission the same one when it comes again: an event id, an Idempotency-Key."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """File name, topic, content type, remote address; `map` or `kind` where the door knows what it is.

    `updates: ignore` says that other content under the same transport key is no conflict: a list shows what it showed
    before, changed since.
    """


@dataclass(frozen=True, slots=True)
class Incoming:
    """One native document of a transmission, translated. `document` is None when it could not be."""

    kind: str
    document: Document | None
    place: Mapping[str, Any]
    """Where in the transmission: interchange, group, set, control numbers, byte span."""
    findings: Sequence[Finding] = ()
    transport_key: str | None = None
    window: timedelta | None = None
    """How long the transport key stands for this transmission; without one, for ever."""
    sender: str | None = None
    """The partner its envelope names, already held against what the connection proved."""
    accepted: bool = True
    """False when its syntax or its envelope forbids that it takes effect."""
    lineage: Mapping[str, Any] | None = None
    """For each canonical path its source place and its rule, where that was asked for."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An acknowledgment to send back at once, such as a 997: canonical, with the native draft to render."""

    document: Document
    to: str
    draft: "Draft"
    further: Sequence[Document] = ()
    """Other acknowledgments that travel in the same draft: one for every group of the transmission."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a transmission says."""

    documents: Sequence[Incoming] = ()
    replies: Sequence[Reply] = ()
    findings: Sequence[Finding] = ()
    """Faults of the transmission itself: not X12 at all, an unknown sender, a forged one."""
    syntax: str = ""
    left_alone: bool = False
    """True when nothing of it is asked for, such as an event of a topic without a map: it is kept, and that is all."""
    keeps_bytes: bool = True
    """False when its bytes hold what must not be kept: a card number."""


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
    token: str = ""
    """The claim it is delivered under. Couriers have no use for it."""
    in_doubt: bool = False
    """Whether the try before this one ended without a word of its outcome, as when the process died."""


@dataclass(frozen=True, slots=True)
class Handed:
    """Proof that the other side took it: a path, a status and body, an id of theirs."""

    receipt: Mapping[str, Any]
    answer: Arrival | None = None
    """What it said to a question, where it answers at once: kept like any arrival, together with the proof."""
