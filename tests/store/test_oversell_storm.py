"""Many writers after little stock: nothing is promised twice, and nothing is left over that somebody waits for."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.surroundings import SystemClock, SystemRandomness, TimeOrderedIds
from store import open_store
from tests.flow.databases import KINDS, fresh_url
from tests.flow.street import JsonLanguage, ObedientCourier, arrival, assemble, purchase

SKUS = "ABCDEFGHIJ"
EACH = 4
"""Of each SKU, at each of two nodes."""
WRITERS = 64


@pytest.mark.storm
@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_is_oversold_and_nothing_is_stranded(kind, tmp_path, request):
    """Sixty-four decisions at a time, on PostgreSQL in four stores, on ten SKUs at two nodes; a third goes short."""
    rounds, url = request.config.getoption("--rounds"), await fresh_url(kind, tmp_path)
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        first, *others = [
            await stack.enter_async_context(open_store(url, SystemClock(), TimeOrderedIds()))
            for _ in range(4 if kind == "postgresql" else 1)
        ]
        flows = [hub_on(store, WRITERS // (1 + len(others))) for store in (first, *others)]
        for number in range(rounds):
            await one_round(first, flows, number)
        assert [fault async for fault in first.archive.audit()] == []
    print(f"{kind}: {rounds * WRITERS} orders, {time.monotonic() - began:.1f} s")


def hub_on(store, writers):
    """A hub that makes so many decisions at a time."""
    flow, _ = assemble(store, SystemClock(), SystemRandomness(), ObedientCourier(), JsonLanguage())
    return replace(flow, route=replace(flow.route, batch=writers))


async def one_round(store, flows, number):
    """Everybody wants two; then as much comes as was wanted in vain."""
    before = {(row.sku, row.node): row.reserved for row in await store.stock.availability()}
    for sku in SKUS:
        for node in ("EAST", "WEST"):
            await store.stock.set(sku, node, before.get((sku, node), Decimal(0)) + EACH)
    orders = [purchase(f"R{number}-{order}", 2, sku=SKUS[order % len(SKUS)]) for order in range(WRITERS)]
    await asyncio.gather(*(store.inbox.keep(arrival(order, source="acme")) for order in orders))
    await settle(flows)
    levels = await store.stock.availability()
    assert all(row.reserved <= row.on_hand for row in levels)
    short = await wanting(store)
    stranded = {row.sku for row in levels if row.available} & {sku for sku, count in short.items() if count}
    assert not stranded, "what is left is promised to whoever waits for it"
    assert sum(short.values()) == WRITERS * 2 - len(SKUS) * 2 * EACH
    for sku, count in short.items():
        [east, _west] = await store.stock.availability(sku)
        await store.stock.set(sku, "EAST", east.on_hand + count)
    await settle(flows)
    assert not any((await wanting(store)).values())


async def settle(flows):
    """All at once, until nobody finds anything, nor has a lane to try again."""
    idle = 0
    while idle < 3:
        await asyncio.gather(*(flow.drain() for flow in flows))
        idle = 0 if await asyncio.gather(*(flow.route.step() for flow in flows)) != [0] * len(flows) else idle + 1
        await asyncio.sleep(0.1)


async def wanting(store):
    """SKU -> how many units orders still wait for."""
    short = dict.fromkeys(SKUS, Decimal(0))
    for row in await store.archive.orders(limit=10_000):
        for line in row["lines"]:
            short[line["sku"]] += Decimal(line["ledger"]["backordered"])
    return short
