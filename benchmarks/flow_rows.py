"""The rows that the flow wrote, written again by a raw driver loop."""

import sqlite3
import sys
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import asyncpg
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateIndex, CreateTable

from router.policy import Policy
from store import Database, Store, Transaction
from store.tables import metadata, stock

Rows = Mapping[str, tuple[Sequence[str], Sequence[tuple[Any, ...]]]]
"""table -> its columns and rows, in the sequence they were written"""

_FIRST = ("transmission",)
"""What a commit of its own keeps before anyone is told; all else is written by the second."""
_NOT_THEIRS = frozenset(("stock", "alembic_version", "configuration"))
_ON_HAND = 1_000_000


async def stock_up(store: Store, policy: Policy) -> None:
    """Plenty of every item at every node."""
    row = {"on_hand": Decimal(_ON_HAND), "reserved": Decimal(0), "safety": Decimal(0), "version": 1}
    nodes, items = policy.network.nodes, policy.catalogue.items
    rows = [row | {"sku": item.sku, "node": node.id} for item in items for node in nodes]
    await store.database.write(lambda transaction: transaction.insert(stock, *rows))


async def copy_rows(database: Database) -> Rows:
    """Every row but the stock's, as the driver takes it."""

    def work(transaction: Transaction) -> Rows:
        sqlite = transaction.connection.dialect.name == "sqlite"
        found = {}
        for name, table in metadata.tables.items():
            names = [column.name for column in table.columns]
            columns = ", ".join(f'"{one}"' for one in names)
            order = "rowid" if sqlite else "ctid"
            rows = transaction.connection.exec_driver_sql(f'select {columns} from "{name}" order by {order}').all()
            if rows and name not in _NOT_THEIRS:
                found[name] = (names, [tuple(row) for row in rows])
        return found

    return await database.read(work)


class Spent(NamedTuple):
    """Seconds: on the wall, and of this process's own work."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> "Spent":
        """To be subtracted from a later one."""
        return cls(time.perf_counter(), time.process_time())

    def __sub__(self, before: "Spent") -> "Spent":
        return Spent(self.wall - before.wall, self.cpu - before.cpu)


class RawRows:
    """The same rows through the bare driver, as many commits of the same size."""

    def __init__(self, url: str, rows: Rows, policy: Policy, groups: int) -> None:
        self._url = make_url(url)
        self._rows = rows
        self._policy = policy
        self._groups = groups

    async def seconds(self) -> "Spent":
        """How long writing them took, stock read and changed as the orders did."""
        if self._url.get_backend_name() == "sqlite":
            return self._sqlite()
        return await self._postgresql()

    def _part(self, name: str, group: int) -> Sequence[tuple[Any, ...]]:
        rows = self._rows[name][1]
        return rows[len(rows) * group // self._groups : len(rows) * (group + 1) // self._groups]

    def _stock_changes(self, group: int) -> list[tuple[Any, str, str]]:
        names = self._rows["reservation"][0]
        sku, node, quantity = (names.index(name) for name in ("sku", "node", "quantity"))
        return [(row[quantity], row[sku], row[node]) for row in self._part("reservation", group)]

    def _insertions(self, mark: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """(table, statement) of the first commit, and of the second."""
        made: tuple[list[tuple[str, str]], list[tuple[str, str]]] = [], []
        for name, (columns, _) in self._rows.items():
            marks = ", ".join(mark.format(number) for number in range(1, len(columns) + 1))
            named = ", ".join(f'"{column}"' for column in columns)
            made[name not in _FIRST].append((name, f'insert into "{name}" ({named}) values ({marks})'))
        return made

    def _sqlite(self) -> "Spent":
        path = Path(str(self._url.database)).with_suffix(".raw")
        with create_engine(f"sqlite:///{path}").begin() as connection:
            metadata.create_all(connection)
        database = sqlite3.connect(path, isolation_level=None)
        database.execute("pragma journal_mode=wal")
        database.execute("pragma synchronous=full")
        places = [(item.sku, node.id) for item in self._policy.catalogue.items for node in self._policy.network.nodes]
        database.execute("begin")
        database.executemany(f"insert into stock values (?, ?, {_ON_HAND}000000, 0, 0, 1)", places)
        database.execute("commit")
        first, second = self._insertions("?")
        change = "update stock set reserved = reserved + ?, version = version + 1 where sku = ? and node = ?"
        began = Spent.now()
        for group in range(self._groups):
            changes = self._stock_changes(group)
            skus = sorted({row[1] for row in changes})
            database.execute("begin immediate")
            for name, statement in first:
                database.executemany(statement, self._part(name, group))
            database.execute("commit")
            database.execute(f"select * from stock where sku in ({', '.join('?' * len(skus))})", skus).fetchall()
            database.execute("begin immediate")
            for name, statement in second:
                database.executemany(statement, self._part(name, group))
            database.executemany(change, changes)
            database.execute("commit")
        taken = Spent.now() - began
        database.close()
        return taken

    async def _postgresql(self) -> "Spent":
        name = f"{self._url.database}_raw"
        database = await _fresh(self._url, name)
        dialect = create_engine("postgresql+asyncpg://").dialect
        for table in metadata.sorted_tables:
            await database.execute(str(CreateTable(table).compile(dialect=dialect)))
            for index in table.indexes:
                await database.execute(str(CreateIndex(index).compile(dialect=dialect)))
        places = [(item.sku, node.id) for item in self._policy.catalogue.items for node in self._policy.network.nodes]
        await database.executemany(f"insert into stock values ($1, $2, {_ON_HAND}, 0, 0, 1)", places)
        first, second = self._insertions("${}")
        change = "update stock set reserved = reserved + $1, version = version + 1 where sku = $2 and node = $3"
        began = Spent.now()
        for group in range(self._groups):
            changes = self._stock_changes(group)
            async with database.transaction():
                for table, statement in first:
                    await database.executemany(statement, self._part(table, group))
            await database.fetch("select * from stock where sku = any($1)", sorted({row[1] for row in changes}))
            async with database.transaction():
                for table, statement in second:
                    await database.executemany(statement, self._part(table, group))
                await database.executemany(change, changes)
        taken = Spent.now() - began
        await database.close()
        return taken


async def fresh_url(url: str) -> str:
    """The URL, its PostgreSQL database made anew."""
    asked = make_url(url)
    if asked.get_backend_name() != "sqlite":
        await (await _fresh(asked, str(asked.database))).close()
    return url


async def _fresh(url: Any, name: str) -> Any:
    server = await asyncpg.connect(url.set(database="postgres").render_as_string(hide_password=False))
    await server.execute(f'drop database if exists "{name}"')
    await server.execute(f'create database "{name}"')
    await server.close()
    return await asyncpg.connect(url.set(database=name).render_as_string(hide_password=False))
