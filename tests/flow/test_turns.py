"""Two hubs never look at one place at once, and a destination with a budget gets no more than that."""

import asyncio
import time
from datetime import datetime, timedelta

import pytest

from canonical import Misconfigured, Unavailable
from canonical.exchange import Arrival
from connectors.ticker import Ticker
from router.flow import Pace
from router.ports import Stale
from store import open_store
from store.turns import LEASE
from tests.flow.databases import KINDS, SHARED, fresh_url
from tests.flow.street import START, CountingIds, arrival, open_street, purchase, until

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


@pytest.mark.parametrize("kind", SHARED)
async def test_a_dead_processs_turn_is_given_back(kind, tmp_path):
    url = await fresh_url(kind, tmp_path)
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


class Broken:
    """Cannot be looked at, until it is mended."""

    name = "shop.orders"

    def __init__(self, error):
        self.error = error

    async def collect(self):
        if self.error:
            raise self.error
        for arrived in ():
            yield arrived


async def test_a_places_trouble_is_told_once_and_its_end_too(street, caplog):
    schedule, place = street.flow.schedule, Broken(Unavailable("nobody answers"))
    for _ in range(3):
        await schedule.collect(place, timedelta(0))
    assert [said.message for said in caplog.records] == ["shop.orders: nobody answers"]
    assert schedule.troubles["shop.orders"].message == "nobody answers"
    place.error = None
    await schedule.collect(place, timedelta(0))
    assert schedule.troubles == {}
    assert len(caplog.records) == 2


async def test_what_is_configured_wrongly_stays_told_of_while_it_is_not_yet_time_to_look(street, caplog):
    schedule, place = street.flow.schedule, Broken(Misconfigured("the secret is missing"))
    for error in (place.error, None, place.error):
        place.error = error
        await schedule.collect(place, timedelta(0))
        assert schedule.troubles["shop.orders"].message == "the secret is missing"
    assert len(caplog.records) == 1


async def test_a_clock_set_back_by_a_day_holds_up_no_work(street):
    street.courier.orders["acme"] = [Unavailable("down")]
    await street.send(purchase("PO1"))
    await street.send(purchase("PO2"))
    await street.flow.translate.step()
    await street.flow.route.step()
    await street.flow.render.step()
    await street.flow.deliver.step()
    await street.send(purchase("PO3"))
    street.clock.instant -= timedelta(days=1)
    await street.settle()
    assert len(await street.store.archive.orders()) == 2
    await street.flow.schedule.expire()
    await street.settle()
    assert len(await street.store.archive.orders()) == 3
    assert {row["status"] for row in await street.store.archive.documents()} <= {"decided", "delivered", "declined"}
    assert await street.sound() == []


async def test_an_hours_wait_before_a_retry_is_no_work_left_in_the_future(street):
    street.courier.orders["acme"] = [Unavailable("later", retry_after=3600)]
    await street.send(purchase("PO1"))
    await street.settle()
    taken = len(street.courier.taken)
    await street.flow.schedule.expire()
    await street.settle()
    assert len(street.courier.taken) == taken


class Shifted(datetime):
    """A time of day that can be set back."""

    by = timedelta(0)

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + cls.by


async def test_a_ticker_goes_on_ticking_when_the_clock_is_set_back(monkeypatch):
    ticks = []

    async def job():
        ticks.append(Shifted.by)

    for module in ("apscheduler.schedulers.base", "apscheduler.triggers.interval", "connectors.ticker"):
        monkeypatch.setattr(f"{module}.datetime", Shifted)
    monkeypatch.setattr(Shifted, "by", timedelta(0))
    monkeypatch.setattr("connectors.ticker.time.time", lambda: time.monotonic() + Shifted.by.total_seconds())
    monkeypatch.setattr("connectors.ticker._LOOK", 0.01)
    ticking = asyncio.create_task(Ticker().run({"job": (timedelta(seconds=0.05), job)}))
    await until(lambda: ticks)
    Shifted.by = timedelta(days=-1)
    await until(lambda: timedelta(days=-1) in ticks)
    ticking.cancel()
    await asyncio.gather(ticking, return_exceptions=True)
