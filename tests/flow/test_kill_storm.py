"""kill -9 at named instants and at random: nothing acknowledged is lost, and nothing happens twice."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.surroundings import SystemClock, TimeOrderedIds
from store import open_store
from tests.flow.street import purchase

ORDERS = 12
KILLS = [
    ("before-commit", 3),
    ("after-commit", 4),
    ("after-send", 2),
    ("before-commit", 9),
    ("random", 0.9),
    ("after-commit", 11),
    ("after-send", 5),
    ("random", 1.1),
]


def start(url: str, ledgers: Path, *kill: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.flow.storm_worker", url, str(ledgers), *map(str, kill)]
    return subprocess.Popen(command, cwd=Path(__file__).parents[2], env=os.environ | {"PYTHONPATH": "."})


def run_and_kill(url: str, ledgers: Path, instant: str, count: float) -> None:
    if instant != "random":
        start(url, ledgers, instant, count).wait(60)
        return
    process = start(url, ledgers)
    time.sleep(count + random.random() * 0.5)
    process.send_signal(signal.SIGKILL)
    process.wait(60)


@pytest.mark.storm
async def test_nothing_is_lost_and_nothing_happens_twice(tmp_path):
    url = f"sqlite:///{tmp_path}/hub.db"
    async with open_store(url, SystemClock(), TimeOrderedIds()) as store:
        await store.stock.set("A", "EAST", Decimal(1000))
    sent = [purchase(f"PO{number}", number + 1) for number in range(ORDERS)]
    lines = [
        {
            "id": order.number,
            "source": "acme",
            "content": json.dumps([{"kind": order.kind, "document": order.as_json()}]),
        }
        for order in sent
    ]
    (tmp_path / "messages.jsonl").write_text("\n".join(map(json.dumps, lines)))
    for instant, count in KILLS:
        run_and_kill(url, tmp_path, instant, count)
    assert start(url, tmp_path).wait(120) == 0
    taken = {}
    for line in (tmp_path / "taken").read_text().splitlines():
        parcel = json.loads(line)
        assert taken.setdefault(parcel["key"], parcel) == parcel, "one key, one content"
    effects = Counter((parcel["kind"], parcel["said"].get("order_number")) for parcel in taken.values())
    for order in sent:
        assert effects["FulfilmentOrder", order.number] == 1
        assert effects["ShipmentNotice", order.number] + effects["Invoice", order.number] > 0
    async with open_store(url, SystemClock(), TimeOrderedIds()) as store:
        assert [fault async for fault in store.archive.audit()] == []
        orders = {row["number"]: row for row in await store.archive.orders()}
        assert {number: row["lines"][0]["ledger"]["shipped"] for number, row in orders.items()} == {
            order.number: str(order.lines[0].quantity.value) for order in sent
        }
        [left] = list(await store.stock.availability("A"))
        assert (left.on_hand, left.reserved) == (1000 - sum(range(1, ORDERS + 1)), 0)
        assert await store.archive.exceptions() == []
