"""What orders cost that wait for a dead provider: others' orders through a hub in which 1,000 of them wait, and through
one that holds as many orders of which none does, in turns.

A batch of orders of a channel that asks nobody is sent at once, and timed until the last of them is decided. Those that
wait asked AvaTax for their tax, which nobody answers: every attempt is broken off, as a connection is that is refused.
"""

import argparse
import asyncio
import logging
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.ask import PROVIDER, connection, small, taxed
from benchmarks.flow_trade import Orders, Trade, example
from canonical import Unavailable
from canonical.exchange import Arrival, Handed, Parcel
from connectors import connection as connections
from connectors.surroundings import SystemClock, SystemRandomness, TimeOrderedIds
from connectors.ticker import Ticker
from connectors.translator import Translator
from router.decide import decide
from router.flow import Deliver, Flow, Intake, Render, RouteOrders, Schedule, Translate
from router.lanes import Decided
from router.needs import needs
from store import Store, open_store

WAITING, BATCH, ROUNDS = 1000, 50, 15
OTHERS = "harbor-grocers"
ROLES = frozenset({"intake", "route", "deliver", "schedule"})


@dataclass
class Refusing:
    """Nobody is at home at the provider's; all others take what comes."""

    attempts: int = 0

    async def deliver(self, parcel: Parcel) -> Handed:
        """Hand it over, or not."""
        if parcel.destination != PROVIDER:
            return Handed({})
        self.attempts += 1
        raise Unavailable("connection refused")


@dataclass
class CountedLanes:
    """The store's lanes, counting the decisions of orders."""

    lanes: Any
    decided: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.lanes, name)

    async def commit(self, decided: Sequence[Decided]) -> Any:
        """Commit, and count."""
        orders = await self.lanes.commit(decided)
        self.decided += len(decided)
        self.moved.set()
        return orders

    async def until(self, decided: int) -> None:
        """Until so many decisions are committed."""
        while self.decided < decided:
            self.moved.clear()
            await asyncio.wait_for(self.moved.wait(), 60)


@dataclass
class Street:
    """One hub at work."""

    flow: Flow
    intake: Intake
    lanes: CountedLanes
    courier: Refusing

    async def take(self, arrivals: Sequence[Arrival]) -> "Spent":
        """Until the last of these is decided, from when they are sent at once; the hub works only meanwhile."""
        working = asyncio.create_task(self.flow.run(ROLES))
        began, computed, wanted = time.perf_counter(), time.process_time(), self.lanes.decided + len(arrivals)
        await asyncio.gather(*map(self.intake.receive, arrivals))
        await self.lanes.until(wanted)
        spent = Spent(time.perf_counter() - began, time.process_time() - computed)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        return spent


class Spent(NamedTuple):
    """Seconds."""

    clock: float
    computed: float


@asynccontextmanager
async def street(url: str, trade: Trade) -> AsyncIterator[Street]:
    """A stocked hub on a fresh database."""
    async with open_store(url, SystemClock(), TimeOrderedIds()) as store:
        node = trade.policy.network.nodes[0].id
        stocked = (store.stock.set(item.sku, node, Decimal(1_000_000)) for item in trade.policy.catalogue.items)
        await asyncio.gather(*stocked)
        yield _wired(store, trade)


def _wired(store: Store, trade: Trade) -> Street:
    lanes, courier, policy, clock = CountedLanes(store.lanes), Refusing(), trade.policy, SystemClock()
    known: dict[str, connections.Connection] = {**trade.translator.connections, PROVIDER: connection()}
    translator = Translator(trade.translator.partners, trade.translator.library, known)
    intake = Intake(store.inbox)
    flow = Flow(
        translate=Translate(store.inbox, translator, policy),
        route=RouteOrders(lanes, decide, needs, policy, clock),
        render=Render(store.outbox, translator),
        deliver=Deliver(store.outbox, courier, clock, SystemRandomness()),
        schedule=Schedule(intake, (), lanes, Ticker(), store.turns),
        peers=store.peers,
    )
    return Street(flow, intake, lanes, courier)


async def measured(folder: str, trade: Trade, waiting: int) -> tuple[list[tuple[Spent, Spent]], int]:
    """Each round without and with orders that wait, and how often the provider was tried for these."""
    orders = Orders(trade.policy, random.Random(11))

    def free() -> Sequence[Arrival]:
        return [replace(one, source=OTHERS) for one in orders.canonical(BATCH)]

    async with (
        street(f"sqlite:///{folder}/quiet.db", trade) as quiet,
        street(f"sqlite:///{folder}/waiting.db", trade) as burdened,
    ):
        for _ in range(0, waiting, BATCH):
            await quiet.take(free())
            await burdened.take(orders.canonical(BATCH))
        rounds = [(await quiet.take(free()), await burdened.take(free())) for _ in range(ROUNDS + 1)]
    return rounds[1:], burdened.courier.attempts


def told(what: str, pairs: Sequence[tuple[float, float]]) -> None:
    """Print the medians of both, and the spread of their ratio."""
    without, within = (statistics.median(times) * 1e3 for times in zip(*pairs, strict=True))
    ratios = sorted(later / earlier for earlier, later in pairs)
    spread = f"{ratios[len(ratios) // 4]:.2f} to {ratios[len(ratios) * 3 // 4]:.2f}"
    both = f"{without:.0f} ms, with orders that wait {within:.0f} ms"
    print(f"{what:13}  p50 {both}: {within / without:.2f} (of a round mostly {spread})")


def main() -> int:
    """Print what a batch took, and what was computed for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waiting", type=int, default=WAITING)
    waiting = parser.parse_args().waiting
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # its jobs are broken off between two batches
    trade = small(example())
    trade = Trade(trade.translator, taxed(trade.policy, within="PT1H"))
    with tempfile.TemporaryDirectory() as folder:
        rounds, attempts = asyncio.run(measured(folder, trade, waiting))
    print(f"{BATCH} orders of others, {len(rounds)} rounds in turns; {waiting} orders wait for a provider that is dead")
    told("until decided", [(one.clock, other.clock) for one, other in rounds])
    told("computed", [(one.computed, other.computed) for one, other in rounds])
    print(f"the provider was tried {attempts} times")
    return 0


if __name__ == "__main__":
    sys.exit(main())
