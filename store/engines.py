"""Where transactions run: SQLite in a thread of its own, one hop a transaction; PostgreSQL through asyncpg.

SQLite is in WAL with every commit synced. A driver that hops to its thread for each statement was measured to spend
more time hopping than writing (docs/decisions).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, Row, Select, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

T = TypeVar("T")
Named = tuple[str, Select[Any]]

_READERS = 2
_CHUNK = 500


class Engines(Protocol):
    """Runs synchronous work over connections: one to write with, others that read beside it."""

    shared: bool
    """Whether it is made for several processes at once."""

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on the writing connection. `work` commits; whatever it leaves open is rolled back."""
        ...

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one consistent view of what is committed."""
        ...

    def stream(self, wanted: Sequence[Named]) -> AsyncIterator[tuple[str, Row[Any]]]:
        """The rows of several selects, each with its name, from one consistent view, a part at a time."""
        ...

    async def dispose(self) -> None: ...


def engines_for(url: str) -> Engines:
    """The engines for a database URL: `sqlite://[/PATH]` or `postgresql://...`."""
    if make_url(url).get_backend_name() == "sqlite":
        return SqliteEngines(url)
    return PostgresEngines(url)


class SqliteEngines:
    """One writing thread, since a second writer would only wait; reading threads beside it, but not in memory."""

    shared = False

    def __init__(self, url: str) -> None:
        plain = make_url(url).set(drivername="sqlite")
        in_memory = plain.database in (None, "", ":memory:")
        self._writer = _sqlite(create_engine(plain, poolclass=StaticPool, connect_args=_SHARED), "BEGIN IMMEDIATE")
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="store-write")
        self._reader, self._reading = self._writer, self._writing
        if not in_memory:
            self._reader = _sqlite(create_engine(plain, pool_size=_READERS, connect_args=_SHARED), "BEGIN")
            self._reading = ThreadPoolExecutor(_READERS, thread_name_prefix="store-read")

    async def write(self, work: Callable[[Connection], T]) -> T:
        """One hop to the writing thread."""
        return await asyncio.get_running_loop().run_in_executor(self._writing, _connected, self._writer, work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """One hop to a reading thread."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, _connected, self._reader, work)

    async def stream(self, wanted: Sequence[Named]) -> AsyncIterator[tuple[str, Row[Any]]]:
        """A hop for each part. In memory all parts are read at once, since nobody may write between them."""
        if self._reader is self._writer:
            for named in await self.read(lambda connection: _all_rows(connection, wanted)):
                yield named
            return
        loop = asyncio.get_running_loop()
        connection = await loop.run_in_executor(self._reading, self._reader.connect)
        try:
            for name, rows in wanted:
                result = await loop.run_in_executor(self._reading, connection.execute, rows)
                while part := await loop.run_in_executor(self._reading, result.fetchmany, _CHUNK):
                    for row in part:
                        yield name, row
        finally:
            await loop.run_in_executor(self._reading, connection.close)

    async def dispose(self) -> None:
        """Close every connection and end the threads."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._reading, self._reader.dispose)
        await loop.run_in_executor(self._writing, self._writer.dispose)
        self._reading.shutdown()
        self._writing.shutdown()


_SHARED = {"check_same_thread": False, "timeout": 10}


def _connected(engine: Engine, work: Callable[[Connection], T]) -> T:
    with engine.connect() as connection:
        return work(connection)


def _all_rows(connection: Connection, wanted: Sequence[Named]) -> list[tuple[str, Row[Any]]]:
    return [(name, row) for name, rows in wanted for row in connection.execute(rows)]


def _sqlite(engine: Engine, begin: str) -> Engine:
    """Take transactions out of the driver's hands: it would otherwise begin too late and break savepoints."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


class PostgresEngines:
    """A pool of connections; work runs beside the event loop's other tasks in greenlets."""

    shared = True

    def __init__(self, url: str) -> None:
        asyncpg = make_url(url).set(drivername="postgresql+asyncpg")
        self._engine: AsyncEngine = create_async_engine(asyncpg)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run on a pooled connection."""
        async with self._engine.connect() as connection:
            return await connection.run_sync(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run on a pooled connection that sees one snapshot."""
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            return await connection.run_sync(work)

    async def stream(self, wanted: Sequence[Named]) -> AsyncIterator[tuple[str, Row[Any]]]:
        """Through server-side cursors on one snapshot."""
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            for name, rows in wanted:
                async for row in await connection.stream(rows):
                    yield name, row

    async def dispose(self) -> None:
        """Close every connection."""
        await self._engine.dispose()
