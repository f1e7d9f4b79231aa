"""A hub process on a disk that fills up: `python -m tests.store.disk_worker DATABASE LEDGER ROUNDS`.

The limit on the size of a file stands in for the disk. What was kept is noted in LEDGER, which is not the hub's.
"""

import asyncio
import json
import os
import resource
import signal
import sys
from pathlib import Path

from canonical import Unavailable
from connectors.surroundings import SystemClock, SystemRandomness, TimeOrderedIds
from store import open_store, sqlite_url
from tests.flow.street import JsonLanguage, ObedientCourier, arrival, assemble, purchase

ROOM = 600_000
"""Bytes left when the disk begins to fill."""


def limit(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


async def fill(intake, ledger: int, prefix: str) -> int:
    """Send until ten in a row are refused; note what was taken, and how many those are."""
    refused = number = 0
    while refused < 10:
        number += 1
        try:
            await intake.receive(arrival(purchase(f"{prefix}-{number}", notes=[{"text": "x" * 5_000}]), source="acme"))
        except Unavailable:
            refused += 1
        else:
            os.write(ledger, f"{prefix}-{number}\n".encode())
    return number - refused


async def main(database: Path, ledger: Path, rounds: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    noted = os.open(ledger, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    async with open_store(sqlite_url(database), SystemClock(), TimeOrderedIds()) as store:
        flow, intake = assemble(store, SystemClock(), SystemRandomness(), ObedientCourier(), JsonLanguage())
        working = asyncio.create_task(flow.run(frozenset({"intake", "route", "deliver"})))
        accepted = 0
        for number in range(rounds):
            size = max(path.stat().st_size for path in database.parent.glob(f"{database.name}*"))
            limit(size + ROOM)
            accepted += 1 + await fill(intake, noted, f"R{number}")
            limit(resource.RLIM_INFINITY)
            await intake.receive(arrival(purchase(f"R{number}-after"), source="acme"))
            os.write(noted, f"R{number}-after\n".encode())
        while await unfinished(store, accepted):  # noqa: ASYNC110 - nobody says when
            await asyncio.sleep(0.2)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def unfinished(store, accepted: int) -> bool:
    """Whether anything that was accepted is not translated yet, or what it says is on its way."""
    documents = await store.archive.documents(limit=100_000)
    came = sum(row["direction"] == "in" for row in documents)
    return came < accepted or any(row["status"] in ("waiting", "queued", "ready") for row in documents)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
    print(json.dumps({"done": True}))
