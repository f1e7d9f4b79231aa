"""The configurations decisions were made by, kept under their digests so that a replay can find them."""

from sqlalchemy import select

from store.database import Database
from store.tables import configuration


class Configurations:
    """Configuration by digest, as JSON text."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, digest: str, content: str) -> None:
        """Keep a configuration unless it is kept already."""
        row = {"digest": digest, "content": content}
        await self._database.write(
            lambda transaction: transaction.insert_if_absent(configuration, row | {"first_seen": transaction.now})
        )

    async def find(self, digest: str) -> str | None:
        """The configuration with this digest."""
        wanted = select(configuration.c.content).where(configuration.c.digest == digest)
        return await self._database.read(lambda transaction: transaction.execute(wanted).scalar_one_or_none())
