"""What processes owe each other: claims that one did not live to give back, and word of new work."""

import asyncio
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Table, false, or_, update

from store.database import Database, Transaction
from store.tables import delivery, document, lane, transmission
from store.transaction import STEPS
from store.watch_tables import turn

_ROUND = 5.0
"""Seconds between two looks for processes that died."""


class Peers:
    """The other processes on the database, dead or alive. Every claim runs out by itself, with or without them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def give_back(self) -> None:
        """Make due at once what processes had claimed that are gone.

        Should one be taken for gone that is there, its tokens no longer hold, so that what it does comes to nothing;
        only a delivery may go out again, under the same key.
        """
        await self._database.write(lambda transaction: _give_back(transaction, self._database.alive(transaction)))

    async def let_go(self) -> None:
        """Make due at once what this process has claimed and will not finish."""
        await self._database.write(_let_go)

    async def listen(self) -> None:
        """Take up what one of them commits work for or leaves behind, until cancelled."""
        async with asyncio.TaskGroup() as watching:
            watching.create_task(self._database.listen())
            if self._database.shared:
                watching.create_task(self._look_after())

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(_ROUND)
            await self.give_back()


_CLAIMED = (transmission, lane, document, delivery, turn)


def _give_back(transaction: Transaction, alive: Sequence[int]) -> None:
    for table in _CLAIMED:
        there = or_(*(table.c.token.startswith(f"{worker}.") for worker in alive), false())
        _release(transaction, table, table.c.token.isnot(None) & ~there)


def _let_go(transaction: Transaction) -> None:
    for table in _CLAIMED:
        _release(transaction, table, table.c.token.startswith(f"{transaction.worker}."))


def _release(transaction: Transaction, table: Table, claimed: ColumnElement[bool]) -> None:
    """Make due at once what is claimed so."""
    if transaction.execute(update(table).where(claimed).values(token=None, due=transaction.now)).rowcount:
        transaction.announce(*STEPS)
