"""Limits are kept before they are hit, by every process that shares them, and learned from answers."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from canonical import Unavailable
from connectors.engine.meters import FileMeters, MemoryMeters, Meters
from connectors.engine.pace import Pace
from connectors.manifest_limits import Bucket, Concurrency, Cost, Daily, Limit, Window

NAMES = {"connection": "shop", "connector": "connector-x"}


class WallClock:
    at = 1_795_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> WallClock:
    """Sleeping moves it on."""
    clock = WallClock()

    async def sleep(seconds: float) -> None:
        clock.at += seconds

    monkeypatch.setattr("connectors.engine.pace.asyncio.sleep", sleep)
    return clock


@pytest.fixture(params=["memory", "files"])
def meters(request: pytest.FixtureRequest, tmp_path: Path) -> Meters:
    return MemoryMeters() if request.param == "memory" else FileMeters(tmp_path)


def pace(meters: Meters, clock: WallClock, *limits: Limit) -> Pace:
    return Pace(limits, meters, NAMES, clock)


async def call(one: Pace, name: str = "GET /orders", step: str = "orders") -> None:
    async with one.turn(name, step):
        pass


async def refused(one: Pace, name: str = "GET /orders", step: str = "orders") -> float:
    with pytest.raises(Unavailable) as caught:
        await call(one, name, step)
    assert caught.value.retry_after
    return caught.value.retry_after


async def test_a_bucket_lets_its_burst_through_and_then_its_rate(meters: Meters, clock: WallClock):
    bucket = pace(meters, clock, Bucket(kind="bucket", calls=1, per=timedelta(seconds=2), burst=2))
    began = clock.at
    for _ in range(4):
        await call(bucket)
    assert clock.at - began == pytest.approx(4)


async def test_a_turn_too_far_off_is_not_taken(meters: Meters, clock: WallClock):
    slow = pace(meters, clock, Bucket(kind="bucket", calls="0.0056", burst=1))
    await call(slow)
    assert [round(await refused(slow)) for _ in range(3)] == [179] * 3


async def test_the_true_rate_is_learned_from_a_header(meters: Meters, clock: WallClock):
    slow = pace(meters, clock, Bucket(kind="bucket", calls="0.0056", burst=1, learn="x-amzn-RateLimit-Limit"))
    await call(slow)
    slow.learn("GET /orders", "orders", {"x-amzn-ratelimit-limit": "0.5"}, None)
    began = clock.at
    await call(slow)
    assert clock.at - began == pytest.approx(2)


async def test_a_window_is_never_overfull_wherever_it_is_laid(meters: Meters, clock: WallClock):
    window = pace(meters, clock, Window(kind="window", calls=5, per=timedelta(seconds=4)))
    made = []
    for _ in range(20):
        await call(window)
        made.append(clock.at)
        clock.at += 0.3
    assert all(later - earlier >= 3.999 for earlier, later in zip(made, made[5:], strict=False))


async def test_a_day_begins_at_midnight_utc(meters: Meters, clock: WallClock):
    daily = pace(meters, clock, Daily(kind="daily", calls=2))
    await call(daily)
    await call(daily)
    clock.at += await refused(daily)
    assert clock.at % 86_400 == pytest.approx(0)
    await call(daily)


async def test_the_cost_of_a_call_is_learned_from_its_answer(meters: Meters, clock: WallClock):
    points: dict[str, Any] = {"requested": "cost.requested", "available": "cost.left", "rate": "cost.rate"}
    cost = pace(meters, clock, Cost(kind="cost", most=1000, restore=50, **points))
    await call(cost, step="big")
    cost.learn("POST /graphql", "big", {}, {"cost": {"requested": 400, "left": 100, "rate": 100}})
    began = clock.at
    await call(cost, step="small")
    assert clock.at == began
    await call(cost, step="big")
    assert clock.at - began == pytest.approx(3.01)


async def test_a_header_that_says_none_is_left_silences_until_its_reset(meters: Meters, clock: WallClock):
    limit = Window(kind="window", calls=100, per=timedelta(seconds=10), remaining="X-Left", reset="X-Reset")
    window = pace(meters, clock, limit)
    window.learn("GET /orders", "orders", {"x-left": "0", "x-reset": "30"}, None)
    assert await refused(window) == pytest.approx(30)
    window.learn("GET /orders", "orders", {"x-left": "0", "x-reset": str(int(clock.at) + 60)}, None)
    assert await refused(window) == pytest.approx(60, abs=1)


async def test_a_limit_counts_only_the_calls_it_is_of(meters: Meters, clock: WallClock):
    limit = Bucket(kind="bucket", calls="0.01", of=("POST /orders/*/shipping",))
    one = pace(meters, clock, limit)
    await call(one, "POST /orders/1/shipping")
    await call(one, "GET /orders/1/shipping")
    assert await refused(one, "POST /orders/2/shipping") == pytest.approx(100)


async def test_two_processes_share_one_allowance_and_one_silence(tmp_path: Path, clock: WallClock):
    limit = Bucket(kind="bucket", calls="0.01", burst=2)
    first, second = (pace(FileMeters(tmp_path), clock, limit) for _ in range(2))
    await call(first)
    await call(second)
    assert await refused(first) == await refused(second) == pytest.approx(100)
    clock.at += 200
    first.hold(60)
    assert await refused(second) == pytest.approx(60)


async def test_the_connections_of_one_connector_may_share_an_allowance(meters: Meters, clock: WallClock):
    limit = Bucket(kind="bucket", calls="0.01", scope="connector")
    other = Pace((limit,), meters, {**NAMES, "connection": "other"}, clock)
    await call(pace(meters, clock, limit))
    await refused(other)


async def test_no_more_calls_run_at_once_than_may(meters: Meters, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("connectors.engine.pace.LONGEST_WAIT", 0.05)
    one = Pace((Concurrency(kind="concurrency", calls=2),), meters, NAMES)
    async with one.turn("GET /a"), one.turn("GET /b"):
        with pytest.raises(Unavailable):
            async with one.turn("GET /c"):
                pass
    async with one.turn("GET /c"):
        pass


async def test_a_meter_that_was_spoilt_begins_anew(tmp_path: Path, clock: WallClock):
    one = pace(FileMeters(tmp_path), clock, Daily(kind="daily", calls=1))
    (tmp_path / "shop.0.json").write_text("{")
    await call(one)
