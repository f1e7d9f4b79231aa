"""The one door to the database: a function over a connection, run in a transaction.

Writes that are asked for at the same time share one commit, each in its own savepoint, so that a failing neighbour
harms nobody. When nothing is under way a write commits at once.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Self, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, Row, Select, Table
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from canonical import Unavailable
from router.correspondence import Correspondence, NothingAgreed
from router.ports import Clock, Identifiers
from store.engines import engines_for
from store.migrate import migrate
from store.shapes import careful_insertion, change, insertion, keyed

T = TypeVar("T")
CrashPoint = Callable[[str], None]
"""Called with the name of an instant, so that a test can end the process right there."""

_LARGEST_COMMIT = 50


def carry_on(instant: str) -> None:
    """The crash point of every run that is not a storm."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A connection inside its transaction, with the instant it happens at and new ids."""

    connection: Connection
    now: datetime
    new_id: Callable[[], str]
    worker: int
    agreed: Correspondence = field(default_factory=NothingAgreed)
    news: list[str] = field(default_factory=list)

    def token(self) -> str:
        """A new fencing token, which names the process that claims under it."""
        return f"{self.worker}.{self.new_id()}"

    def announce(self) -> None:
        """Say that this commit holds work for somebody, perhaps in another process."""
        self.news[:] = ["work"]

    def execute(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> CursorResult[Any]:
        return self.connection.execute(statement, rows)

    def execute_each(self, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> int:
        """Execute once a row; the number of rows touched, which not every driver counts over many."""
        if self.connection.dialect.supports_sane_multi_rowcount:
            return self.execute(statement, rows).rowcount
        return sum(self.execute(statement, [row]).rowcount for row in rows)

    def insert(self, table: Table, *rows: Mapping[str, Any]) -> None:
        """Insert rows that have the same columns."""
        if rows:
            insertion(self.connection, table, tuple(rows[0])).run(self.connection, rows)

    def insert_if_absent(self, table: Table, row: Mapping[str, Any]) -> bool:
        """Insert unless a row with this primary key is there; whether it was inserted."""
        return careful_insertion(self.connection, table, tuple(row)).run(self.connection, [row]) > 0

    def update(self, table: Table, where: Mapping[str, Any], **values: Any) -> int:
        """Set columns of the rows whose columns equal `where`; how many there were."""
        changed = change(self.connection, table, tuple(values), tuple(where))
        return changed.run(self.connection, [keyed(where, values)])


class _Job(Generic[T]):
    """A write that waits for its commit."""

    def __init__(self, work: Callable[[Transaction], T]) -> None:
        self.work = work
        self.done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.result: T | None = None
        self.error: Exception | None = None

    def attempt(self, transaction: Transaction) -> None:
        """Do the work in a savepoint; keep its own failure to itself."""
        try:
            with transaction.connection.begin_nested():
                self.result = self.work(transaction)
        except DBAPIError as error:
            if not isinstance(error, IntegrityError):
                raise
            self.error = error
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the one who asked
            self.error = error

    def settle(self) -> None:
        if self.done.done():
            return
        if self.error is None:
            self.done.set_result(self.result)  # type: ignore[arg-type]  # set whenever there was no error
        else:
            self.done.set_exception(self.error)


class Database:
    """An open database with its schema at the newest revision.

    `write` raises what the work raised, and `Unavailable` when the database cannot take it now.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        identifiers: Identifiers,
        *,
        agreed: Correspondence | None = None,
        crash: CrashPoint = carry_on,
    ) -> None:
        self._engines = engines_for(url)
        self.shared = self._engines.shared
        """Whether other processes may work on it too."""
        self._clock = clock
        self._identifiers = identifiers
        self._agreed = agreed or NothingAgreed()
        self._crash = crash
        self._waiting: deque[_Job[Any]] = deque()
        self._arrived = asyncio.Event()
        self._committing: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        url: str,
        clock: Clock,
        identifiers: Identifiers,
        *,
        agreed: Correspondence | None = None,
        crash: CrashPoint = carry_on,
    ) -> Self:
        """Open `url`, bring its schema to the newest revision and start taking writes."""
        database = cls(url, clock, identifiers, agreed=agreed, crash=crash)
        await database._engines.write(_migrate)
        await database._engines.appear()
        database._committing = asyncio.create_task(database._commit_for_ever())
        return database

    async def close(self) -> None:
        """Finish what was asked for and let go of the connections."""
        while self._waiting:
            await asyncio.wait([job.done for job in self._waiting])
        if self._committing:
            self._committing.cancel()
            await asyncio.gather(self._committing, return_exceptions=True)
        await self._engines.dispose()

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction and return its result once it is durable."""
        job = _Job(work)
        self._waiting.append(job)
        self._arrived.set()
        try:
            return await job.done
        except (OperationalError, InterfaceError, OSError) as error:
            raise Unavailable(f"the store cannot write now: {getattr(error, 'orig', error)}") from error

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on one consistent view of what is committed."""
        return await self._engines.read(lambda connection: work(self._transaction(connection)))

    def stream(self, wanted: Sequence[tuple[str, Select[Any]]]) -> AsyncIterator[tuple[str, Row[Any]]]:
        """The rows of several selects, each with its name, one after another from one consistent view."""
        return self._engines.stream(wanted)

    def alive(self, transaction: Transaction) -> Sequence[int]:
        """The workers on this database that are there, as far as it can tell."""
        return self._engines.alive(transaction.connection)

    async def listen(self, ring: Callable[[], None]) -> None:
        """Call `ring` whenever another process commits work, until cancelled."""
        await self._engines.listen(ring)

    def _transaction(self, connection: Connection) -> Transaction:
        return Transaction(connection, self._clock.now(), self._identifiers.new, self._engines.worker, self._agreed)

    async def _commit_for_ever(self) -> None:
        while True:
            await self._arrived.wait()
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _LARGEST_COMMIT))]
            if not self._waiting:
                self._arrived.clear()
            if batch:
                await self._commit(batch)

    async def _commit(self, batch: Sequence[_Job[Any]]) -> None:
        """Commit the jobs together; when the database itself refuses, each alone, so that one cannot fail all."""
        try:
            await self._engines.write(lambda connection: self._commit_together(connection, batch))
        except Exception as error:  # noqa: BLE001 - every waiting caller must learn of it
            if len(batch) > 1:
                for job in batch:
                    job.error = None
                    await self._commit([job])
                return
            batch[0].error = error
        for job in batch:
            job.settle()

    def _commit_together(self, connection: Connection, batch: Sequence[_Job[Any]]) -> None:
        transaction = self._transaction(connection)
        for job in batch:
            job.attempt(transaction)
        if transaction.news:
            self._engines.announce(connection)
        self._crash("before-commit")
        connection.commit()
        self._crash("after-commit")


def _migrate(connection: Connection) -> None:
    migrate(connection)
    connection.commit()
