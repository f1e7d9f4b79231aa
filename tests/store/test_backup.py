"""A backup taken at work restores to a sound store, on SQLite and on PostgreSQL."""

import asyncio
import tarfile

import pytest

from canonical import Rejected
from connectors.surroundings import TimeOrderedIds
from store import back_up, open_store, restore
from tests.flow.databases import empty_url, fresh_url
from tests.flow.street import START, SteppingClock, open_street, purchase, stocked

pytestmark = pytest.mark.filterwarnings("ignore")
KINDS = ["file", "postgresql"]


async def worked(url, folder, orders=30):
    """Orders, most of them sent while the backup is taken; (numbers sent before it began, the backup)."""
    async with open_street(url) as street:
        await stocked(street)
        sent, well_under_way = [], asyncio.Event()

        async def load():
            for number in range(orders):
                await street.send(purchase(f"PO{number}"))
                await street.settle()
                sent.append(f"PO{number}")
                if number == orders // 10:
                    well_under_way.set()

        loading = asyncio.create_task(load())
        await well_under_way.wait()
        before = list(sent)
        taken = asyncio.to_thread(back_up, url, folder, ["cursors"], folder / "hub.backup", START)
        await asyncio.gather(taken, loading)
        return before, folder / "hub.backup"


async def empty(kind, tmp_path, name):
    """(URL, data directory) of a hub that holds nothing."""
    data = tmp_path / name
    return (f"sqlite:///{data}/crossdock.db" if kind == "file" else await empty_url(kind, tmp_path)), data


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_decided_before_a_backup_is_in_it_and_all_of_it_is_sound(kind, tmp_path):
    (tmp_path / "cursors").mkdir()
    (tmp_path / "cursors" / "shop.json").write_text("far")
    url = await fresh_url(kind, tmp_path)
    before, file = await worked(url, tmp_path)
    target, data = await empty(kind, tmp_path, "restored")
    told = await asyncio.to_thread(restore, target, data, file)
    assert told["bytes"] > 0
    assert (data / "cursors" / "shop.json").read_text() == "far"
    async with open_store(target, SteppingClock(), TimeOrderedIds()) as store:
        assert [fault async for fault in store.archive.audit()] == []
        orders = await store.archive.orders()
        assert set(before) <= {row["number"] for row in orders}
        assert len(orders) < 30
        assert await store.inbox.claim(10) is not None
    with pytest.raises(Rejected, match="not empty"):
        await asyncio.to_thread(restore, target, tmp_path / "again", file)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_damaged_backup_leaves_the_database_as_empty_as_it_was(kind, tmp_path):
    _, file = await worked(await fresh_url(kind, tmp_path), tmp_path, orders=2)
    with tarfile.open(file) as archive:
        largest = max(archive, key=lambda member: member.size)
    damaged = bytearray(file.read_bytes())
    damaged[largest.offset_data + largest.size // 2] ^= 0xFF
    (tmp_path / "damaged").write_bytes(damaged)
    target, data = await empty(kind, tmp_path, "restored")
    with pytest.raises(Rejected, match="no whole backup"):
        await asyncio.to_thread(restore, target, data, tmp_path / "damaged")
    assert not data.exists()
    await asyncio.to_thread(restore, target, data, file)


def test_where_there_is_no_database_nothing_is_backed_up(tmp_path):
    url, file = f"sqlite:///{tmp_path}/none.db", tmp_path / "hub.backup"
    with pytest.raises(Rejected, match="no database"):
        back_up(url, tmp_path, [], file, START)
    with pytest.raises(Rejected, match="cannot write"):
        back_up(url, tmp_path, [], tmp_path / "nowhere" / "hub.backup", START)
    assert list(tmp_path.iterdir()) == []
