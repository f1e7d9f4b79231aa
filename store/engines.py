"""Engines: SQLite in WAL with every commit synced, through aiosqlite; PostgreSQL through asyncpg."""

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

_READERS = 2


def is_sqlite(url: str) -> bool:
    """Whether the URL names an SQLite database."""
    return make_url(url).get_backend_name() == "sqlite"


def shares_one_connection(url: str) -> bool:
    """Whether the database lives and dies with its one connection: SQLite in memory."""
    return is_sqlite(url) and make_url(url).database in (None, "", ":memory:")


def writing_engine(url: str) -> AsyncEngine:
    """The engine that writes. SQLite has one connection, since its second writer would only wait."""
    if not is_sqlite(url):
        return create_async_engine(url)
    engine = create_async_engine(url, poolclass=StaticPool)
    _prepare_sqlite(engine, "BEGIN IMMEDIATE")
    return engine


def reading_engine(url: str) -> AsyncEngine:
    """The engine that reads beside the writer and sees only what is committed."""
    if not is_sqlite(url):
        return create_async_engine(url, isolation_level="REPEATABLE READ")
    engine = create_async_engine(url, pool_size=_READERS)
    _prepare_sqlite(engine, "BEGIN")
    return engine


def _prepare_sqlite(engine: AsyncEngine, begin: str) -> None:
    """Take transactions out of the driver's hands: it would otherwise begin too late and break savepoints."""

    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)
