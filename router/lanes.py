"""The port of the lanes: each order's documents wait in one, and are decided one after another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol

from canonical import Document
from router.decision import Decision, StockRow, World
from router.incoming import Ahead, IncomingRow
from router.load import NodeLoad
from router.master_data import Asked, MasterData
from router.order import Order
from router.transit import TransitRow


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
    told: bool = False
    """Whether documents have told anything of items, prices or customers."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision on one entry as its lane's holder hands it in; with its `last` one the lane is given back.

    `lane.order` is the order as last committed.
    """

    lane: Lane
    entry: LaneEntry
    world: World
    made: Decision
    last: bool = False


class Facts(NamedTuple):
    """What a round of decisions reads, as of one instant."""

    stock: Sequence[StockRow]
    """By SKU and node."""
    incoming: Sequence[IncomingRow]
    """What is on its way, from yesterday on."""
    loads: Sequence[NodeLoad]
    """What nodes of limited capacity have taken on, from yesterday on."""


AtOnce = Callable[[Lane, Callable[[Sequence[str]], Facts]], Decided | None]
"""Decides on what waits in a lane, on the facts of some SKUs; None where that takes more."""


class Lanes(Protocol):
    async def claim(self, limit: int, *, patience: float = 0, at_once: AtOnce | None = None) -> Sequence[Lane]:
        """Claim lanes with waiting documents; with none, those that get some within `patience` seconds.

        One that gets some is decided in the commit that brings it, if `at_once` can, and not given.
        """
        ...

    async def facts(self, skus: Sequence[str], *, loads: bool = False) -> Facts:
        """What decisions on these SKUs read, unlocked; what nodes have taken on only where capacity is limited."""
        ...

    async def told(self, asked: Sequence[Asked]) -> Sequence[MasterData]:
        """What documents have told of what each decision asks."""
        ...

    async def ahead(self, lane: str, priority: int, skus: Sequence[str]) -> Sequence[Ahead]:
        """How much of these those wait for who come before an order of this lane and priority."""
        ...

    async def transits(self, regions: Sequence[str], since: date) -> Sequence[TransitRow]:
        """How long shipments to these regions took that came since a day; asked only where transit is learned."""
        ...

    async def serials(self, count: int) -> int:
        """The first of `count` serials for packages, which nobody else is given."""
        ...

    async def commit(self, decided: Sequence[Decided]) -> Sequence[Order | Exception | None]:
        """Each in one transaction: events, ledger, reservations, stock, outgoing documents, postings, exceptions.

        Gives for each decision the order as it now stands, or the exception that it met: `Stale` when the lane's
        token or a stock row no longer allows it.
        """
        ...

    async def undecidable(self, lane: Lane, entry: LaneEntry, reason: str) -> None:
        """Take a document on which the decision itself broke out of the lane, as an exception."""
        ...

    async def release(self, lane: Lane, *, retry_at: datetime | None = None) -> None: ...

    async def expire(self, limit: int) -> int:
        """Turn what waited too long for what it refers to, and what is overdue, into exceptions; how many."""
        ...

    async def wake(self, limit: int) -> int:
        """Have the orders decided again whose own time has come; how many times it had."""
        ...
