"""Brings a database's schema to the newest revision. Revisions go forward only; older ones are never edited."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def is_newest(connection: Connection) -> bool:
    """Whether the database is at the newest revision that this program knows."""
    heads = ScriptDirectory.from_config(_config()).get_heads()
    return list(MigrationContext.configure(connection).get_current_heads()) == heads


def migrate(connection: Connection, revision: str = "head") -> None:
    """Apply every revision up to `revision` in the connection's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "store:migrations")
    return config
