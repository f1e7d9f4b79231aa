"""Several processes at work on one database, as several `crossdock run` are, from one starting signal."""

import asyncio
import multiprocessing
import random
import sys
import time
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.flow_line import Line
from benchmarks.flow_trade import Orders, example
from canonical.exchange import Arrival
from connectors.surroundings import SystemClock, TimeOrderedIds, collect_rarely
from store import open_store


def beside_each_other(url: str, processes: int, orders: int, *, x12: bool) -> float:
    """Seconds until each process has taken so many orders of its own through, canonical ones or 850s."""
    spawning = multiprocessing.get_context("spawn")
    ready, done = spawning.Barrier(processes + 1), spawning.Barrier(processes + 1)
    working = [spawning.Process(target=_work, args=(url, one, orders, x12, ready, done)) for one in range(processes)]
    for process in working:
        process.start()
    ready.wait()
    began = time.perf_counter()
    done.wait()
    seconds = time.perf_counter() - began
    for process in working:
        process.join()
    return seconds


def _work(url: str, number: int, orders: int, x12: bool, ready: Barrier, done: Barrier) -> None:
    collect_rarely()
    made = Orders(example().policy, random.Random(number))
    arrivals = made.x12(orders, after=number * orders) if x12 else made.canonical(orders)
    asyncio.run(_take_through(url, arrivals, ready, done))


async def _take_through(url: str, arrivals: Sequence[Arrival], ready: Barrier, done: Barrier) -> None:
    async with open_store(url, SystemClock(), TimeOrderedIds()) as store:
        line = Line(store, example())
        ready.wait()
        await line.run(arrivals)
        done.wait()
