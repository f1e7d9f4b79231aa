"""Brings a database's schema to the newest revision. Revisions go forward only; older ones are never edited."""

from collections.abc import Sequence
from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def is_newest(connection: Connection) -> bool:
    """Whether the database is at the newest revision that this program knows."""
    return list(MigrationContext.configure(connection).get_current_heads()) == _heads()


def migrate(connection: Connection, revision: str = "head") -> None:
    """Apply every revision up to `revision` in the connection's transaction."""
    if is_newest(connection):
        return
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


@cache
def _heads() -> Sequence[str]:
    """The newest revision; a running program's revisions do not change."""
    return ScriptDirectory.from_config(_config()).get_heads()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "store:migrations")
    return config
