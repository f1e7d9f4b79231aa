"""The audit: every invariant recomputed from the stored facts, row by row, from one consistent view."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select

from store.audit_books import BOOKS
from store.audit_exchange import EXCHANGE
from store.audit_trail import TRAIL
from store.database import Database


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold, and where."""

    code: str
    where: str
    message: str


CHECKS: Mapping[str, tuple[Select[Any], Callable[[Any], Iterator[str]]]] = {**BOOKS, **TRAIL, **EXCHANGE}
"""What must hold -> the rows it is judged on, and the judge."""


async def audit(database: Database) -> AsyncIterator[Violation]:
    """What does not hold; nothing when all is well."""
    async for name, row in database.stream([(name, statement) for name, (statement, _) in CHECKS.items()]):
        for fault in _faults(CHECKS[name][1], row):
            yield Violation(name, _where(row), fault)


def _faults(judge: Callable[[Any], Iterator[str]], row: Any) -> Iterator[str]:
    """What was made unreadable is a fault like any other."""
    try:
        yield from judge(row)
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        yield f"it cannot be read: {error}"


def _where(row: Any) -> str:
    return "/".join(str(value) for value in row[: 1 if row._fields[0] == "id" else 2])
