"""Group commit: writes share a commit, and each fails alone."""

import asyncio

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from canonical import Misconfigured, Unavailable
from store import Database
from store.tables import configuration
from tests.flow.databases import KINDS, fresh_url
from tests.flow.street import CountingIds, SteppingClock

NOBODY_THERE = "postgresql://nobody@127.0.0.1:1/none"


@pytest.fixture(params=KINDS)
async def database(request, tmp_path):
    url = await fresh_url(request.param, tmp_path)
    passed: list[str] = []
    opened = await Database.open(url, SteppingClock(), CountingIds(), crash=passed.append)
    opened.passed = passed
    yield opened
    await opened.close()


def keep(digest, fail=None):
    def work(transaction):
        row = {"digest": digest, "content": "{}", "first_seen": transaction.now}
        transaction.execute(insert(configuration).values(row))
        if fail:
            raise fail
        return digest

    return work


async def kept(database):
    wanted = select(configuration.c.digest).order_by(configuration.c.digest)
    return await database.read(lambda transaction: transaction.execute(wanted).scalars().all())


async def test_writes_asked_for_together_share_a_commit(database):
    await asyncio.gather(*(database.write(keep(str(number))) for number in range(30)))
    assert len(await kept(database)) == 30
    assert database.passed.count("after-commit") < 5


async def test_a_failing_neighbour_harms_nobody(database):
    outcomes = await asyncio.gather(
        database.write(keep("a")),
        database.write(keep("b", fail=ValueError("mine"))),
        database.write(keep("a")),
        database.write(keep("c")),
        return_exceptions=True,
    )
    assert outcomes[0] == "a"
    assert outcomes[3] == "c"
    assert isinstance(outcomes[1], ValueError)
    assert isinstance(outcomes[2], IntegrityError)
    assert await kept(database) == ["a", "c"]


async def test_a_statement_the_database_refuses_harms_nobody(database):
    outcomes = await asyncio.gather(
        database.write(keep("a")),
        database.write(lambda transaction: transaction.execute(text("select * from nowhere"))),
        database.write(keep("b")),
        return_exceptions=True,
    )
    assert isinstance(outcomes[1], Exception)
    assert await kept(database) == ["a", "b"]


async def test_what_was_asked_for_before_closing_is_written(tmp_path):
    url = f"sqlite:///{tmp_path}/hub.db"
    database = await Database.open(url, SteppingClock(), CountingIds())
    writes = [asyncio.create_task(database.write(keep(str(number)))) for number in range(120)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*writes)
    again = await Database.open(url, SteppingClock(), CountingIds())
    assert len(await kept(again)) == 120
    await again.close()


async def test_a_reader_sees_only_what_is_committed(tmp_path):
    database = await Database.open(f"sqlite:///{tmp_path}/hub.db", SteppingClock(), CountingIds())
    seen = []

    def work(transaction):
        keep("a")(transaction)
        seen.append(asyncio.run_coroutine_threadsafe(kept(database), loop).result(5))

    loop = asyncio.get_running_loop()
    await database.write(work)
    assert seen == [[]]
    assert await kept(database) == ["a"]
    await database.close()


async def test_a_full_disk_is_unavailable_and_heals(tmp_path):
    database = await Database.open(f"sqlite:///{tmp_path}/hub.db", SteppingClock(), CountingIds())
    pages = await database.write(lambda transaction: transaction.execute(text("pragma page_count")).scalar_one())
    await database.write(lambda transaction: transaction.execute(text(f"pragma max_page_count={pages}")).scalar_one())
    large = {"digest": "large", "content": "x" * 1_000_000}
    with pytest.raises(Unavailable):
        await database.write(
            lambda transaction: transaction.execute(
                insert(configuration).values(large | {"first_seen": transaction.now})
            )
        )
    await database.write(lambda transaction: transaction.execute(text("pragma max_page_count=1000000")).scalar_one())
    assert await database.write(keep("a")) == "a"
    assert await kept(database) == ["a"]
    await database.close()


@pytest.mark.filterwarnings("ignore")
async def test_writes_that_lock_in_opposite_order_both_succeed(tmp_path):
    url = await fresh_url("postgresql", tmp_path)
    here = await Database.open(url, SteppingClock(), CountingIds())
    there = await Database.open(url, SteppingClock(), CountingIds())
    await asyncio.gather(here.write(keep("a")), here.write(keep("b")))

    def in_turn(first, second):
        def work(transaction):
            for digest in (first, second):
                transaction.execute(
                    update(configuration).where(configuration.c.digest == digest).values(content="changed")
                )
                transaction.execute(text("select pg_sleep(0.2)"))

        return work

    await asyncio.gather(here.write(in_turn("a", "b")), there.write(in_turn("b", "a")))
    await here.close()
    await there.close()


def write_and_overwrite(transaction):
    """Rows and their changes put off in turns, as a commit full of neighbours does it."""
    row = {"content": "first", "first_seen": transaction.now}
    transaction.insert(configuration, row | {"digest": "a"})
    transaction.write_down()
    transaction.set(configuration, {"digest": "a"}, content="last")
    transaction.insert(configuration, row | {"digest": "b"})
    transaction.set(configuration, {"digest": "b"}, content="last")
    transaction.set(configuration, {"digest": "b", "content": "last"}, content="other")
    transaction.set(configuration, {"digest": "b"}, content="last")


async def test_what_is_put_off_on_one_table_keeps_its_sequence(database):
    await database.write(write_and_overwrite)
    contents = select(configuration.c.content)
    assert await database.read(lambda transaction: transaction.execute(contents).scalars().all()) == ["last", "last"]


@pytest.mark.parametrize(("url", "told"), [("sqlite:///{}/junk.db", Misconfigured), (NOBODY_THERE, Unavailable)])
async def test_a_database_that_cannot_be_opened_is_told_in_words(tmp_path, url, told):
    (tmp_path / "junk.db").write_text("no database at all, and long enough to be taken for one")
    with pytest.raises(told):
        await Database.open(url.format(tmp_path), SteppingClock(), CountingIds())


class Refusal(Exception):
    """What a driver says, with PostgreSQL's code for it."""

    def __init__(self, sqlstate):
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(("sqlstate", "passes"), [("53100", True), ("57P03", True), ("08006", True), ("22P02", False)])
async def test_a_full_or_starting_server_is_away_and_a_wrong_statement_is_wrong(database, sqlstate, passes):
    def refuse(_):
        raise DBAPIError("insert", None, Refusal(sqlstate))

    for doing in (database.read, database.write):
        with pytest.raises(Unavailable if passes else DBAPIError):
            await doing(refuse)
