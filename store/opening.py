"""Opens a store: the database at its newest revision, and every port over it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from router.correspondence import Correspondence
from router.ports import Clock, Identifiers
from store.access import Access
from store.anchors import Anchors
from store.archive import Archive
from store.configurations import Configurations
from store.database import CrashPoint, Database, carry_on
from store.erasing import Erasing
from store.holds import Holds
from store.inbox import Inbox
from store.lanes import Lanes
from store.outbox import Outbox
from store.peers import Peers
from store.price_offers import PriceOffers
from store.readiness import Readiness
from store.returns import Returns
from store.stock_offers import StockOffers
from store.stock_room import StockRoom
from store.summaries import Summaries
from store.turns import Turns

IN_MEMORY = "sqlite://"
"""A store that lives as long as it is open."""


@dataclass(frozen=True, slots=True)
class Store:
    """The ports of the flow and the face over one database."""

    database: Database
    inbox: Inbox
    lanes: Lanes
    outbox: Outbox
    stock: StockRoom
    offers: StockOffers
    price_offers: PriceOffers
    summaries: Summaries
    holds: Holds
    returns: Returns
    erasing: Erasing
    readiness: Readiness
    access: Access
    archive: Archive
    configurations: Configurations
    peers: Peers
    turns: Turns
    anchors: Anchors


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file."""
    return f"sqlite:///{path}"


@asynccontextmanager
async def open_store(
    url: str,
    clock: Clock,
    identifiers: Identifiers,
    *,
    agreed: Correspondence | None = None,
    crash: CrashPoint = carry_on,
    anchored: Path | None = None,
) -> AsyncIterator[Store]:
    """Open the store at `url`, and finish and close it at the end.

    `agreed` is what it follows up by; `anchored` is the file in which the head of its audit trail is noted.
    """
    database = await Database.open(url, clock, identifiers, agreed=agreed, crash=crash)
    anchors = Anchors(database, anchored)
    try:
        yield Store(
            database=database,
            inbox=Inbox(database),
            lanes=Lanes(database),
            outbox=Outbox(database),
            stock=StockRoom(database),
            offers=StockOffers(database),
            price_offers=PriceOffers(database),
            summaries=Summaries(database),
            holds=Holds(database),
            returns=Returns(database),
            erasing=Erasing(database),
            readiness=Readiness(database),
            access=Access(database),
            archive=Archive(database, anchors),
            configurations=Configurations(database),
            peers=Peers(database),
            turns=Turns(database),
            anchors=anchors,
        )
    finally:
        await database.close()
