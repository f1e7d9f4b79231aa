"""Claims that a process took and did not live to give back."""

from sqlalchemy import update

from store.database import Database, Transaction
from store.tables import delivery, document, lane, transmission


class Leases:
    """Every claim runs out by itself; where only one process works on a database, none needs to be waited for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def give_back(self) -> None:
        """Make due at once what a process that died had claimed, where the database can have no other worker.

        Should one be there all the same, its token no longer holds, so that what it does comes to nothing; only a
        delivery may go out again, under the same key.
        """
        if self._database.shared:
            return
        await self._database.write(_give_back)


def _give_back(transaction: Transaction) -> None:
    for table in (transmission, lane, document, delivery):
        claimed = update(table).where(table.c.token.isnot(None))
        transaction.execute(claimed.values(token=None, due=transaction.now))
