"""The schema is what the revisions make of it, from the first one on."""

from itertools import count

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, insert, inspect, select

from store.columns import Instant, Json
from store.engines import engines_for
from store.events import events_of
from store.migrate import is_newest, migrate
from store.tables import decision, metadata
from store.watch_tables import block
from tests.flow.databases import empty_url, fresh_url
from tests.flow.street import open_street, purchase, stocked


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


def test_an_invoice_that_was_sent_before_is_known_by_its_number_to_who_pays_it():
    columns = "(id, direction, partner, kind, identity, usage, status, at, order_id)"
    sent = "('d1', 'out', 'acme', 'Invoice', 'A-1-I1/receivable/original', 'production', 'delivered', 0, 'acme/1')"
    with create_engine("sqlite://").connect() as connection:
        migrate(connection, "0016")
        connection.exec_driver_sql(f"insert into document {columns} values {sent}")
        migrate(connection)
        found = connection.exec_driver_sql("select scope, name, lane from lane_name").all()
        assert found == [("invoice/acme", "A-1-I1", "acme/1")]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["file", "postgresql"])
async def test_a_store_of_the_first_revision_is_upgraded_sealed_and_works_on(kind, tmp_path):
    async with open_street(await fresh_url("file", tmp_path)) as street:
        await stocked(street, east=3, west=0)
        for number in range(3):
            await street.send(purchase(f"PO{number}", 2))
        await street.settle()
        kept = await street.store.database.read(everything)
    (tmp_path / "old").mkdir()
    url = await empty_url(kind, tmp_path / "old")
    await as_first_revision(url, kept)
    async with open_street(url) as street:
        assert await street.sound() == []
        sealed = await street.store.database.read(lambda at: at.execute(select(block.c.decisions)).scalars().all())
        assert sum(sealed) == len(kept["decision"]) > 0
        street.store.database._identifiers._numbers = count(1_000)  # ids are never given twice
        await stocked(street, east=200)
        await street.settle()
        assert {row["status"] for row in await street.store.archive.orders()} == {"released"}
        assert await street.sound() == []


def everything(transaction):
    """Every row of every table; of events too, which once had one."""
    tables = metadata.sorted_tables
    rows = {table.name: [dict(row) for row in transaction.execute(select(table)).mappings()] for table in tables}
    rows["event"] = [
        one._asdict() | {"decision": row.id} for row in transaction.execute(select(decision)) for one in events_of(row)
    ]
    return rows


EVENT = Table(
    "event",
    MetaData(),
    Column("order_id", String),
    Column("seq", Integer),
    Column("kind", String),
    Column("at", Instant),
    Column("facts", Json),
    Column("decision", String),
    Column("previous", String),
    Column("hash", String),
)


async def as_first_revision(url, kept):
    """A database as the first revision made it, with as much of these rows as it had place for."""

    def work(connection):
        migrate(connection, "0001")
        there = inspect(connection)
        for table in [*metadata.sorted_tables, EVENT]:
            if kept[table.name] and there.has_table(table.name):
                columns = {column["name"] for column in there.get_columns(table.name)}
                rows = [{name: row[name] for name in columns} for row in kept[table.name]]
                connection.execute(insert(table), rows)
        connection.commit()

    engines = engines_for(url)
    await engines.write(work)
    await engines.dispose()


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
