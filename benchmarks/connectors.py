"""How fast lists are fetched, mapped and kept, and how many shops one process can poll.

Run as `python benchmarks/connectors.py [--orders 10000]`. The stand-in runs in a process of its own; ratios are of wall
time within one run, shares of a core are of this process's CPU time. The connector's own rate limits are switched
off: what is measured is us.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import yaml

from connectors.catalogue import load_catalogue
from connectors.connection import Connection, load_connections
from connectors.courier import callers
from connectors.engine.cursor import FileCursors
from connectors.engine.meters import FileMeters
from connectors.engine.tokens import FileTokens
from connectors.engine.wire import HttpWire
from connectors.partners import Partners
from connectors.pickup import ConnectionPickup
from connectors.settings import InterchangeIdentity
from connectors.surroundings import SystemClock, TimeOrderedIds
from connectors.translator import Translator
from mappings.library import MapLibrary
from store import open_store, sqlite_url

ROOT = Path(__file__).resolve().parent.parent
SHOPS = 200
EVERY = 120.0
"""Seconds between two polls of one shop."""


@asynccontextmanager
async def shop(orders: int, directory: Path) -> AsyncIterator[Connection]:
    """A connection to a stand-in that holds so many orders."""
    command = [sys.executable, "hub.py", "emulate", "woocommerce", "--json", "--orders", str(orders)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:  # noqa: ASYNC220
        try:
            yield _connection(json.loads(_one_value(process)), directory)
        finally:
            process.terminate()


def _one_value(process: "subprocess.Popen[bytes]") -> bytes:
    assert process.stdout
    said = b""
    while not said.rstrip().endswith(b"\n}"):
        said += os.read(process.stdout.fileno(), 65_536)
    return said


def _connection(told: dict[str, object], directory: Path) -> Connection:
    (directory / "shop.yaml").write_text(yaml.safe_dump(told["connection"]))
    environment = told["environment"]
    assert isinstance(environment, dict)
    loaded = load_connections(directory, load_catalogue().manifests, environment, directory)
    [connection] = loaded.by_id.values()
    return replace(connection, manifest=connection.manifest.model_copy(update={"rate_limits": ()}))


async def fetched(connection: Connection, data: Path, *, mapped: bool) -> tuple[int, float]:
    """How many orders were fetched and kept, and in how many seconds."""
    translator = Translator(
        Partners({}, {}, InterchangeIdentity(qualifier="ZZ", id="US", group="US")),
        MapLibrary(),
        {connection.id: connection},
    )
    wire, clock, count = HttpWire(), SystemClock(), 0
    [caller] = callers({connection.id: connection}, wire, clock).values()
    async with open_store(sqlite_url(data / "crossdock.db"), clock, TimeOrderedIds()) as store:
        began = time.perf_counter()
        pickup = ConnectionPickup(caller, "pull_orders", FileCursors(data / "cursors"))
        async for arrival in pickup.collect():
            await store.inbox.keep(arrival)
            if mapped:
                [incoming] = translator.read(arrival.content, arrival.source, arrival.facts, clock.now()).documents
                assert incoming.document
            count += 1
        taken = time.perf_counter() - began
    await wire.close()
    return count, taken


async def polled(connection: Connection, data: Path, rounds: int) -> float:
    """CPU seconds of one poll that finds a page of nothing new, its tokens, meters and cursor kept on disk."""
    wire, clock = HttpWire(), SystemClock()
    shops = {f"shop-{n}": replace(connection, id=f"shop-{n}") for n in range(SHOPS)}
    calling = callers(shops, wire, clock, FileTokens(data / "tokens"), FileMeters(data / "meters"))
    cursors = FileCursors(data / "cursors")
    began, polls = time.process_time(), 0
    for _ in range(rounds):
        for caller in calling.values():
            async for _arrival in ConnectionPickup(caller, "pull_orders", cursors).collect():
                pass
            polls += 1
    taken = (time.process_time() - began) / polls
    await wire.close()
    return taken


async def measure(orders: int) -> None:
    """Print both tables."""
    with tempfile.TemporaryDirectory() as place:
        rates = dict.fromkeys(("unmapped", "mapped"), 0.0)
        for turn, name in enumerate([*rates] * 2):
            data = Path(place) / str(turn)
            data.mkdir()
            async with shop(orders, data) as connection:
                count, taken = await fetched(connection, data, mapped=name == "mapped")
            rates[name] = max(rates[name], count / taken)
            print(f"fetch, page and keep {count} orders, {name:8}  {taken:6.2f} s  {count / taken:6.0f}/s")
        print(f"with mapping over without, the better turn of each {rates['mapped'] / rates['unmapped']:6.2f}")
        async with shop(3, Path(place)) as connection:
            each = await polled(connection, Path(place), rounds=3)
        share = each * SHOPS / EVERY
        print(f"one poll {each * 1e3:6.2f} ms of CPU; {SHOPS} shops every {EVERY:.0f} s take {share:.1%} of a core")
        print(f"shops one core can hold at that pace               {EVERY / each:6.0f}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000)
    asyncio.run(measure(parser.parse_args().orders))


if __name__ == "__main__":
    main()
