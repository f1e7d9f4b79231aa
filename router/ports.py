"""The ports of the flow: small Protocols, each owned here and implemented elsewhere.

The rows they exchange with the connectors live in `canonical.exchange` and are named here too.

Store: `Inbox`, `Lanes`, `Outbox`, `StockRoom`, `Archive`, `Access`. Connectors: `Translator`, `Courier`, `Pickup`.
Surroundings: `Clock`, `Randomness`, `Identifiers`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from canonical import Document
from canonical.exchange import (
    Arrival,
    Draft,
    Handed,
    Incoming,
    Numbers,
    Parcel,
    Reading,
    Rendered,
    Reply,
)
from router.lanes import Facts, Lane, LaneEntry, Lanes
from router.lookups import (
    Access,
    Archive,
    Bearer,
    Erasing,
    Holds,
    MadeDecision,
    Returns,
    StockRoom,
    WantedHold,
)
from router.outbox import Kept, Outbox, QueuedDocument, Understood, WriteAtOnce

__all__ = [
    "Access",
    "Archive",
    "Arrival",
    "Bearer",
    "Clock",
    "Courier",
    "Draft",
    "Erasing",
    "Facts",
    "Handed",
    "Holds",
    "Identifiers",
    "Inbox",
    "Incoming",
    "Kept",
    "Lane",
    "LaneEntry",
    "Lanes",
    "MadeDecision",
    "Numbers",
    "Outbox",
    "Parcel",
    "Peers",
    "Pickup",
    "QueuedDocument",
    "Randomness",
    "Reading",
    "Receipt",
    "Rendered",
    "Reply",
    "Returns",
    "Stale",
    "StockRoom",
    "Translator",
    "Transmission",
    "Turns",
    "Understood",
    "WantedHold",
    "WriteAtOnce",
]

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
    sha256: str = ""


# --- translation ----------------------------------------------------------------------------------------------------


class Translator(Protocol):
    """Native bytes to canonical documents and back. Pure: no I/O."""

    def read(self, content: bytes, source: str | None, facts: Mapping[str, str], received_at: datetime) -> Reading: ...

    def write(self, document: Document, to: str) -> Draft | None:
        """The draft for `to`; None when its profile does not take this kind of document."""
        ...


# --- transports -----------------------------------------------------------------------------------------------------


class Courier(Protocol):
    async def deliver(self, parcel: Parcel) -> Handed:
        """Hand it over. Raises `Unavailable` (try again) or `Rejected` (final)."""
        ...


class Pickup(Protocol):
    """A place to fetch from: a watched directory, an SFTP folder, an API to poll."""

    @property
    def name(self) -> str: ...

    def collect(self) -> AsyncIterator[Arrival]:
        """Yield what is there; each is finished (moved, cursor advanced) when the consumer asks for the next."""
        ...


# --- the store ------------------------------------------------------------------------------------------------------


class Inbox(Protocol):
    async def keep(self, arrival: Arrival) -> Receipt:
        """Commit an arrival before anyone is told that it was taken."""
        ...

    async def claim(self, limit: int, *, patience: float = 0) -> Sequence[Transmission]:
        """Claim what is due; with nothing due, what becomes so within `patience` seconds, at once when it does."""
        ...

    async def translated(self, understood: Sequence[tuple[Transmission, "Understood"]]) -> Sequence[Exception | None]:
        """Each in one transaction: documents with their identities, lane entries, replies with their bytes, exceptions.

        A document takes effect once it is known to be new. Gives for each transmission the exception that it met:
        `Stale` when the claim is not ours any more.
        """
        ...

    async def failed(self, transmission: Transmission, reason: str) -> None:
        """Translation itself broke: try again later, after a few times an exception."""
        ...


class Stale(Exception):  # noqa: N818 - the field's word for a decision that lost its race
    """The world moved on under a decision: make it again."""


class Turns(Protocol):
    """Whose turn it is to look at a place: one process at a time."""

    async def take(self, place: str, every: timedelta) -> str | None:
        """A token for the turn; None when another has it, or the last ended less than `every` ago."""
        ...

    async def renew(self, place: str, token: str) -> None:
        """Hold the turn for longer. Raises `Stale` when another has it."""
        ...

    async def end(self, place: str, token: str) -> None: ...


class Peers(Protocol):
    """The other processes on the same store."""

    async def give_back(self) -> None:
        """Make due at once what a process that died had claimed, where no other can be at work."""
        ...

    async def let_go(self) -> None:
        """Make due at once what this process has claimed and will not finish."""
        ...

    async def listen(self) -> None:
        """Take up what one of them commits work for, until cancelled."""
        ...
