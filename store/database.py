"""The one door to the database: functions over a transaction, which share commits.

Writes that are asked for at the same time share one commit. When one of them fails, the halves are tried again each by
itself, so that in the end it fails alone and harms nobody. When nothing is under way a write commits at once.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence, Set
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Row, Select
from sqlalchemy.exc import ArgumentError, DBAPIError

from canonical import Unavailable
from router.correspondence import Correspondence, NothingAgreed
from router.ports import Clock, Identifiers
from store.away import REFUSALS, away, no_store
from store.blocks import write_block
from store.claims import AtOnce, Claim, Claims, Trial
from store.engines import engines_for
from store.migrate import migrate
from store.recent import Recent
from store.transaction import Step, Transaction

__all__ = ["CrashPoint", "Database", "Transaction", "carry_on"]

T = TypeVar("T")
Asked = TypeVar("Asked")
CrashPoint = Callable[[str], None]
"""Called with the name of an instant, so that a test can end the process right there."""
Together = Callable[[Transaction, Sequence[Any]], Sequence[Any]]
"""Writes what several callers asked for, and has for each of them an outcome, or the exception that is theirs alone."""

_LARGEST_COMMIT = 128
"""So that a hundred senders at once share one commit."""
_LOST_RACES = frozenset(("40001", "40P01"))
"""PostgreSQL's serialization failure and deadlock: the same again may well succeed."""
_RACES = 5


def carry_on(instant: str) -> None:
    """The crash point of every run that is not a storm."""


def _each(transaction: Transaction, asked: Sequence[Callable[[Transaction], Any]]) -> list[Any]:
    return [work(transaction) for work in asked]


def _as_it_is(asked: Any) -> Any:
    return asked


class _Caller:
    """Who asked for some writes, and waits until the last of them is settled."""

    def __init__(self, writes: int) -> None:
        self.outcomes: list[Any] = [None] * writes
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open = writes

    def settle(self, place: int, outcome: Any) -> None:
        """Note what came of one of them."""
        self.outcomes[place] = outcome
        self._open -= 1
        if not (self._open or self.done.done()):
            self.done.set_result(None)


@dataclass(slots=True)
class _Job:
    """A write that waits for its commit."""

    together: Together
    asked: Any
    caller: _Caller
    place: int
    outcome: Any = None

    def settle(self) -> None:
        """Tell the caller what came of it."""
        self.caller.settle(self.place, self.outcome)


