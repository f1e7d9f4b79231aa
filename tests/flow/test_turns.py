"""Two hubs never look at one place at once, and a destination with a budget gets no more than that."""

import asyncio
from datetime import timedelta

import pytest

from canonical.exchange import Arrival
from router.flow import Pace
from router.ports import Stale
from store import open_store
from store.turns import LEASE
from tests.flow.databases import KINDS, fresh_url
from tests.flow.street import START, CountingIds, arrival, open_street, purchase

EVERY = timedelta(seconds=10)


@pytest.fixture(params=KINDS)
async def street(request, tmp_path):
    async with open_street(await fresh_url(request.param, tmp_path)) as opened:
        yield opened


class Place:
    """Has something at every look, and tells who looks at once."""

    name = "place"

    def __init__(self):
        self.looking = self.most = self.looks = 0

    async def collect(self):
        self.looks += 1
        self.looking += 1
        self.most = max(self.most, self.looking)
        await asyncio.sleep(0.05)
        yield Arrival("acme", "http", arrival(purchase(f"PO{self.looks}"), source="acme").content)
        self.looking -= 1


async def test_two_hubs_never_look_at_one_place_at_once(tmp_path):
    url, place = await fresh_url("postgresql", tmp_path), Place()
    async with open_street(url) as here, open_street(url) as there:
        looks = [hub.flow.schedule.collect(place, timedelta(0)) for hub in (here, there) * 5]
        taken = await asyncio.gather(*looks)
    assert place.most == 1
    assert sum(taken) == place.looks < len(looks)


async def test_a_place_is_not_looked_at_sooner_than_agreed(street):
    turns = street.store.turns
    first = await turns.take("place", EVERY)
    assert first
    assert await turns.take("place", timedelta(0)) is None
    await turns.end("place", first)
    assert await turns.take("place", EVERY) is None
    street.clock.advance(seconds=10)
    assert await turns.take("place", EVERY)


async def test_a_turn_that_ran_out_is_anothers_and_cannot_be_renewed(street):
    turns = street.store.turns
    late = await turns.take("place", EVERY)
    street.clock.advance(seconds=LEASE.total_seconds() - 1)
    await turns.renew("place", late)
    street.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert await turns.take("place", EVERY)
    with pytest.raises(Stale):
        await turns.renew("place", late)


@pytest.mark.parametrize("held", [True, False])
async def test_a_clock_set_back_by_a_day_stops_nobody(street, held):
    turns = street.store.turns
    token = await turns.take("place", EVERY)
    if not held:
        await turns.end("place", token)
    street.clock.instant -= timedelta(days=1)
    assert await turns.take("place", EVERY)


async def test_a_dead_processs_turn_is_given_back(tmp_path):
    url = await fresh_url("postgresql", tmp_path)
    async with open_street(url) as here:
        async with open_store(url, here.clock, CountingIds()) as there:
            assert await there.turns.take("place", EVERY)
            await here.store.peers.give_back()
            assert await here.store.turns.take("place", timedelta(0)) is None
        await here.store.peers.give_back()
        assert await here.store.turns.take("place", timedelta(0))


async def test_a_destination_with_a_budget_gets_no_more(street):
    street.flow.deliver.pace = Pace({"acme": 60})
    for number in range(30):
        await street.send(purchase(f"PO{number}"))
    taken = []
    for _ in range(12):
        await street.settle()
        taken.append(sum(parcel.destination == "acme" for parcel in street.courier.taken))
        street.clock.advance(seconds=1)
    assert taken == list(range(5, 17))


def test_what_was_not_used_for_long_is_not_made_up_for():
    pace, now = Pace({"acme": 60}), START
    for _ in range(5):
        pace.spend("acme", now)
    assert pace.room(now) == {"acme": 0}
    assert pace.room(now + timedelta(hours=1)) == {"acme": 5}
    pace.spend("other", now)
    assert "other" not in pace.room(now)
