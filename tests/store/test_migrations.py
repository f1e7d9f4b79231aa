"""The schema is what the revisions make of it, from the first one on."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from store.migrate import migrate
from store.tables import metadata


def test_the_revisions_make_exactly_the_tables_the_store_works_with():
    with create_engine("sqlite://").connect() as connection:
        migrate(connection)
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrating_twice_changes_nothing():
    with create_engine("sqlite://").connect() as connection:
        migrate(connection)
        before = set(inspect(connection).get_table_names())
        migrate(connection)
        assert set(inspect(connection).get_table_names()) == before


def test_the_first_revision_upgrades_with_its_data_kept():
    with create_engine("sqlite://").connect() as connection:
        migrate(connection, "0001")
        connection.exec_driver_sql("insert into token values ('hash', 'acme', null, 0)")
        migrate(connection)
        assert connection.exec_driver_sql("select partner from token").scalar_one() == "acme"
