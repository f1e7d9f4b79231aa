"""One reconciliation: what the store and every ERP say, sorted together and compared."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Protocol

from canonical import CrossdockError
from router.reconciliation import Difference, Figure, Reconciliation, difference

_AT_ONCE = 1_000


class HeldLine(Protocol):
    """A line of an ERP's books: our key, or our document's number; the amount is debit less credit."""

    @property
    def key(self) -> str: ...

    @property
    def account(self) -> str: ...

    @property
    def amount(self) -> Decimal: ...


class SortedRows(Protocol):
    """Takes rows of texts in any order and gives them back sorted, in bounded memory."""

    def add(self, row: tuple[str, ...]) -> None: ...

    def merged(self) -> Iterator[tuple[str, ...]]: ...


@dataclass(slots=True)
class Reconcile:
    """Compares once; `compared` is whole when `differences` has ended."""

    figures: Callable[[frozenset[str]], AsyncIterator[Figure]]
    """Our own side, with what each of these ERPs ought to hold."""
    ledgers: Mapping[str, Callable[[], AsyncIterator[HeldLine]]]
    """How the books of each ERP are read."""
    rows: Callable[[], AbstractContextManager[SortedRows]]
    uncompared: Sequence[str] = ()
    """ERPs whose connectors tell no way to read their books."""
    compared: Counter[str] = field(default_factory=Counter)
    """How many orders, and how many entries of each ERP, were compared."""

    async def differences(self) -> AsyncIterator[Difference]:
        """Every difference, by ledger and key. An ERP that can't be read is one; the others are compared all the same.

        The ERPs are read first, so that what they are told meanwhile may show as on its way.
        """
        with self.rows() as rows:
            read: set[str] = set()
            for name in sorted(self.ledgers):
                try:
                    await self._read(name, rows)
                    read.add(name)
                except CrossdockError as error:
                    found = difference("ledger-unreadable", name, name)
                    yield found.model_copy(update={"cause": f"{found.cause}: {error}"})
            async for figure in self.figures(frozenset(read)):
                rows.add(_row(figure))
            async for one in self._compare(rows, read):
                yield one

    async def _read(self, name: str, rows: SortedRows) -> None:
        async for line in self.ledgers[name]():
            rows.add(_row(Figure(name, line.key, line.account, name, line.amount)))

    async def _compare(self, rows: SortedRows, read: set[str]) -> AsyncIterator[Difference]:
        """In a thread of its own, some at a time: there may be millions of rows."""
        known = (_figure(row) for row in rows.merged())
        reconciliation = Reconciliation(one for one in known if one.ledger in read or one.ledger not in self.ledgers)
        found = iter(reconciliation)
        while some := await asyncio.to_thread(list, islice(found, _AT_ONCE)):
            for one in some:
                yield one
        self.compared = reconciliation.compared


def _row(figure: Figure) -> tuple[str, ...]:
    return (*figure[:4], str(figure.amount), figure.note)


def _figure(row: tuple[str, ...]) -> Figure:
    ledger, about, name, source, amount, note = row
    return Figure(ledger, about, name, source, Decimal(amount), note)