class Database:
    """An open database with its schema at the newest revision.

    `write`, `read` and `stream` raise what the work raised, and `Unavailable` when the database cannot do it now.
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
        self._recent = Recent()
        self._claims = Claims()
        self._when_stock_moves: Callable[[Set[str]], None] | None = None
        self._waiting: deque[_Job] = deque()
        self._arrived = asyncio.Event()
        self._closed = False
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
        """Open `url`, bring its schema to the newest revision and start taking writes.

        Raises `Unavailable` when the database is away, and `Misconfigured` when there is none of ours.
        """
        try:
            database = cls(url, clock, identifiers, agreed=agreed, crash=crash)
            await database._engines.write(_migrate)
            await database._engines.appear()
        except (*REFUSALS, ArgumentError) as error:
            raise (away(error, "be opened") or no_store(error)) from error
        database._committing = asyncio.create_task(database._commit_for_ever())
        return database

    async def close(self) -> None:
        """Finish what was asked for and let go of the connections."""
        self._closed = True
        while self._waiting:
            await asyncio.wait({job.caller.done for job in self._waiting})
        if self._committing:
            self._committing.cancel()
            await asyncio.gather(self._committing, return_exceptions=True)
        await self._engines.dispose()

    def watch_stock(self, moved: Callable[[Set[str]], None]) -> None:
        """Call `moved` with the SKUs whose stock a commit of this process changed, before who asked for it is told."""
        self._when_stock_moves = moved

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction and return its result once it is durable."""
        return await self.write_together(_each, work)  # type: ignore[no-any-return]  # `_each` returns what `work` does

    async def write_together(self, together: Together, asked: Any) -> Any:
        """Have `together` write what was asked for, with all that others ask of it meanwhile.

        Returns the outcome once it is durable, or raises it when it is an exception.
        """
        [outcome] = await self.write_all(together, [asked])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def write_all(
        self, together: Together, asked: Sequence[Any], prepare: Callable[[Any], Any] = _as_it_is
    ) -> Sequence[Any]:
        """The same for many at once, none of which harms another: each one's outcome, or the exception it met.

        `prepare` works out what it can of each before anybody waits for the transaction.
        """
        if self._closed:
            return [Unavailable("the store is closed") for _ in asked]
        if not asked:
            return []
        caller = _Caller(len(asked))
        for place, one in enumerate(asked):
            try:
                self._waiting.append(_Job(together, prepare(one), caller, place))
            except Exception as error:  # noqa: BLE001 - its own caller learns of it
                caller.settle(place, error)
        self._arrived.set()
        await caller.done
        return [_told(outcome) for outcome in caller.outcomes]

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on one consistent view of what is committed."""
        try:
            return await self._engines.read(lambda connection: work(self._transaction(connection)))
        except REFUSALS as error:
            raise (away(error, "read") or error) from error

    async def stream(self, wanted: Sequence[tuple[str, Select[Any]]]) -> AsyncIterator[tuple[str, Row[Any]]]:
        """The rows of several selects, each with its name, one after another from one consistent view."""
        try:
            async for named in self._engines.stream(wanted):
                yield named
        except REFUSALS as error:
            raise (away(error, "read") or error) from error

    def alive(self, transaction: Transaction) -> Sequence[int]:
        """The workers on this database that are there, as far as it can tell."""
        return self._engines.alive(transaction.connection)

    async def claim(
        self, step: Step, prepare: Callable[[], Claim], patience: float, at_once: AtOnce | None = None
    ) -> Sequence[Any]:
        """Claim what is due for a step; with nothing due, what a commit makes so within `patience` seconds."""
        return await self._claims.claim(step, prepare, patience, self.write, at_once)

    async def listen(self) -> None:
        """Have the steps look whenever another process commits work for them, until cancelled."""
        await self._engines.listen(self._claims.ring)

    def _transaction(self, connection: Connection) -> Transaction:
        if not connection.in_transaction():
            connection.begin()
        now, new_id = self._clock.now(), self._identifiers.new
        return Transaction(connection, now, new_id, self._engines.worker, self._agreed, self._recent)

    async def _commit_for_ever(self) -> None:
        while True:
            await self._arrived.wait()
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _LARGEST_COMMIT))]
            if not self._waiting:
                self._arrived.clear()
            if batch:
                await self._commit(batch)

    async def _commit(self, batch: Sequence[_Job], race: int = 1) -> None:
        """Commit the jobs together; when that fails, each half by itself, down to the one that cannot be."""
        trial = self._claims.on_trial()
        try:
            done = await self._engines.write(lambda connection: self._commit_together(connection, batch, trial))
        except Exception as error:  # noqa: BLE001 - every waiting caller must learn of it
            self._claims.forget(trial)
            if _lost_a_race(error) and race < _RACES:
                await self._commit(batch, race + 1)
            elif len(batch) > 1:
                await self._commit(batch[: len(batch) // 2])
                await self._commit(batch[len(batch) // 2 :])
            else:
                batch[0].outcome = error
                batch[0].settle()
            return
        self._claims.settle(trial, done.news)
        if done.moved and self._when_stock_moves:
            self._when_stock_moves(done.moved)
        for job in batch:
            job.settle()

    def _commit_together(self, connection: Connection, batch: Sequence[_Job], trial: Trial) -> Transaction:
        """Commit, and with it claim for the steps that have nothing else to do."""
        transaction = self._transaction(connection)
        for together, group in groupby(sorted(batch, key=_kind), key=lambda job: job.together):
            jobs = list(group)
            for job, outcome in zip(jobs, together(transaction, [job.asked for job in jobs]), strict=True):
                job.outcome = outcome
            transaction.write_down()
        trial.make(transaction)
        if transaction.sealed:
            write_block(transaction)
        if transaction.news:
            self._engines.announce(connection, transaction.news)
        self._crash("before-commit")
        connection.commit()
        self._crash("after-commit")
        return transaction


def _told(outcome: Any) -> Any:
    """An outcome as its caller learns of it."""
    return (away(outcome, "write") if isinstance(outcome, REFUSALS) else None) or outcome


def _kind(job: _Job) -> str:
    """What is written in the same way is written together."""
    return job.together.__qualname__


def _lost_a_race(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _LOST_RACES


def _migrate(connection: Connection) -> None:
    migrate(connection)
    connection.commit()
