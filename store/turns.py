"""Whose turn it is to look at a place: one process at a time, and no sooner than agreed, whatever the clock does."""

from datetime import timedelta

from sqlalchemy import select

from router.ports import Stale
from store.database import Database, Transaction
from store.watch_tables import turn

LEASE = timedelta(minutes=5)
"""How long a turn lasts that is not renewed."""
_EARLY = 0.9
"""The part of the interval after which a tick counts: tickers are not exact."""


class Turns:
    """Turns as rows, held under a lease and a fencing token.

    An instant that lies further ahead than it ever can was written under another clock and binds nobody.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, place: str, every: timedelta) -> str | None:
        """A token for the turn; None when another has it, or the last ended less than `every` ago."""
        return await self._database.write(lambda transaction: _take(transaction, place, every))

    async def renew(self, place: str, token: str) -> None:
        """Begin the lease anew. Raises `Stale` when another has the turn."""

        def work(transaction: Transaction) -> None:
            due = transaction.now + LEASE
            if transaction.update(turn, {"place": place, "token": token}, due=due) == 0:
                raise Stale(f"another has the turn to look at {place}")

        await self._database.write(work)

    async def end(self, place: str, token: str) -> None:
        """Give the turn back."""

        def work(transaction: Transaction) -> None:
            transaction.set(turn, {"place": place, "token": token}, token=None, due=transaction.now)

        await self._database.write(work)


def _take(transaction: Transaction, place: str, every: timedelta) -> str | None:
    now, token = transaction.now, transaction.token()
    if transaction.insert_if_absent(turn, {"place": place, "token": token, "due": now + LEASE}):
        return token
    row = transaction.execute(select(turn).where(turn.c.place == place).with_for_update()).one()
    if (now < row.due <= now + LEASE) if row.token else (now - every * _EARLY < row.due <= now):
        return None
    transaction.set(turn, {"place": place}, token=token, due=now + LEASE)
    return token
