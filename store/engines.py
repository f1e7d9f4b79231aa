"""Where transactions run: SQLite in a thread of its own, one hop a transaction; PostgreSQL through asyncpg.

SQLite is in WAL with every commit synced. A driver that hops to its thread for each statement was measured to spend
more time hopping than writing; only what is read for long, a part at a time, goes through aiosqlite.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from threading import local
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, Row, Select, create_engine, event, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool, StaticPool

from store.neighbours import Neighbours
from store.shapes import run_plain
from store.transaction import STEPS, Step

T = TypeVar("T")
Named = tuple[str, Select[Any]]

_READERS = 2
_CHUNK = 500
_CHANNEL = "crossdock"
_WORKERS = 1128551235
"""The advisory locks that are ours: "CDoC" in ASCII."""
_ALIVE = text(
    "select objid::bigint from pg_locks join pg_database on pg_database.oid = pg_locks.database"
    " where locktype = 'advisory' and classid = :workers and datname = current_database()"
)


class Engines(Protocol):
    """Runs synchronous work over connections: one to write with, others that read beside it."""

    shared: bool
    """Whether it is made for several processes at once."""
    worker: int
    """This process among those that work on the database."""

    async def appear(self) -> None:
        """Let the others know that this process is there, for as long as it lives."""
        ...

    def alive(self, connection: Connection) -> Sequence[int]:
        """The workers that are there."""
        ...

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on the writing connection. `work` commits; whatever it leaves open is rolled back."""
        ...

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one consistent view of what is committed."""
        ...

    def stream(self, wanted: Sequence[Named]) -> AsyncIterator[tuple[str, Row[Any]]]:
        """The rows of several selects, each with its name, from one consistent view, a part at a time."""
        ...

    def announce(self, connection: Connection, steps: Set[Step]) -> None:
        """Tell other processes, when this transaction commits, that there is work for these steps."""
        ...

    async def listen(self, ring: Callable[[Set[Step]], None]) -> None:
        """Call `ring` at each announcement of another process, until cancelled."""
        ...

    async def dispose(self) -> None: ...


def engines_for(url: str) -> Engines:
    """The engines for a database URL: `sqlite://[/PATH]` or `postgresql://...`."""
    if make_url(url).get_backend_name() == "sqlite":
        return SqliteEngines(url)
    return PostgresEngines(url)


class SqliteEngines:
    """One writing thread, since a second writer would only wait; reading threads beside it, but not in memory."""

    def __init__(self, url: str) -> None:
        self._own, self._opened = local(), list[Connection]()
        self._neighbours: Neighbours | None = None
        plain = make_url(url).set(drivername="sqlite")
        self._writer = _sqlite(create_engine(plain, poolclass=StaticPool, connect_args=_SHARED), "BEGIN IMMEDIATE")
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="store-write")
        self._reader, self._reading, self._streaming = self._writer, self._writing, None
        if plain.database not in (None, "", ":memory:"):
            self._reader = _sqlite(create_engine(plain, pool_size=_READERS, connect_args=_SHARED), "BEGIN")
            self._reading = ThreadPoolExecutor(_READERS, thread_name_prefix="store-read")
            self._streaming = create_async_engine(plain.set(drivername="sqlite+aiosqlite"), poolclass=NullPool)
            _sqlite(self._streaming.sync_engine, "BEGIN")
            self._neighbours = Neighbours(Path(plain.database or ""))
        self.shared = self._neighbours is not None
        self.worker = self._neighbours.worker if self._neighbours else 0

    async def write(self, work: Callable[[Connection], T]) -> T:
        """One hop to the writing thread."""
        return await asyncio.get_running_loop().run_in_executor(self._writing, self._in_turn, work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """One hop to a reading thread."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, self._connected, self._reader, work)

    def _in_turn(self, work: Callable[[Connection], T]) -> T:
        with self._neighbours.turn() if self._neighbours else nullcontext():
            return self._connected(self._writer, work)

    def _connected(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        """Run `work` on this thread's own connection, which stays open: to take one costs as much as a small write.

        Where work fails the connection is given up: nobody knows what a commit that failed has left open in it.
        """
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = engine.connect()
            self._opened.append(connection)
        try:
            done = work(connection)
            if connection.in_transaction():
                connection.rollback()
        except BaseException:
            self._own.connection = None
            self._opened.remove(connection)
            connection.close()
            raise
        return done

    async def stream(self, wanted: Sequence[Named]) -> AsyncIterator[tuple[str, Row[Any]]]:
        """Through aiosqlite. In memory all rows are read at once, since nobody may write between them."""
        if self._streaming is None:
            for named in await self.read(lambda connection: _all_rows(connection, wanted)):
                yield named
            return
        async with self._streaming.connect() as connection:
            async for named in _streamed(connection, wanted):
                yield named

    async def appear(self) -> None:
        """Hold a lock on a file, which the system lets go of when the process dies. In memory nobody could know."""
        if self._neighbours:
            self._neighbours.appear()

    def alive(self, connection: Connection) -> Sequence[int]:  # noqa: ARG002
        """Whoever holds such a lock. In memory nobody: what is claimed was so before this process began to work."""
        return self._neighbours.alive() if self._neighbours else ()

    def announce(self, connection: Connection, steps: Set[Step]) -> None:  # noqa: ARG002
        """One datagram to each process a group commit."""
        if self._neighbours:
            self._neighbours.tell(steps)

    async def listen(self, ring: Callable[[Set[Step]], None]) -> None:
        """Hear what the others say."""
        if self._neighbours:
            await self._neighbours.listen(ring)
        await asyncio.Event().wait()

    async def dispose(self) -> None:
        """Close every connection and end the threads."""
        loop = asyncio.get_running_loop()
        if self._streaming is not None:
            await self._streaming.dispose()
        for connection in self._opened:
            await loop.run_in_executor(self._writing, connection.close)
        await loop.run_in_executor(self._reading, self._reader.dispose)
        await loop.run_in_executor(self._writing, self._writer.dispose)
        self._reading.shutdown()
        self._writing.shutdown()
        if self._neighbours:
            self._neighbours.leave()


_SHARED = {"check_same_thread": False, "timeout": 10}


def _all_rows(connection: Connection, wanted: Sequence[Named]) -> list[tuple[str, Row[Any]]]:
    return [(name, row) for name, rows in wanted for row in connection.execute(rows)]


async def _streamed(connection: AsyncConnection, wanted: Sequence[Named]) -> AsyncIterator[tuple[str, Row[Any]]]:
    for name, rows in wanted:
        async for row in await connection.stream(rows, execution_options={"yield_per": _CHUNK}):
            yield name, row


def _sqlite(engine: Engine, begin: str) -> Engine:
    """Take transactions out of the driver's hands: it would otherwise begin too late and break savepoints."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        run_plain(connection, begin)

    return engine


class PostgresEngines:
    """A pool of connections; work runs beside the event loop's other tasks in greenlets."""

    shared = True

    def __init__(self, url: str) -> None:
        asyncpg = make_url(url).set(drivername="postgresql+asyncpg")
        self._engine: AsyncEngine = create_async_engine(asyncpg)
        self._presence: AsyncConnection | None = None
        self.worker = secrets.randbelow(2**31)

    async def appear(self) -> None:
        """Hold an advisory lock, which the server lets go of when the process dies."""
        self._presence = await self._engine.connect()
        await self._presence.execute(select(func.pg_advisory_lock(_WORKERS, self.worker)))
        await self._presence.commit()

    def alive(self, connection: Connection) -> Sequence[int]:
        """Whoever holds such a lock."""
        return connection.execute(_ALIVE, {"workers": _WORKERS}).scalars().all()

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
            async for named in _streamed(connection, wanted):
                yield named

    def announce(self, connection: Connection, steps: Set[Step]) -> None:
        """One NOTIFY a group commit: one a write was measured to cost a fifth of the rate and more."""
        connection.exec_driver_sql(f"NOTIFY {_CHANNEL}, '{' '.join([str(self.worker), *sorted(steps)])}'")

    async def listen(self, ring: Callable[[Set[Step]], None]) -> None:
        """LISTEN on a connection of its own."""

        def hear(_connection: object, _process: int, _channel: str, said: str) -> None:
            worker, *steps = said.split()
            if worker != str(self.worker):
                ring(STEPS.intersection(steps))

        async with self._engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await driver.add_listener(_CHANNEL, hear)
            await asyncio.Event().wait()

    async def dispose(self) -> None:
        """Close every connection, and with them the lock."""
        if self._presence is not None:
            await self._presence.invalidate()
            await self._presence.close()
        await self._engine.dispose()
