"""The port of the outbox: documents to render, and rendered bytes to deliver."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from canonical import Document, Finding
from canonical.exchange import Draft, Handed, Parcel, Reading
from router.effect import Effect


@dataclass(frozen=True, slots=True)
class QueuedDocument:
    """A canonical document that waits to be rendered for its destination."""

    id: str
    document: Document
    to: str
    token: str


class Kept(NamedTuple):
    """Why a document does not leave."""

    status: Literal["withheld", "declined"]
    reason: str | None = None


WriteAtOnce = Callable[[QueuedDocument], Draft | Kept | None]
"""Puts a document into its receiver's language; None for one that can wait for its turn."""


class Understood(NamedTuple):
    """What an arrival says, as it was read at an instant, and where each of its documents takes effect."""

    reading: Reading
    effects: Sequence[Effect]
    at: datetime


class Outbox(Protocol):
    async def queued(
        self, limit: int, *, patience: float = 0, at_once: WriteAtOnce | None = None
    ) -> Sequence[QueuedDocument]:
        """Claim documents to render; with none, those that are queued within `patience` seconds.

        What `at_once` writes of a few of these is rendered in the commit that queues them, and not given.
        """
        ...

    async def rendered(self, queued: QueuedDocument, written: Draft | Kept) -> None:
        """Allot control numbers, render and store the bytes in one transaction; or close what does not leave.

        A draft with errors becomes an exception.
        """
        ...

    async def unwritable(self, queued: QueuedDocument, reason: str) -> None:
        """Close a document whose draft could not be made as an exception."""
        ...

    async def claim(
        self, limit: int, *, each: int, room: Callable[[], Mapping[str, int]], patience: float = 0
    ) -> Sequence[Parcel]:
        """Claim due deliveries; with none, those that come to be due within `patience` seconds.

        At most `each` for one destination, or as many as `room`, asked at that instant, says it has left. Of one
        order's documents for one destination, only the first unfinished is ever due.
        """
        ...

    async def delivered(self, parcel: Parcel, handed: Handed, said: Understood | None = None) -> None:
        """Note that the other side took it, and keep what it answered, in one transaction.

        With what was understood of the answer that takes effect too; else it waits in the inbox to be translated.
        """
        ...

    async def postponed(self, parcel: Parcel, *, until: datetime) -> None:
        """Let it be looked at again then: the other side is at work on it, so that no try is used up."""
        ...

    async def failed(
        self, parcel: Parcel, reason: str, *, retry_at: datetime | None, findings: Sequence[Finding] = ()
    ) -> None:
        """Note the attempt; with no `retry_at` it becomes an exception, and the order learns of its question."""
        ...
