"""How stale each channel is, against its limits; and polls planned so that none is hit and the oldest waits least."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from canonical import Rejected, Unavailable
from canonical.exchange import Parcel
from connectors.agenda import Agenda
from connectors.connection import Connection
from connectors.courier import ConnectionCourier, MeasuredCourier
from connectors.engine.caller import Caller
from connectors.engine.cursor import MemoryCursors
from connectors.engine.wire import Answer, Request
from connectors.freshness import Ages, FileAges, MemoryAges, look, looked, staleness
from connectors.manifest import Manifest
from connectors.pickup import ConnectionPickup

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
MANIFEST: dict[str, Any] = {
    "connector": "x",
    "version": 1,
    "kind": "marketplace",
    "title": "X",
    "docs": "d",
    "base_url": "https://x.example",
    "freshness": {"tracking": "PT1H"},
    "takes": {
        "ShipmentNotice": {"operation": "push", "map": "x/a"},
        "InventoryReport": {"operation": "push", "map": "x/b"},
    },
    "operations": {
        "push": {"steps": [{"name": "push", "call": {"method": "POST", "path": "/push"}}]},
        "pull": {
            "steps": [{"name": "list", "call": {"path": "/orders"}}],
            "pull": {"items": "orders", "kind": "PurchaseOrder", "map": "x/c", "key": "{item.id}", "every": "PT2M"},
        },
    },
}


class SteppingClock:
    at = START

    def now(self) -> datetime:
        return self.at


class Shop:
    status = 200

    async def send(self, request: Request, hosts: frozenset[str], granted: frozenset[str]) -> Answer:
        return Answer(self.status, {}, b'{"orders": [{"id": 1}]}')


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture(params=["memory", "files"])
def ages(request: pytest.FixtureRequest, tmp_path: Path) -> Ages:
    return MemoryAges() if request.param == "memory" else FileAges(tmp_path)


def connection(name: str = "shop", **more: Any) -> Connection:
    return Connection(name, name, Manifest.model_validate({**MANIFEST, **more}), {}, "https://x.example")


def rows(ages: Ages, one: Connection, now: datetime) -> dict[str, tuple[float | None, float, bool]]:
    return {row["what"]: (row["seconds"], row["limit"], row["fresh"]) for row in staleness(ages, one, now)}


async def test_orders_are_as_old_as_the_last_list_that_was_taken_whole(ages: Ages, clock: SteppingClock):
    one, shop = connection(), Shop()
    pickup = ConnectionPickup(Caller(one, shop, clock), "pull", MemoryCursors(), Agenda([one], ages))
    assert rows(ages, one, clock.at)["orders"] == (None, 360.0, False)
    assert len([arrival async for arrival in pickup.collect()]) == 1
    clock.at += timedelta(minutes=5)
    assert rows(ages, one, clock.at)["orders"] == (300.0, 360.0, True)
    shop.status = 503
    with pytest.raises(Unavailable):
        await anext(pickup.collect())
    clock.at += timedelta(minutes=2)
    assert rows(ages, one, clock.at)["orders"] == (420.0, 360.0, False)


@pytest.mark.parametrize(
    ("kind", "what", "limit"), [("ShipmentNotice", "tracking", 3600.0), ("InventoryReport", "stock", 1800.0)]
)
async def test_stock_and_tracking_are_as_old_as_what_the_channel_was_not_told(
    ages: Ages, clock: SteppingClock, kind: str, what: str, limit: float
):
    one, shop = connection(), Shop()
    courier = MeasuredCourier(ConnectionCourier(Caller(one, shop, clock)), ages, clock)
    parcels = [Parcel("d", key, "shop", kind, b"{}", "application/json", "f", 1) for key in ("k1", "k2")]
    shop.status = 503
    for parcel in parcels:
        with pytest.raises(Unavailable):
            await courier.deliver(parcel)
        clock.at += timedelta(minutes=10)
    assert rows(ages, one, clock.at)[what] == (1200.0, limit, True)
    shop.status = 200
    await courier.deliver(parcels[0])
    assert rows(ages, one, clock.at)[what] == (600.0, limit, True)
    shop.status = 422
    with pytest.raises(Rejected):
        await courier.deliver(parcels[1])
    assert rows(ages, one, clock.at)[what] == (0.0, limit, True)


async def test_a_second_process_does_not_ask_too_soon(clock: SteppingClock, tmp_path: Path):
    one = connection()
    first, second = (
        ConnectionPickup(Caller(one, Shop(), clock), "pull", MemoryCursors(), Agenda([one], FileAges(tmp_path)))
        for _ in range(2)
    )
    assert len([arrival async for arrival in first.collect()]) == 1
    assert [arrival async for arrival in second.collect()] == []
    clock.at += timedelta(minutes=2)
    assert len([arrival async for arrival in second.collect()]) == 1


@pytest.mark.parametrize(
    ("limit", "every"),
    [
        ({"kind": "bucket", "calls": "0.0056", "burst": 20}, 179),
        ({"kind": "window", "calls": 10, "per": "PT1M"}, 120),
        ({"kind": "daily", "calls": 144}, 600),
        ({"kind": "daily", "calls": 144, "of": ["GET /stock"]}, 120),
        ({"kind": "daily", "calls": 1440, "scope": "connector"}, 600),
        ({"kind": "concurrency", "calls": 1}, 120),
    ],
)
def test_a_list_is_asked_for_no_more_often_than_its_share_of_the_limit_bears(limit: dict[str, Any], every: int):
    shared = connection(rate_limits=[limit]).manifest
    ten = [Connection(f"shop-{n}", "", shared, {}, "https://x.example") for n in range(10)]
    assert Agenda(ten).every(ten[0], "pull").total_seconds() == pytest.approx(every, abs=1)


def test_a_list_that_took_many_calls_waits_for_as_many_turns_and_lists_of_one_limit_share_it():
    limits = [
        {"kind": "concurrency", "calls": 5},
        {"kind": "bucket", "calls": 1, "per": "PT10M", "of": ["GET /orders"]},
    ]
    one = connection(rate_limits=limits)
    assert Agenda([one]).every(one, "pull", {0: 9, 1: 3}) == timedelta(minutes=30)
    two = connection(rate_limits=limits, operations={**MANIFEST["operations"], "again": MANIFEST["operations"]["pull"]})
    assert Agenda([two]).every(two, "pull", {1: 3}) == timedelta(hours=1)


async def test_the_pages_of_a_sweep_put_off_the_next(clock: SteppingClock, ages: Ages):
    class Pages:
        left = 3

        async def send(self, request: Request, hosts: frozenset[str], granted: frozenset[str]) -> Answer:
            self.left -= 1
            more = f', "next": "{self.left}"' if self.left else ""
            return Answer(200, {}, f'{{"orders": [{{"id": {self.left}}}]{more}}}'.encode())

    operations = json.loads(json.dumps(MANIFEST["operations"]))
    operations["pull"]["pull"]["pages"] = {"kind": "cursor", "token": "next"}
    shop = connection(rate_limits=[{"kind": "bucket", "calls": 1, "per": "PT10M", "burst": 9}], operations=operations)
    pickup = ConnectionPickup(Caller(shop, Pages(), clock), "pull", MemoryCursors(), Agenda([shop], ages))
    assert len([arrival async for arrival in pickup.collect()]) == 3
    assert looked(ages, shop.id, "pull") == (START, START + timedelta(minutes=30))


def test_of_those_that_share_an_allowance_the_one_that_waited_longest_goes_first(ages: Ages):
    limit = {"kind": "daily", "calls": 100_000, "scope": "connector"}
    shared = connection(rate_limits=[limit]).manifest
    shops = [Connection(f"shop-{n}", "", shared, {}, "https://x.example") for n in range(3)]
    agenda = Agenda(shops, ages)
    order = []
    for round_ in range(6):
        now = START + timedelta(minutes=round_)
        [first, *_] = [one for one in reversed(shops) if agenda.due(one, "pull", now)]
        look(ages, first.id, "pull", now, now)
        order.append(first.id)
    assert order[:3] == order[3:]
    assert len(set(order[:3])) == 3


def test_one_that_fails_holds_up_no_other(ages: Ages):
    limit = {"kind": "daily", "calls": 100_000, "scope": "connector"}
    shared = connection(rate_limits=[limit]).manifest
    broken, sound = (Connection(name, "", shared, {}, "https://x.example") for name in ("broken", "sound"))
    agenda = Agenda([broken, sound], ages)
    look(ages, "broken", "pull", START, START + timedelta(minutes=2))
    assert agenda.due(sound, "pull", START)
    assert looked(ages, "broken", "pull")[0] == START


def test_an_age_that_was_spoilt_begins_anew(tmp_path: Path):
    (tmp_path / "shop.json").write_text("{")
    assert looked(FileAges(tmp_path), "shop", "pull") == (None, None)
