"""Availability for those who only look: fresh for what this process commits, nearly fresh for what others do."""

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from connectors.surroundings import SystemClock, TimeOrderedIds
from router.decision import StockRow
from store import open_store, sqlite_url
from store.snapshot import FRESH, Snapshot


def row(on_hand: int) -> StockRow:
    return StockRow(sku="A", node="EAST", on_hand=Decimal(on_hand))


async def test_a_look_sees_what_this_process_committed_and_soon_what_another_did(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "crossdock.db")
    async with (
        open_store(url, SystemClock(), TimeOrderedIds()) as ours,
        open_store(url, SystemClock(), TimeOrderedIds()) as theirs,
    ):
        assert await ours.stock.glance("A") == ()
        for on_hand in (5, 6, 7):
            await ours.stock.set("A", "EAST", Decimal(on_hand))
            assert [seen.on_hand for seen in await ours.stock.glance("A")] == [on_hand]
        await theirs.stock.set("A", "EAST", Decimal(8))
        await asyncio.sleep(FRESH)
        assert [seen.on_hand for seen in await ours.stock.glance("A")] == [8]


async def test_a_read_that_a_commit_overtook_is_not_kept() -> None:
    there, asked = {"A": (row(1),)}, asyncio.Event()
    may_answer = asyncio.Event()

    async def read(skus: Sequence[str]) -> Mapping[str, Sequence[StockRow]]:
        found = {sku: there[sku] for sku in skus}
        asked.set()
        await may_answer.wait()
        return found

    snapshot = Snapshot(read)
    looking = asyncio.create_task(snapshot.rows("A"))
    await asked.wait()
    there["A"] = (row(2),)
    snapshot.moved(["A"])
    may_answer.set()
    assert await looking == (row(1),)
    assert await snapshot.rows("A") == (row(2),)


async def test_those_who_ask_while_a_read_is_under_way_share_the_next() -> None:
    reads: list[list[str]] = []

    async def read(skus: Sequence[str]) -> Mapping[str, Sequence[StockRow]]:
        reads.append(list(skus))
        await asyncio.sleep(0)
        return {sku: (row(1),) for sku in skus}

    snapshot = Snapshot(read)
    first = asyncio.create_task(snapshot.rows("A"))
    await asyncio.sleep(0)
    await asyncio.gather(first, *(snapshot.rows(sku) for sku in ("B", "C", "B")))
    assert reads == [["A"], ["B", "C"]]


async def test_a_read_that_fails_tells_all_who_wait_and_the_next_tries_again() -> None:
    broken = True

    async def read(skus: Sequence[str]) -> Mapping[str, Sequence[StockRow]]:
        if broken:
            raise OSError("the disk is gone")
        return {sku: (row(3),) for sku in skus}

    snapshot = Snapshot(read)
    told = await asyncio.gather(snapshot.rows("A"), snapshot.rows("A"), return_exceptions=True)
    assert [type(one) for one in told] == [OSError, OSError]
    broken = False
    assert await snapshot.rows("A") == (row(3),)
