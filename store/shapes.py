"""Statements of one shape, compiled once and bound as tuples.

Building and compiling an expression was measured to cost several times what the database takes for it, and a decision
writes dozens of rows. Inserts and updates by equality cover nearly all of them; everything else is written as an
expression where it is used.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Executable, Table, and_, bindparam, insert, update
from sqlalchemy.dialects import postgresql, sqlite

Columns = tuple[str, ...]
Values = Mapping[str, Any]
_KEY = "key_"


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


_compiled: dict[tuple[str, str, str, Columns, Columns], Compiled] = {}
_own: dict[tuple[str, Shape], Compiled] = {}


def compiled(connection: Connection, shape: Shape) -> Compiled:
    """A statement of our own, compiled once."""
    dialect = connection.dialect
    if (dialect.name, shape) not in _own:
        _own[dialect.name, shape] = _compile(shape.build(dialect.name), dialect, None)
    return _own[dialect.name, shape]


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
