"""Finished orders multiplied by SQL: a store that holds what it would after a million of them.

Each copy's ids, order numbers, instants and control numbers are moved; the digests of its bytes, its events' chains
and its blocks are computed anew, so that `crossdock audit` finds it as sound as the orders that were played. Every
table and every index is written in the sequence in which orders would write it. In three things it differs from a
store that had played them all: the past's orders have one line each (as many rows in every table, but smaller ones),
they come a thousand at a time on the hour, and decisions' digests and worlds are those of the thousand.
"""

import json
import sqlite3
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import Column, LargeBinary, Table, create_engine

from canonical import canonical_json
from store.blocks import Block, block_digest, block_hash
from store.columns import Instant
from store.digest import GENESIS, content_digest, sha256
from store.events import Told, chain
from store.migrate import migrate
from store.tables import metadata
from store.transaction import Sealed

_ONCE = ("stock", "configuration", "control_number")
"""Tables that do not grow with the orders."""
_CHAINED = ("decision", "block")
_NUMBERS = ("group_number", "interchange_number")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Copy:
    """What tells one copy of the played orders from another."""

    ids: str
    """What all its ids begin with."""
    numbers: str
    """What all its order numbers begin with; as long as every other copy's."""
    later: int
    """Microseconds that lie between the played orders and it."""
    further: int
    """So far its control numbers lie behind theirs."""


def multiply(played: Path, path: Path, copies: Sequence[Copy]) -> None:
    """Make the store `path` of copies of another, of which the first is the played orders themselves."""
    with create_engine(f"sqlite:///{path}").begin() as connection:
        migrate(connection)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for quick in ("journal_mode=off", "synchronous=off", "cache_size=-1000000"):
            database.execute(f"pragma {quick}")
        database.execute("attach ? as played", (str(played),))
        database.create_function("sha256", 1, sha256, deterministic=True)
        database.create_function("content_digest", 1, lru_cache(10_000)(content_digest), deterministic=True)
        for name in _ONCE:
            database.execute(f'insert into "{name}" select * from played."{name}"')
        _copy_all(database, copies)
        database.execute("update control_number set value = value + ?", (copies[-1].further,))
        database.execute("pragma optimize")


def _copy_all(database: sqlite3.Connection, copies: Sequence[Copy]) -> None:
    trail, first = _Trail(database, copies[0]), asdict(copies[0])
    growing = [table for name, table in metadata.tables.items() if name not in _ONCE + _CHAINED]
    statements = [_insertion(database, table, copies[0]) for table in growing if _has_rows(database, table)]
    for copy in copies:
        database.execute("begin")
        trail.write(copy)
        for statement in statements:
            database.execute(statement, asdict(copy) | {f"first_{name}": value for name, value in first.items()})
        database.execute("commit")


# --- rows -----------------------------------------------------------------------------------------------------------


def _has_rows(database: sqlite3.Connection, table: Table) -> bool:
    return database.execute(f'select 1 from played."{table.name}" limit 1').fetchone() is not None


def _insertion(database: sqlite3.Connection, table: Table, first: Copy) -> str:
    values = ", ".join(_value(database, table, column, first) for column in table.columns)
    into = f'"{table.name}" ({_listed(column.name for column in table.columns)})'
    return f'insert into {into} select {values} from played."{table.name}" as here order by rowid'


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _value(database: sqlite3.Connection, table: Table, column: Column[Any], first: Copy) -> str:
    """What a copy has in the place of a played row's value, as SQL."""
    if (table.name, column.name) == ("lane", "head"):
        return f"head_of({_moved('id')})"
    if column.name in _DIGESTS:
        return _DIGESTS[column.name](table)
    if column.name in _NUMBERS:
        return f"cast(cast({column.name} as integer) + :further as text)"
    if isinstance(column.type, Instant):
        return f"{column.name} + :later"
    if isinstance(column.type, LargeBinary):
        return _moved_bytes(column.name)
    marked = f"instr({_quoted(column)}, ?) or instr({_quoted(column)}, ?)"
    found = database.execute(f'select 1 from played."{table.name}" where {marked}', (first.ids, first.numbers))
    return _moved(_quoted(column)) if found.fetchone() else _quoted(column)


def _quoted(column: Column[Any]) -> str:
    return f'"{column.name}"'


