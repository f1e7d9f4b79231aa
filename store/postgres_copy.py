"""A PostgreSQL database copied while it works, and put into another: its tables by COPY, from one snapshot."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from asyncpg.exceptions import PostgresError
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from canonical import Unavailable
from store.migrate import migrate

_CONTENTS = "contents.json"
_COLUMNS = text(
    "select table_name, column_name from information_schema.columns"
    " where table_schema = current_schema() order by table_name, ordinal_position"
)
_VERSION = "alembic_version"
_FORMAT = "binary"
"""Exact, and the same in every version for the few types that the store has."""


class PostgresCopy:
    """The copy is a file for each table, and `contents.json`: the revision, and each table's columns.

    Satisfies `store.backup.DatabaseCopy`. Called in a thread of its own, since COPY is asynchronous here.
    """

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql+asyncpg")

    def take(self, folder: Path) -> None:
        """One snapshot; nobody waits for it."""
        asyncio.run(self._take(folder))

    def is_empty(self) -> bool:
        """Whether it has no tables."""
        return asyncio.run(self._is_empty())

    def put(self, folder: Path, data: Path) -> None:  # noqa: ARG002
        """Tables as the backup's own revision made them, filled in the same transaction; opening upgrades them."""
        asyncio.run(self._put(folder))

    async def _take(self, folder: Path) -> None:
        async with self._connected() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            tables = await _tables(connection)
            revision = (await connection.execute(text("select version_num from alembic_version"))).scalar_one()
            driver = await _driver(connection)
            for name, columns in tables.items():
                await driver.copy_from_table(name, columns=columns, output=str(folder / name), format=_FORMAT)
        (folder / _CONTENTS).write_text(json.dumps({"revision": revision, "tables": tables}))

    async def _is_empty(self) -> bool:
        async with self._connected() as connection:
            return not await _tables(connection)

    async def _put(self, folder: Path) -> None:
        contents = json.loads((folder / _CONTENTS).read_text())
        async with self._connected() as connection:
            await connection.run_sync(migrate, contents["revision"])
            driver = await _driver(connection)
            for name, columns in contents["tables"].items():
                await driver.copy_to_table(name, columns=columns, source=str(folder / name), format=_FORMAT)
            await connection.commit()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        engine = create_async_engine(self._url, poolclass=NullPool)
        try:
            async with engine.connect() as connection:
                yield connection
        except (OSError, DBAPIError, PostgresError) as error:
            raise Unavailable(f"the database refuses: {getattr(error, 'orig', error)}") from error
        finally:
            await engine.dispose()


async def _tables(connection: AsyncConnection) -> dict[str, list[str]]:
    """The store's tables and their columns."""
    tables: dict[str, list[str]] = {}
    for row in await connection.execute(_COLUMNS):
        tables.setdefault(row.table_name, []).append(row.column_name)
    tables.pop(_VERSION, None)
    return tables


async def _driver(connection: AsyncConnection) -> Any:
    """asyncpg's own connection, inside the same transaction."""
    return (await connection.get_raw_connection()).driver_connection
