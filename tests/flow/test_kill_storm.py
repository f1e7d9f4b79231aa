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

from canonical import PurchaseOrder
from connectors.surroundings import SystemClock, TimeOrderedIds
from store import open_store
from tests.flow.databases import KINDS, fresh_url
from tests.flow.street import purchase

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
STOCK = 100_000
LONGEST_LIFE = 20
"""Seconds after which a process is killed that did not come to the instant it should die at."""
LONG = 50
"""Kills from which on four processes share the database instead of two."""


def start(url: str, ledgers: Path, *kill: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.flow.storm_worker", url, str(ledgers), *map(str, kill)]
    return subprocess.Popen(command, cwd=Path(__file__).parents[2], env=os.environ | {"PYTHONPATH": "."})


def run_and_kill(url: str, ledgers: Path, instant: str, count: float) -> int:
    """How the process ended: -9 when it was killed before it was done. Others may leave it too little to die of."""
    if instant == "random":
        process = start(url, ledgers)
        time.sleep(count + random.random() * 0.5)
        return kill(process)
    process = start(url, ledgers, instant, count)
    try:
        return process.wait(LONGEST_LIFE)
    except subprocess.TimeoutExpired:
        return kill(process)


def post(ledgers: Path, order: PurchaseOrder) -> None:
    """Have an order sent by whatever process runs next."""
    content = json.dumps([{"kind": order.kind, "document": order.as_json()}])
    with (ledgers / "messages.jsonl").open("a") as messages:
        messages.write(json.dumps({"id": order.number, "source": "acme", "content": content}) + "\n")


def storm(url: str, ledgers: Path, sent: list[PurchaseOrder], kills: int) -> list[int]:
    """Kill one process after another; on a shared database others work on beside them and are killed too."""
    (ledgers / "messages.jsonl").touch()
    beside: list[subprocess.Popen[bytes]] = []
    ends: list[int] = []
    for number in range(kills):
        for order in sent[number::kills]:
            post(ledgers, order)
        if url.startswith("postgresql"):
            beside = [process for process in beside if process.poll() is None]
            beside += [start(url, ledgers) for _ in range((3 if kills >= LONG else 1) - len(beside))]
        ends.append(run_and_kill(url, ledgers, *KILLS[number % len(KILLS)]))
        if beside and number % 4 == 0:
            ends.append(kill(beside.pop(0)))
    for process in beside:
        kill(process)
    return ends


def kill(process: subprocess.Popen[bytes]) -> int:
    process.kill()
    return process.wait(60)


@pytest.mark.storm
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "memory"])
async def test_nothing_is_lost_and_nothing_happens_twice(kind, tmp_path, request):
    kills = request.config.getoption("--kills")
    url = await fresh_url(kind, tmp_path)
    async with open_store(url, SystemClock(), TimeOrderedIds()) as store:
        await store.stock.set("A", "EAST", Decimal(STOCK))
    sent = [purchase(f"PO{number}", number % 30 + 1) for number in range(3 * kills)]
    began = time.monotonic()
    killed = storm(url, tmp_path, sent, kills).count(-signal.SIGKILL)
    assert killed >= kills // 3
    assert start(url, tmp_path).wait(600) == 0
    print(f"{kind}: {killed} processes killed, {len(sent)} orders, {time.monotonic() - began:.0f} s")
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
        orders = {row["number"]: row for row in await store.archive.orders(limit=len(sent) + 1)}
        assert {number: row["lines"][0]["ledger"]["shipped"] for number, row in orders.items()} == {
            order.number: str(order.lines[0].quantity.value) for order in sent
        }
        [left] = list(await store.stock.availability("A"))
        assert (left.on_hand, left.reserved) == (STOCK - sum(order.lines[0].quantity.value for order in sent), 0)
        assert await store.archive.exceptions() == []
