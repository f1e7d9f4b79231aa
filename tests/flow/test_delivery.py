"""Delivery: each destination at its own pace, each failure by its kind, and loops that wake each other."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical import Misconfigured, Rejected, Unavailable, Unfinished
from router.flow import Breaker, RetryPolicy
from store import open_store
from tests.flow.databases import SHARED, fresh_url
from tests.flow.street import (
    START,
    CountingIds,
    SteppingClock,
    arrival,
    fulfilments,
    open_street,
    purchase,
    stocked,
    until,
)


@pytest.fixture
async def street():
    async with open_street("sqlite://") as opened:
        yield opened


async def test_a_destination_that_hangs_holds_up_nobody_else(street):
    street.courier.hold = asyncio.Event()
    street.courier.orders["acme"] = []
    await stocked(street)
    for number in range(3):
        await street.send(purchase(f"PO{number}"))
    for step in (street.flow.translate.step, street.flow.route.step, street.flow.render.step):
        while await step():
            pass
    while await street.flow.deliver.start():
        pass
    await until(lambda: len(fulfilments(street)) == 3)
    assert {parcel.destination for parcel in street.courier.taken} & {"acme"} == set()
    street.courier.hold.set()
    await street.flow.deliver.finish()
    assert "acme" in {parcel.destination for parcel in street.courier.taken}


@pytest.mark.parametrize("final", [Rejected("no such document"), Misconfigured("no such folder")])
async def test_what_will_never_pass_goes_to_a_person_at_once(street, final):
    street.courier.orders["acme"] = [final, final]
    await street.send(purchase("PO1"))
    await street.settle()
    assert set(await street.codes()) == {"delivery-failed"}


async def test_a_courier_that_breaks_is_tried_again(street):
    street.courier.orders["acme"] = [RuntimeError("broken"), RuntimeError("broken")]
    await street.send(purchase("PO1"))
    await street.settle()
    street.clock.advance(minutes=5)
    await street.settle()
    assert len(street.courier.effects("OrderAcknowledgment")) == 1


async def test_retry_after_is_never_undercut(street):
    street.courier.orders["acme"] = [Unavailable("busy", retry_after=7200.0)] * 2
    await street.send(purchase("PO1"))
    await street.settle()
    street.clock.advance(minutes=119)
    await street.settle()
    assert not street.courier.effects("Acknowledgment")
    street.clock.advance(minutes=2)
    await street.settle()
    assert street.courier.effects("Acknowledgment")


@given(st.integers(1, 60), st.floats(0, 1, exclude_max=True))
def test_waits_double_up_to_the_longest_and_differ_by_jitter(attempt, jitter):
    policy = RetryPolicy(first_wait=timedelta(seconds=5), longest_wait=timedelta(hours=1))
    wait = policy.wait(attempt, None, jitter)
    whole = min(5 * 2 ** (attempt - 1), 3600)
    assert whole / 2 <= wait.total_seconds() <= whole


def test_a_destination_that_fails_again_and_again_rests_and_is_then_tried_once():
    breaker = Breaker(failures=3, rest=timedelta(seconds=30))
    for _ in range(2):
        breaker.failed("acme", START)
    assert breaker.room(START) == {}
    breaker.failed("acme", START)
    assert breaker.room(START) == {"acme": 0}
    assert breaker.room(START + timedelta(seconds=30)) == {"acme": 1}
    breaker.failed("acme", START + timedelta(seconds=30))
    assert breaker.room(START + timedelta(seconds=31)) == {"acme": 0}
    breaker.succeeded("acme")
    assert breaker.room(START) == {}


async def test_the_loops_carry_an_order_through_by_themselves(street):
    await stocked(street)
    working = asyncio.create_task(street.flow.run())
    await street.send(purchase("PO1"))
    await until(lambda: fulfilments(street))
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert await street.sound() == []


async def test_a_role_does_only_its_own_part(street):
    working = asyncio.create_task(street.flow.run(frozenset({"intake"})))
    await street.send(purchase("PO1"))
    async with asyncio.timeout(10):
        while not await street.store.archive.documents():
            pass
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert await street.store.archive.orders() == []


@pytest.mark.parametrize("kind", SHARED)
async def test_another_process_hears_at_once_that_there_is_work(kind, tmp_path):
    url = await fresh_url(kind, tmp_path)
    async with open_store(url, SteppingClock(), CountingIds()) as here:
        listening = asyncio.create_task(here.peers.listen())
        await here.inbox.claim(5, patience=30)
        waiting = asyncio.create_task(here.inbox.claim(5, patience=30))
        async with open_store(url, SteppingClock(), CountingIds()) as there:
            async with asyncio.timeout(5):
                while not waiting.done():
                    await there.inbox.keep(arrival(purchase("PO1"), source="acme"))
                    await asyncio.sleep(0.1)
        assert [taken.arrival.source for taken in await waiting] == ["acme"]
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


@pytest.mark.parametrize("kind", SHARED)
async def test_what_a_dead_process_had_claimed_is_given_back(kind, tmp_path):
    url = await fresh_url(kind, tmp_path)
    async with open_store(url, SteppingClock(), CountingIds()) as here:
        await here.inbox.keep(arrival(purchase("PO1"), source="acme"))
        async with open_store(url, SteppingClock(), CountingIds()) as there:
            [held] = await there.inbox.claim(5)
            await here.peers.give_back()
            assert await here.inbox.claim(5) == []
        await here.peers.give_back()
        [taken_over] = await here.inbox.claim(5)
        assert taken_over.id == held.id


async def test_what_the_other_side_still_works_on_is_looked_at_again_without_using_up_tries(street):
    street.courier.orders["acme"] = [Unfinished("making it", retry_after=30.0)] * 20
    await street.send(purchase("PO1"))
    for _ in range(25):
        await street.settle()
        street.clock.advance(minutes=1)
    assert len(street.courier.effects("OrderAcknowledgment")) == 1
    assert await street.codes() == []
    assert await street.sound() == []
