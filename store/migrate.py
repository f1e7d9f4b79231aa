"""Brings a database's schema to the newest revision. Revisions go forward only; older ones are never edited."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def migrate(connection: Connection, revision: str = "head") -> None:
    """Apply every revision up to `revision` in the connection's transaction."""
    config = Config()
    config.set_main_option("script_location", "store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
