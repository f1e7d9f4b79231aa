"""How long a sender waits for its acknowledgment: idle, in step with others, and at a steady rate."""

import asyncio
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.flow_trade import Orders, Trade
from canonical.exchange import Arrival
from connectors.surroundings import SystemClock, TimeOrderedIds
from store import open_store
from store.inbox import Inbox

SENDERS = 100


async def latencies(url: str, trade: Trade) -> None:
    """Print the acknowledgment's latency against a raw commit's, and how it spreads."""
    orders = Orders(trade.policy, random.Random(7))
    async with open_store(url, SystemClock(), TimeOrderedIds()) as store:
        raw, idle = await _in_turns(store.inbox, orders.canonical(300))
        began = time.perf_counter()
        closed = await _closed_loop(store.inbox, orders.canonical(4_000))
        saturated = 4_000 / (time.perf_counter() - began)
        steady = await _open_loop(store.inbox, orders.canonical(2_000), saturated * 0.4)
    print(f"raw commit            {_spread(raw)}")
    print(f"idle acknowledgment   {_spread(idle)}   median to raw {_at(idle, 0.5) / _at(raw, 0.5):.1f}")
    print(f"{SENDERS} closed-loop senders {_spread(closed)}   p99 to median {_at(closed, 0.99) / _at(closed, 0.5):.1f}")
    print(
        f"{saturated * 0.4:5.0f}/s open loop       {_spread(steady)}"
        f"   p99 to idle median {_at(steady, 0.99) / _at(idle, 0.5):.1f}"
    )


@contextmanager
def raw_committing() -> Iterator[Callable[[Arrival], float]]:
    """Writes one row of an arrival's size a synced commit; the seconds that took."""
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder, "raw.db"), isolation_level=None)
        database.execute("pragma journal_mode=wal")
        database.execute("pragma synchronous=full")
        database.execute("create table kept (id text primary key, content blob)")

        def commit(arrival: Arrival) -> float:
            began = time.perf_counter()
            database.execute("begin immediate")
            database.execute("insert into kept values (?, ?)", (arrival.transport_key, arrival.content))
            database.execute("commit")
            return time.perf_counter() - began

        yield commit
        database.close()


def raw_commits(arrivals: Sequence[Arrival]) -> list[float]:
    """One row of the same size a synced commit."""
    with raw_committing() as commit:
        return [commit(arrival) for arrival in arrivals]


async def _in_turns(inbox: Inbox, arrivals: Sequence[Arrival]) -> tuple[list[float], list[float]]:
    """(raw, acknowledged): a raw commit before each acknowledgment, so that both meet the same machine and disk."""
    with raw_committing() as commit:
        pairs = [(commit(arrival), await _timed(inbox, arrival)) for arrival in arrivals]
    return [raw for raw, _ in pairs], [kept for _, kept in pairs]


async def _timed(inbox: Inbox, arrival: Arrival) -> float:
    began = time.perf_counter()
    await inbox.keep(arrival)
    return time.perf_counter() - began


async def _closed_loop(inbox: Inbox, arrivals: Sequence[Arrival]) -> list[float]:
    """Each sender sends its next as soon as the last was acknowledged."""
    left = iter(arrivals)

    async def sender() -> list[float]:
        return [await _timed(inbox, arrival) for arrival in left]

    return [taken for of_one in await asyncio.gather(*(sender() for _ in range(SENDERS))) for taken in of_one]


async def _open_loop(inbox: Inbox, arrivals: Sequence[Arrival], rate: float) -> list[float]:
    """They come when they come, whether or not the last was acknowledged."""
    source, tasks, due = random.Random(9), [], time.perf_counter()
    for arrival in arrivals:
        due += source.expovariate(rate)
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        tasks.append(asyncio.create_task(_timed(inbox, arrival)))
    return list(await asyncio.gather(*tasks))


def _at(taken: Sequence[float], share: float) -> float:
    return sorted(taken)[int(len(taken) * share)]


def _spread(taken: Sequence[float]) -> str:
    return f"p50 {_at(taken, 0.5) * 1e3:6.2f} ms  p99 {_at(taken, 0.99) * 1e3:6.2f} ms"
