"""Whether the store can do its part: take a write, at the revision this program works with, and how long work waits."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, delete, func, select

from store.database import Database, Transaction
from store.migrate import is_newest
from store.tables import delivery, document, lane, transmission
from store.watch_tables import sign_of_life

_FORGOTTEN = timedelta(days=1)

WAITING: Mapping[str, Select[Any]] = {
    # what waits -> the instant the oldest of it was due
    "transmissions": select(func.min(transmission.c.due)).where(transmission.c.status == "received"),
    "orders": select(func.min(lane.c.due)).where(lane.c.pending > 0),
    "documents": select(func.min(document.c.due)).where(document.c.status == "queued"),
    "deliveries": select(func.min(delivery.c.due)).where(delivery.c.status == "due"),
}


class Readiness:
    """Asks the store to prove itself."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def prove(self) -> None:
        """Make a durable write. Raises `Unavailable` when the store takes none: full, read-only, away."""
        await self._database.write(_give_sign)

    async def migrated(self) -> bool:
        """Whether the schema is at the newest revision."""
        return await self._database.read(lambda transaction: is_newest(transaction.connection))

    async def waiting(self) -> Mapping[str, float]:
        """For each kind of work the seconds for which the oldest that is due has waited; 0 when none is due."""
        return await self._database.read(_waiting)


def _give_sign(transaction: Transaction) -> None:
    process = {"process": str(transaction.worker)}
    if not transaction.update(sign_of_life, process, at=transaction.now):
        transaction.execute(delete(sign_of_life).where(sign_of_life.c.at < transaction.now - _FORGOTTEN))
        transaction.insert(sign_of_life, process | {"at": transaction.now})


def _waiting(transaction: Transaction) -> Mapping[str, float]:
    oldest = {name: transaction.execute(statement).scalar() for name, statement in WAITING.items()}
    return {name: _age(transaction, due) for name, due in oldest.items()}


def _age(transaction: Transaction, due: Any) -> float:
    return 0.0 if due is None else max((transaction.now - due).total_seconds(), 0.0)
