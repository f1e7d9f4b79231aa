"""What runs by itself: often enough, by one process, and not again because of a restart."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from canonical import Unavailable
from connectors.connection import Connection
from connectors.engine.caller import Caller
from connectors.engine.cursor import FileCursors
from connectors.engine.wire import Answer, Request
from connectors.manifest import Manifest
from connectors.pickup import pickups

MANIFEST = Manifest.model_validate(
    {
        "connector": "x",
        "version": 1,
        "kind": "other",
        "title": "X",
        "docs": "d",
        "base_url": "https://x.example",
        "operations": {
            "subscribe": {
                "every": "P2D",
                "steps": [
                    {
                        "name": "look_up",
                        "call": {"path": "/subscriptions"},
                        "already_done": {"at": "urls[]", "has": "https://hub.example"},
                    },
                    {"name": "create", "call": {"method": "POST", "path": "/subscriptions"}},
                ],
            }
        },
    }
)


class SteppingClock:
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


class Subscriptions:
    """Knows whether there is one, and what was asked."""

    def __init__(self) -> None:
        self.there, self.down, self.asked = False, False, list[str]()

    async def send(self, request: Request, hosts: frozenset[str], granted: frozenset[str]) -> Answer:
        if self.down:
            raise Unavailable("down")
        self.asked.append(request.method)
        if request.method == "POST":
            self.there = True
        return Answer(200, {}, b'{"urls": ["https://hub.example"]}' if self.there else b'{"urls": []}')


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def other() -> Subscriptions:
    return Subscriptions()


async def look(other: Subscriptions, clock: SteppingClock, data: Path) -> None:
    """As each process does, at each tick."""
    connection = Connection("shop", "Shop", MANIFEST, {}, "https://x.example")
    [chore] = pickups({"shop": Caller(connection, other, clock)}, FileCursors(data))
    assert chore.name == "shop.subscribe"
    assert [arrival async for arrival in chore.collect()] == []


async def test_a_subscription_is_made_once_and_renewed_when_it_is_time(
    other: Subscriptions, clock: SteppingClock, tmp_path: Path
):
    for _ in range(3):
        await look(other, clock, tmp_path)
    assert other.asked == ["GET", "POST"]
    clock.at += timedelta(days=1, hours=23)
    await look(other, clock, tmp_path)
    assert other.asked == ["GET", "POST"]
    other.there = False
    clock.at += timedelta(hours=1)
    await look(other, clock, tmp_path)
    assert other.asked == ["GET", "POST"] * 2


async def test_one_that_failed_is_tried_at_the_next_look(other: Subscriptions, clock: SteppingClock, tmp_path: Path):
    other.down = True
    with pytest.raises(Unavailable):
        await look(other, clock, tmp_path)
    other.down = False
    await look(other, clock, tmp_path)
    assert other.asked == ["GET", "POST"]
