"""The schema is what the revisions make of it, from the first one on."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from store.migrate import is_newest, migrate
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


def test_what_was_sent_before_is_found_by_its_interchange_number():
    columns = "(id, direction, partner, kind, identity, usage, status, at, control)"
    sent = "('d1', 'out', 'acme', 'Invoice', 'I1', 'production', 'delivered', 0, '{\"interchange\":\"000000042\"}')"
    unsent = "('d2', 'in', 'acme', 'PurchaseOrder', 'P1', 'production', 'decided', 0, null)"
    with create_engine("sqlite://").connect() as connection:
        migrate(connection, "0001")
        connection.exec_driver_sql(f"insert into document {columns} values {sent}, {unsent}")
        migrate(connection)
        found = connection.exec_driver_sql("select id, interchange_number, carrier from document order by id").all()
        assert found == [("d1", "42", None), ("d2", None, None)]
        assert is_newest(connection)


def test_a_database_of_an_older_revision_is_told_from_the_newest():
    with create_engine("sqlite://").connect() as connection:
        migrate(connection, "0002")
        assert not is_newest(connection)


def test_the_first_revision_upgrades_with_its_data_kept():
    with create_engine("sqlite://").connect() as connection:
        migrate(connection, "0001")
        connection.exec_driver_sql("insert into token values ('hash', 'acme', null, 0)")
        migrate(connection)
        assert connection.exec_driver_sql("select partner from token").scalar_one() == "acme"
