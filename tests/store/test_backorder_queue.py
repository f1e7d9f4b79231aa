"""Goods that come go to those who wait for them by priority, then by age, whoever decides first."""

import asyncio
from contextlib import AsyncExitStack
from datetime import date
from decimal import Decimal

import pytest

from router.decide import decide
from router.flow import RouteOrders
from router.needs import needs
from router.routing import Channel
from store import open_store
from tests.flow.databases import KINDS, fresh_url
from tests.flow.street import POLICY, CountingIds, open_street, purchase

FIRST = Channel(code="VIP", priority=5)
RANKED = POLICY.model_copy(
    update={"routing": POLICY.routing.model_copy(update={"channels": {"acme": Channel(code="AC"), "vip": FIRST}})}
)


@pytest.fixture(params=KINDS)
async def street(request, tmp_path):
    async with open_street(await fresh_url(request.param, tmp_path)) as opened:
        yield opened
        assert await opened.sound() == []


def desk(street, store=None, **settings):
    return RouteOrders((store or street.store).lanes, decide, needs, RANKED, street.clock, **settings)


async def decide_all(street, *desks):
    await street.flow.translate.step()
    for _ in range(16):
        await asyncio.gather(*(each.step() for each in desks or (desk(street),)))
        street.clock.advance(seconds=0.25)


async def waiting_orders(street):
    """Four orders for two units each, in the sequence they come; nothing lies anywhere."""
    await street.store.stock.set("A", "EAST", Decimal(0))
    for number, source in (("PO1", "acme"), ("PO2", "acme"), ("PO3", "vip"), ("PO4", "vip")):
        await street.send(purchase(number, 2), source=source)
        await decide_all(street)


async def served(street):
    return {row["number"] for row in await street.store.archive.orders() if row["status"] == "released"}


async def test_the_higher_priority_is_served_first_and_of_equals_the_older(street):
    await waiting_orders(street)
    for on_hand, numbers in ((2, {"PO3"}), (4, {"PO3", "PO4"}), (6, {"PO1", "PO3", "PO4"})):
        await street.store.stock.set("A", "EAST", Decimal(on_hand))
        await decide_all(street)
        assert await served(street) == numbers


async def test_an_order_that_just_comes_waits_behind_those_that_waited(street):
    await waiting_orders(street)
    await street.store.stock.set("A", "EAST", Decimal(4))
    waited = await street.store.lanes.claim(4)
    await street.send(purchase("PO5", 1), source="acme")
    await street.flow.translate.step()
    await desk(street, tries=2).step()
    assert await served(street) == set(), "it was decided alone, and the goods are not its own"
    for lane in waited:
        await street.store.lanes.release(lane)
    await decide_all(street)
    assert await served(street) == {"PO3", "PO4"}


async def test_where_there_is_enough_nobody_waits_for_those_ahead(street):
    await waiting_orders(street)
    await street.store.stock.set("A", "EAST", Decimal(9))
    waited = await street.store.lanes.claim(4)
    assert [lane.order.number for lane in waited] == ["PO3", "PO4", "PO1", "PO2"]
    await street.send(purchase("PO5", 1), source="acme")
    await street.flow.translate.step()
    await desk(street).step()
    assert await served(street) == {"PO5"}


async def test_who_decides_first_does_not_take_what_another_has_waited_for(street):
    await waiting_orders(street)
    await street.store.stock.set("A", "EAST", Decimal(2))
    first, *_ = await street.store.lanes.claim(1)
    assert first.order.number == "PO3"
    await desk(street, tries=2).step()
    assert await served(street) == set(), "the others have been decided, but the goods are not theirs"
    await street.store.lanes.release(first)
    await decide_all(street)
    assert await served(street) == {"PO3"}


async def test_two_processes_serve_in_one_sequence(tmp_path):
    async with AsyncExitStack() as stack:
        url = await fresh_url("file", tmp_path)
        street = await stack.enter_async_context(open_street(url))
        other_ids = CountingIds()
        other_ids._numbers = iter(range(50_000, 99_999))
        other = await stack.enter_async_context(open_store(url, street.clock, other_ids))
        await waiting_orders(street)
        desks = desk(street, batch=1), desk(street, other, batch=1)
        for on_hand, numbers in ((2, {"PO3"}), (4, {"PO3", "PO4"}), (6, {"PO1", "PO3", "PO4"})):
            await street.store.stock.set("A", "EAST", Decimal(on_hand))
            await decide_all(street, *desks)
            assert await served(street) == numbers


async def test_an_arrival_that_is_told_moves_what_waits_for_it(street):
    await waiting_orders(street)
    await street.store.stock.expect("A", "EAST", {date(2026, 3, 5): Decimal(2), date(2026, 3, 9): Decimal(2)})
    await decide_all(street)
    expected = {}
    for number in ("PO1", "PO2", "PO3", "PO4"):
        [line] = (await street.order(number))["lines"]
        expected[number] = line.get("expected")
    days = {number: one and one["ship_on"] for number, one in expected.items()}
    assert days == {"PO1": None, "PO2": None, "PO3": "2026-03-05", "PO4": "2026-03-09"}
    await street.store.stock.expect("A", "EAST", {})
    assert await street.store.stock.incoming("A") == []
