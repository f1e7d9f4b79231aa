"""Statements of one shape, compiled once and bound as tuples.

Building and compiling an expression was measured to cost several times what the database takes for it, and a decision
writes dozens of rows. Inserts and updates by equality cover nearly all of them; everything else is written as an
expression where it is used.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Connection, Dialect, Executable, Table, and_, bindparam, insert, update
from sqlalchemy.dialects import postgresql, sqlite

Columns = tuple[str, ...]
Values = Mapping[str, Any]
_KEY = "key_"
WANTED: BindParameter[Any] = bindparam("wanted", expanding=True)
"""The keys that a statement asks for, when it was written down once: to build one was measured to cost five times what
it then takes to execute it.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A statement of our own, by the parameters that it names."""

    build: Callable[[str], Executable]
    """By the dialect's name."""


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A statement as the driver takes it, with the names of its values and how some of them are bound."""

    sql: str
    names: Sequence[str]
    binds: Sequence[tuple[int, Callable[[Any], Any]]]

    def run(self, connection: Connection, rows: Iterable[Values]) -> int:
        """Execute once a row, in one go; the number of rows it touched."""
        bound = [self._bound(row) for row in rows]
        return connection.exec_driver_sql(self.sql, bound if len(bound) > 1 else bound[0]).rowcount

    def _bound(self, row: Values) -> tuple[Any, ...]:
        values = [row[name] for name in self.names]
        for place, bind in self.binds:
            values[place] = bind(values[place])
        return tuple(values)


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """A `SELECT` by lists of keys, each bound whole: one statement for any number of them."""

    sql: str
    bind: Callable[[Sequence[str]], Any]

    def rows(self, connection: Connection, *lists: Sequence[str]) -> Sequence[Any]:
        """The rows as the driver gives them, in the sequence of their primary key."""
        return connection.exec_driver_sql(self.sql, tuple(self.bind(keys) for keys in lists)).all()


_compiled: dict[tuple[str, str, str, Columns, Columns], Compiled] = {}
_own: dict[tuple[str, Shape], Compiled] = {}
_listings: dict[tuple[str, str, Columns, Columns, bool], Listing] = {}


def compiled(connection: Connection, shape: Shape) -> Compiled:
    """A statement of our own, compiled once."""
    dialect = connection.dialect
    if (dialect.name, shape) not in _own:
        _own[dialect.name, shape] = _compile(shape.build(dialect.name), dialect, None)
    return _own[dialect.name, shape]


def listing(connection: Connection, table: Table, columns: Columns, keys: Columns, *, lock: bool = False) -> Listing:
    """`SELECT` of some columns where each of the keys, which are texts, is in its list; with `lock` for update."""
    shape = (connection.dialect.name, table.name, columns, keys, lock)
    if shape not in _listings:
        _listings[shape] = _list(connection.dialect, table, columns, keys, lock)
    return _listings[shape]


def _list(dialect: Dialect, table: Table, columns: Columns, keys: Columns, lock: bool) -> Listing:
    shared = dialect.name == "postgresql"
    among = "= any(${})" if shared else "in (select value from json_each(?))"
    here = " and ".join(f"{key} {among.format(place)}" for place, key in enumerate(keys, start=1))
    selected, sequence = ", ".join(columns), ", ".join(column.name for column in table.primary_key)
    wanted = f"select {selected} from {table.name} where {here} order by {sequence}"  # noqa: S608 - names are ours
    return Listing(f"{wanted} for update" if lock and shared else wanted, list if shared else json.dumps)


def insertion(connection: Connection, table: Table, columns: Columns) -> Compiled:
    """`INSERT` of some columns."""
    return _once(connection, "insert", table, columns, (), lambda: insert(table))


def careful_insertion(connection: Connection, table: Table, columns: Columns) -> Compiled:
    """`INSERT` that leaves a row alone which is there already."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return _once(
        connection, "insert if absent", table, columns, (), lambda: dialect.insert(table).on_conflict_do_nothing()
    )


def change(connection: Connection, table: Table, columns: Columns, keys: Columns) -> Compiled:
    """`UPDATE` of some columns where the keys are equal; a key's value is bound under `key_<name>`."""

    def build() -> Executable:
        where = and_(*(table.c[key] == bindparam(_KEY + key, type_=table.c[key].type) for key in keys))
        return update(table).where(where)

    return _once(connection, "update", table, columns, keys, build)


def keyed(where: Values, values: Values) -> Values:
    """The row that `change` binds."""
    return {_KEY + name: value for name, value in where.items()} | dict(values)


def _once(
    connection: Connection, verb: str, table: Table, columns: Columns, keys: Columns, build: Callable[[], Any]
) -> Compiled:
    dialect = connection.dialect
    shape = (dialect.name, verb, table.name, columns, keys)
    if shape not in _compiled:
        _compiled[shape] = _compile(build(), dialect, list(columns))
    return _compiled[shape]


def _compile(statement: Any, dialect: Dialect, columns: list[str] | None) -> Compiled:
    made = statement.compile(dialect=dialect, column_keys=columns)
    binds = [made.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in made.positiontup]
    return Compiled(str(made), made.positiontup, [(place, bind) for place, bind in enumerate(binds) if bind])
