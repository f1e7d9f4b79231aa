"""A hub process for the kill storms: sends what was not acknowledged yet, works, and dies when it is told to.

In the ledgers' folder, `messages.jsonl` holds what is to be sent. What the hub acknowledged is noted in `acknowledged`,
what the receivers took in `taken`: both by others than the hub, so that they can be held against it.
"""

import asyncio
import json
import os
import random
import signal
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import func, select

from canonical import PurchaseOrder
from canonical.exchange import Arrival, Handed, Parcel
from connectors.surroundings import SystemClock, SystemRandomness, TimeOrderedIds
from store import open_store
from store.tables import document, order
from tests.flow.street import JsonLanguage, advice, arrival, assemble

_PROCESSES = get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])
"""Processes are forked from one that has imported everything, which takes a hundredth of a fresh start."""
_MOVING = ("waiting", "queued", "ready")


def start(url: str, ledgers: Path, instant: str | None = None, count: int = 0) -> BaseProcess:
    """A hub process of its own, that kills itself at the `count`th passing of an instant, or works until it is killed.

    With the instant `done` it ends by itself, with 0, when everything was sent and nothing is due.
    """
    process = _PROCESSES.Process(target=work, args=(url, ledgers, instant, count))
    process.start()
    return process


def post(ledgers: Path, ordered: PurchaseOrder) -> None:
    """Have an order sent by whatever process runs."""
    content = json.dumps([{"kind": ordered.kind, "document": ordered.as_json()}])
    Ledger(ledgers / "messages.jsonl").note({"id": ordered.number, "source": "acme", "content": content})


class Ledger:
    """Lines appended by others than the hub; a line is in the file before anybody relies on it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_RDWR)
        self._read, self._part = 0, b""

    def __del__(self) -> None:
        os.close(self._file)

    def note(self, line: dict) -> None:
        os.write(self._file, (json.dumps(line) + "\n").encode())

    def news(self) -> list[dict]:
        """The lines that came since this was last asked."""
        found = os.pread(self._file, os.fstat(self._file).st_size - self._read, self._read)
        self._read += len(found)
        *lines, self._part = (self._part + found).split(b"\n")
        return [json.loads(line) for line in lines]


class Receivers:
    """Everybody outside the hub: they send until they are answered, note what they take, and ship what is asked."""

    def __init__(self, ledgers: Path) -> None:
        self._messages, self._taken = Ledger(ledgers / "messages.jsonl"), Ledger(ledgers / "taken")
        self._acknowledged = Ledger(ledgers / "acknowledged")
        self._unsent: dict[str, Arrival] = {}
        self._answered: set[str] = set()

    async def deliver(self, parcel: Parcel) -> Handed:
        said = json.loads(parcel.content)["document"]
        self._taken.note({"key": parcel.key, "to": parcel.destination, "kind": parcel.kind, "said": said})
        return Handed({})

    async def send(self, intake) -> int:
        """Send what was not acknowledged yet, each one to three times and in any order; how much that was."""
        self._look()
        left = list(self._unsent.items())
        random.shuffle(left)
        for name, message in left:
            for _ in range(random.randint(1, 3)):
                await intake.receive(message)
            self._acknowledged.note({"id": name})
        return len(left)

    def _look(self) -> None:
        for line in self._messages.news():
            self._unsent[line["id"]] = Arrival(line["source"], "http", line["content"].encode())
        for line in self._taken.news():
            if line["kind"] == "FulfilmentOrder":
                number = line["said"]["number"]
                self._unsent[f"ship-{number}"] = arrival(advice(line["said"], f"S-{number}"), source=line["to"])
        self._answered.update(line["id"] for line in self._acknowledged.news())
        for name in self._unsent.keys() & self._answered:
            del self._unsent[name]


def killer(instant: str | None, count: int):
    """Ends this process without a word at the `count`th passing of an instant."""
    passed = 0

    def at(name: str) -> None:
        nonlocal passed
        passed += name == instant
        if name == instant and passed == count:
            os.kill(os.getpid(), signal.SIGKILL)

    return at


async def _live(url: str, ledgers: Path, instant: str | None, count: int) -> None:
    receivers, crash = Receivers(ledgers), killer(instant, count)
    async with open_store(url, SystemClock(), TimeOrderedIds(), crash=crash) as store:
        flow, intake = assemble(store, SystemClock(), SystemRandomness(), receivers, JsonLanguage(), crash=crash)
        working = asyncio.create_task(flow.run(frozenset({"intake", "route", "deliver"})))
        while await receivers.send(intake) or instant != "done" or await _unfinished(store):  # noqa: ASYNC110
            await asyncio.sleep(0.02 if instant != "done" else 0.2)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


def work(url: str, ledgers: Path, instant: str | None, count: int) -> None:
    """One life of a hub process."""
    asyncio.run(_live(url, ledgers, instant, count))


async def _unfinished(store) -> int:
    """Documents under way, and orders that have not shipped."""
    moving = select(func.count()).where(document.c.status.in_(_MOVING))
    open_orders = select(func.count()).where(order.c.status != "shipped")
    return await store.database.read(
        lambda transaction: sum(transaction.execute(wanted).scalar_one() for wanted in (moving, open_orders))
    )
