"""kill -9 at named instants and at random: nothing acknowledged is lost, and nothing happens twice."""

import json
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count, cycle
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from canonical import PurchaseOrder
from connectors.surroundings import SystemClock, TimeOrderedIds
from store import open_store
from tests.flow.databases import SHARED, fresh_url
from tests.flow.storm_worker import post, start
from tests.flow.street import purchase

FATES = [
    ("before-commit", 3),
    ("after-commit", 4),
    ("after-send", 2),
    ("random", 0),
    ("before-commit", 9),
    ("after-send", 5),
    ("random", 0),
    ("after-commit", 11),
]
"""The instant at which a process dies, and the how manieth passing of it."""
RANDOM_LIFE, LONGEST_LIFE = 0.5, 3.0
"""Seconds: the longest of a process that dies at random, and after which one is killed that its instant never meets."""
ORDERS_A_LIFE = 3
STOCK = 100_000
LONG = 50
"""Kills from which on four processes share the database instead of two."""


@dataclass
class Life:
    process: BaseProcess
    ends: float


@dataclass
class Storm:
    """Keeps some processes at work, each of which is killed sooner or later and followed by another."""

    url: str
    ledgers: Path
    at_once: int
    sent: list[PurchaseOrder]
    deaths: Counter[str]

    def rage(self, kills: int) -> None:
        """Go on until so many were killed."""
        fates, living = cycle(FATES), dict[int, tuple[str, Life]]()
        while self.deaths.total() < kills:
            while len(living) < self.at_once:
                instant, passing = next(fates)
                life = self._begin(instant, passing)
                living[life.process.sentinel] = instant, life
            self._end(living)
        for _, life in living.values():
            life.process.kill()
            life.process.join()

    def _begin(self, instant: str, passing: int) -> Life:
        for _, order in zip(range(ORDERS_A_LIFE), self._orders(), strict=False):
            post(self.ledgers, order)
            self.sent.append(order)
        lasts = random.uniform(0, RANDOM_LIFE) if instant == "random" else LONGEST_LIFE
        return Life(start(self.url, self.ledgers, instant, passing), time.monotonic() + lasts)

    def _orders(self) -> Iterator[PurchaseOrder]:
        return (purchase(f"PO{number}", number % 30 + 1) for number in count(len(self.sent)))

    def _end(self, living: dict[int, tuple[str, Life]]) -> None:
        """Wait for the next death, and see to those that are due."""
        for _, life in living.values():
            if time.monotonic() >= life.ends:
                life.process.kill()
        for sentinel in wait(list(living), timeout=0.02):
            instant, life = living.pop(sentinel)
            life.process.join()
            assert life.process.exitcode == -signal.SIGKILL, "it died of something else"
            self.deaths[instant if time.monotonic() < life.ends else "random"] += 1


@pytest.mark.storm
@pytest.mark.parametrize("kind", SHARED)
async def test_nothing_is_lost_and_nothing_happens_twice(kind, tmp_path, request):
    kills = request.config.getoption("--kills")
    url = await fresh_url(kind, tmp_path)
    async with open_store(url, SystemClock(), TimeOrderedIds()) as store:
        await store.stock.set("A", "EAST", Decimal(STOCK))
    at_once = 4 if kills >= LONG else 2
    storm, began = Storm(url, tmp_path, at_once, [], Counter()), time.monotonic()
    storm.rage(kills)
    last = start(url, tmp_path, "done")
    last.join(600)
    assert last.exitcode == 0
    print(f"{kind}, {at_once} at once: {dict(storm.deaths)} killed, {len(storm.sent)} orders, ", end="")
    print(f"{time.monotonic() - began:.0f} s")
    assert_each_took_effect_once(tmp_path / "taken", storm.sent)
    await assert_sound(url, storm.sent)


def assert_each_took_effect_once(ledger: Path, sent: list[PurchaseOrder]) -> None:
    """By what the receivers noted, each of whom heeds the key."""
    taken = {}
    for line in ledger.read_text().splitlines():
        parcel = json.loads(line)
        assert taken.setdefault(parcel["key"], parcel) == parcel, "one key, one content"
    effects = Counter((parcel["kind"], parcel["said"].get("order_number")) for parcel in taken.values())
    for order in sent:
        assert effects["FulfilmentOrder", order.number] == 1
        assert effects["ShipmentNotice", order.number] + effects["Invoice", order.number] > 0


async def assert_sound(url: str, sent: list[PurchaseOrder]) -> None:
    """By the hub's own books."""
    async with open_store(url, SystemClock(), TimeOrderedIds()) as store:
        assert [fault async for fault in store.archive.audit()] == []
        orders = {row["number"]: row for row in await store.archive.orders(limit=len(sent) + 1)}
        assert {number: row["lines"][0]["ledger"]["shipped"] for number, row in orders.items()} == {
            order.number: str(order.lines[0].quantity.value) for order in sent
        }
        [left] = list(await store.stock.availability("A"))
        assert (left.on_hand, left.reserved) == (STOCK - sum(order.lines[0].quantity.value for order in sent), 0)
        assert await store.archive.exceptions() == []
