"""A hub process for the kill storms: sends what was not acknowledged yet, works, and dies when it is told to.

    python -m tests.flow.storm_worker URL LEDGERS [INSTANT COUNT]

LEDGERS/messages.jsonl holds what is to be sent. What the hub acknowledged is noted in LEDGERS/acknowledged, what the
receivers took in LEDGERS/taken: both by others than the hub, so that they can be held against it. The process ends by
itself, with 0, when everything was sent and nothing is due.
"""

import asyncio
import json
import os
import random
import signal
import sys
from pathlib import Path

from canonical.exchange import Arrival, Handed, Parcel
from connectors.surroundings import SystemClock, SystemRandomness, TimeOrderedIds
from store import open_store
from tests.flow.street import JsonLanguage, advice, arrival, assemble


class Ledger:
    """Lines appended by others than the hub; a line is in the file before anybody relies on it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_RDWR)

    @property
    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self._path.read_text().splitlines()]

    def note(self, line: dict) -> None:
        os.write(self._file, (json.dumps(line) + "\n").encode())


class Receivers:
    """Everybody outside: they note what they take, and warehouses answer with what they shipped."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def deliver(self, parcel: Parcel) -> Handed:
        said = json.loads(parcel.content)
        self._ledger.note({"key": parcel.key, "to": parcel.destination, "kind": parcel.kind, "said": said["document"]})
        return Handed({})

    def shipped(self) -> list[tuple[str, Arrival]]:
        """(message id, arrival) for every fulfilment order taken so far."""
        taken = {line["key"]: line for line in self._ledger.lines if line["kind"] == "FulfilmentOrder"}
        return [
            (f"ship-{line['said']['number']}", arrival(advice(line["said"], f"S-{number}"), source=line["to"]))
            for number, line in taken.items()
        ]


def killer(instant: str | None, count: int):
    """Ends this process without a word at the `count`th passing of an instant."""
    passed = 0

    def at(name: str) -> None:
        nonlocal passed
        passed += name == instant
        if name == instant and passed == count:
            os.kill(os.getpid(), signal.SIGKILL)

    return at


async def send(intake, acknowledged: Ledger, messages: list[tuple[str, Arrival]]) -> int:
    """Send what was not acknowledged yet, each one to three times; how much that was."""
    known = {line["id"] for line in acknowledged.lines}
    left = [(name, message) for name, message in messages if name not in known]
    random.shuffle(left)
    for name, message in left:
        for _ in range(random.randint(1, 3)):
            await intake.receive(message)
        acknowledged.note({"id": name})
    return len(left)


async def main(url: str, ledgers: Path, instant: str | None = None, count: str = "1") -> None:
    acknowledged, taken = Ledger(ledgers / "acknowledged"), Ledger(ledgers / "taken")
    receivers, crash = Receivers(taken), killer(instant, int(count))
    async with open_store(url, SystemClock(), TimeOrderedIds(), crash=crash) as store:
        flow, intake = assemble(store, SystemClock(), SystemRandomness(), receivers, JsonLanguage(), crash=crash)
        working = asyncio.create_task(flow.run(frozenset({"intake", "route", "deliver"})))
        while await send(intake, acknowledged, messages(ledgers) + receivers.shipped()) or await unfinished(store):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


def messages(ledgers: Path) -> list[tuple[str, Arrival]]:
    """(message id, arrival) for everything that is to be sent so far."""
    lines = map(json.loads, (ledgers / "messages.jsonl").read_text().splitlines())
    return [(line["id"], Arrival(line["source"], "http", line["content"].encode())) for line in lines]


async def unfinished(store) -> bool:
    orders = await store.archive.orders(limit=1000)
    documents = await store.archive.documents(limit=10_000)
    moving = {"waiting", "queued", "ready"}
    return not orders or any(row["status"] != "shipped" for row in orders) or any(
        row["status"] in moving for row in documents
    )  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
