"""Several processes at work on one database, as several `crossdock run` are, from one starting signal."""

import asyncio
import multiprocessing
import random
import sys
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.flow_line import Line
from benchmarks.flow_trade import Orders, example
from connectors.surroundings import SystemClock, TimeOrderedIds, collect_rarely
from store import open_store


def beside_each_other(url: str, processes: int, orders: int) -> float:
    """Seconds until each process has taken so many canonical orders of its own through."""
    spawning = multiprocessing.get_context("spawn")
    ready, done = spawning.Barrier(processes + 1), spawning.Barrier(processes + 1)
    working = [spawning.Process(target=_work, args=(url, one, orders, ready, done)) for one in range(processes)]
    for process in working:
        process.start()
    ready.wait()
    began = time.perf_counter()
    done.wait()
    seconds = time.perf_counter() - began
    for process in working:
        process.join()
    return seconds


def _work(url: str, number: int, orders: int, ready: Barrier, done: Barrier) -> None:
    collect_rarely()
    asyncio.run(_take_through(url, number, orders, ready, done))


async def _take_through(url: str, number: int, orders: int, ready: Barrier, done: Barrier) -> None:
    trade = example()
    arrivals = Orders(trade.policy, random.Random(number)).canonical(orders)
    async with open_store(url, SystemClock(), TimeOrderedIds()) as store:
        line = Line(store, trade)
        ready.wait()
        await line.run(arrivals)
        done.wait()