def _moved(text: str) -> str:
    return f"replace(replace({text}, :first_ids, :ids), :first_numbers, :numbers)"


def _moved_bytes(column: str) -> str:
    return f"cast({_moved(f'cast({column} as text)')} as blob)"


def _sha256(table: Table) -> str:
    """Of a transmission's bytes, of what was rendered of a document, or of the transmission that it came in."""
    if table.name == "transmission":
        return f"sha256({_moved_bytes('content')})"
    came_in = f"(select sha256({_moved_bytes('content')}) from played.transmission as t where t.id = here.transmission)"
    return f"case when body is null then {came_in} else sha256({_moved_bytes('body')}) end"


def _digest(table: Table) -> str:
    """Of what a document says, or of what claimed an identity: a document, or a transmission's bytes."""
    if table.name == "document":
        return f"case when digest is null then null else content_digest({_moved('content')}) end"
    said = f"(select content_digest({_moved('content')}) from played.document as d where d.id = here.owner)"
    came = f"(select sha256({_moved_bytes('content')}) from played.transmission as t where t.id = here.owner)"
    return f"case when scope like 'transmission/%' then {came} else {said} end"


_DIGESTS: Mapping[str, Callable[[Table], str]] = {"sha256": _sha256, "digest": _digest}


# --- chains ---------------------------------------------------------------------------------------------------------


class _Trail:
    """The decisions of the played orders and their blocks, chained anew for every copy."""

    def __init__(self, database: sqlite3.Connection, first: Copy) -> None:
        self._database, self._first = database, first
        self._columns, self._decisions = _rows(database, "decision")
        _, self._blocks = _rows(database, "block")
        self._told = {row["id"]: _told(row) for row in self._decisions}
        self._heads: dict[str, str] = {}
        self._last = (0, GENESIS)
        database.create_function("head_of", 1, lambda lane: self._heads[lane])

    def write(self, copy: Copy) -> None:
        """The decisions of a copy, and the blocks that seal them behind those of the copies before."""
        decisions = [self._chained(row, copy) for row in self._decisions]
        marks = ", ".join(f":{name}" for name in self._columns)
        self._database.executemany(f"insert into decision ({_listed(self._columns)}) values ({marks})", decisions)
        sealed = {block: list(rows) for block, rows in groupby(decisions, key=lambda row: row["block"])}
        self._database.executemany(
            "insert into block (seq, id, decisions, digest, at, previous, hash) values (?, ?, ?, ?, ?, ?, ?)",
            [self._sealed(row, sealed[self._move(row["id"], copy)], copy) for row in self._blocks],
        )

    def _chained(self, row: Mapping[str, Any], copy: Copy) -> dict[str, Any]:
        moved = {name: self._move(value, copy) if isinstance(value, str) else value for name, value in row.items()}
        order, at = moved["order_id"], row["at"] + copy.later
        previous = GENESIS if row["first_event"] == 1 else self._heads[order]
        told = [(kind, self._move(facts, copy)) for kind, facts in self._told[row["id"]]]
        hashes = chain(previous, order, row["first_event"], _instant(at), told)
        self._heads[order] = hashes[-1] if hashes else previous
        return moved | {"at": at, "previous": previous, "head": self._heads[order]}

    def _sealed(self, row: Mapping[str, Any], decisions: Sequence[Mapping[str, Any]], copy: Copy) -> Sequence[Any]:
        (seq, previous), at = self._last, row["at"] + copy.later
        digest = block_digest(Sealed(one["id"], one["digest"], one["head"]) for one in decisions)
        said = Block(seq + 1, decisions[0]["block"], len(decisions), digest, _instant(at))
        self._last = (said.seq, block_hash(previous, said))
        return (*said[:4], at, previous, self._last[1])

    def _move(self, text: str, copy: Copy) -> str:
        return text.replace(self._first.ids, copy.ids).replace(self._first.numbers, copy.numbers)


def _rows(database: sqlite3.Connection, name: str) -> tuple[list[str], list[dict[str, Any]]]:
    columns = [column.name for column in metadata.tables[name].columns]
    found = database.execute(f"select {_listed(columns)} from played.{name} order by rowid")
    return columns, [dict(zip(columns, row, strict=True)) for row in found]


def _told(row: Mapping[str, Any]) -> list[Told]:
    return [(kind, canonical_json(facts)) for kind, facts in json.loads(row["events"])]


def _instant(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
