"""Statements of one shape, compiled once, their values bound as tuples and their rows read as they come.

Building and compiling an expression was measured to cost several times what the database takes for it, and a decision
writes dozens of rows. Inserts and updates by equality cover nearly all of them; what else is asked again and again is
a `Shape`. Everything else is written as an expression where it is used.
"""

import json
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ARRAY,
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Executable,
    FromClause,
    Insert,
    String,
    Table,
    Text,
    all_,
    and_,
    any_,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import TypeDecorator, TypeEngine

from store.columns import Bind, Exact, Instant, Json

Columns = tuple[str, ...]
Values = Mapping[str, Any]
_KEY = "key_"


class _Keys(TypeDecorator[Sequence[str]]):
    """A list of texts in one value, for SQLite, which has no arrays."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> str:  # noqa: ARG002
        return json.dumps(value)


def among(dialect: str, column: Column[str], name: str = "wanted") -> ColumnElement[bool]:
    """Whether a column is one of a list that is bound whole: one statement for any number of them."""
    if dialect == "postgresql":
        return column == any_(bindparam(name, type_=ARRAY(String)))
    listed = func.json_each(bindparam(name, type_=_Keys)).table_valued("value", name=f"{name}_listed")
    return column.in_(select(listed.c.value))


def not_among(dialect: str, column: Column[str], name: str) -> ColumnElement[bool]:
    """Whether a column is none of a list that is bound whole."""
    if dialect == "postgresql":
        return column != all_(bindparam(name, type_=ARRAY(String)))
    return ~among(dialect, column, name)


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A statement of our own, by the parameters that it names."""

    build: Callable[[str], Executable]
    """By the dialect's name."""


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A statement as the driver takes it: how its values are bound, and what its rows are made of."""

    sql: str
    writes: FromClause | None
    """The table that it changes, if it changes one."""
    inserts: bool
    values: Callable[[Values], tuple[Any, ...]]
    binds: Sequence[tuple[int, Bind]]
    row: Callable[[Iterable[Any]], Any]
    reads: Sequence[tuple[int, Bind]]

    def run(self, connection: Connection, rows: Sequence[Values]) -> int:
        """Execute once a row, in one go; the number of rows it touched."""
        return int(_execute(connection, self.sql, self._bound(rows)).rowcount)

    def ask(self, connection: Connection, values: Values) -> Sequence[Any]:
        """The rows it gives, their columns as attributes."""
        found = _execute(connection, self.sql, self._bound([values])).fetchall()
        return [self._read(row) for row in found] if self.reads else [self.row(row) for row in found]

    def _bound(self, rows: Sequence[Values]) -> Sequence[tuple[Any, ...]]:
        """Each row's values as the driver takes them, converted column by column."""
        bound = list(map(self.values, rows))
        if not self.binds:
            return bound
        columns: list[Iterable[Any]] = list(zip(*bound, strict=True))
        for place, bind in self.binds:
            columns[place] = map(bind, columns[place])
        return list(zip(*columns, strict=True))

    def _read(self, row: Sequence[Any]) -> Any:
        values = list(row)
        for place, read in self.reads:
            values[place] = read(values[place])
        return self.row(values)


def run_plain(connection: Connection, sql: str) -> None:
    """Execute a statement that has no values."""
    _execute(connection, sql, [()])


def _execute(connection: Connection, sql: str, bound: Sequence[tuple[Any, ...]]) -> Any:
    """The driver's cursor. SQLite's is taken directly: it answers sooner than SQLAlchemy has wrapped it."""
    if connection.dialect.name != "sqlite":
        return connection.exec_driver_sql(sql, list(bound) if len(bound) > 1 else bound[0])
    driver = connection.dialect.loaded_dbapi
    try:
        cursor = connection.connection.cursor()
        return cursor.executemany(sql, bound) if len(bound) > 1 else cursor.execute(sql, bound[0])
    except driver.Error as error:
        raise DBAPIError.instance(sql, None, error, driver.Error, dialect=connection.dialect) from error


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """A `SELECT` by lists of keys, each bound whole: one statement for any number of them."""

    sql: str
    bind: Callable[[Sequence[str]], Any]

    def rows(self, connection: Connection, *lists: Sequence[str]) -> Sequence[Any]:
        """The rows as the driver gives them, in the sequence of their primary key."""
        found: Sequence[Any] = _execute(connection, self.sql, [tuple(self.bind(keys) for keys in lists)]).fetchall()
        return found


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
    plain: Any = replacement_traverse(statement, {}, _plain)
    made = plain.compile(dialect=dialect, column_keys=columns)
    names = made.positiontup
    binds = _converted(_binder(made.binds[name].type, dialect) for name in names)
    constants = {name: made.binds[name].value for name in names if not made.binds[name].required}
    given = list(statement.exported_columns)
    reads = _converted(_reader(column.type, dialect) for column in given)
    row: Any = namedtuple("Row", [column.key for column in given])  # type: ignore[misc]  # known here only
    writes = statement.table if isinstance(statement, UpdateBase) else None
    inserts = isinstance(statement, Insert)
    return Compiled(str(made), writes, inserts, _picker(names, constants), binds, row._make, reads)


def _plain(element: Any, **_: Any) -> Any:
    """What a statement says itself stands in it as it is: databases choose their index by it."""
    if isinstance(element, BindParameter) and not element.required and isinstance(element.value, str | int):
        said = f"'{element.value}'" if isinstance(element.value, str) else str(element.value)
        return literal_column(said, element.type)
    return None


def _picker(names: Sequence[str], constants: Values) -> Callable[[Values], tuple[Any, ...]]:
    """What takes a statement's values out of a row in their sequence."""
    if constants:
        return lambda row: tuple([row[name] if name in row else constants[name] for name in names])
    return itemgetter(*names) if len(names) > 1 else lambda row: tuple([row[name] for name in names])


def _converted(conversions: Iterable[Bind | None]) -> Sequence[tuple[int, Bind]]:
    return [(place, convert) for place, convert in enumerate(conversions) if convert]


def _binder(of: TypeEngine[Any], dialect: Dialect) -> Bind | None:
    """What turns a value into the driver's."""
    if isinstance(of, Exact | Instant | Json):
        return of.binder(dialect.name)
    if isinstance(of, TypeDecorator):
        return partial(of.process_bind_param, dialect=dialect)
    return of.dialect_impl(dialect).bind_processor(dialect)


def _reader(of: TypeEngine[Any], dialect: Dialect) -> Bind | None:
    if isinstance(of, TypeDecorator):
        return partial(of.process_result_value, dialect=dialect)
    return of.dialect_impl(dialect).result_processor(dialect, None)
