"""What the hub takes for one question: from the decision that asks it to the decision on its answer.

AvaTax is asked through its own manifest and maps; a wire without a network answers at once, and its time is taken off.
The question's bytes are made in the commit that asks it: what they take is added.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import json

from sqlalchemy import Connection, Engine, event

from benchmarks.flow_latency import raw_commits
from benchmarks.flow_trade import Orders, Trade, example
from canonical import Document
from canonical.exchange import Draft, Handed, Parcel
from connectors import connection as connections
from connectors.catalogue import load_catalogue
from connectors.courier import callers, couriers
from connectors.emulators.avatax import transaction
from connectors.engine.wire import Answer, Request
from connectors.secret import Secret
from connectors.surroundings import SystemClock, SystemRandomness, TimeOrderedIds, collect_rarely
from connectors.ticker import Ticker
from connectors.translator import Translator
from router.catalogue import Catalogue
from router.decide import decide
from router.flow import Deliver, Flow, Intake, Render, RouteOrders, Schedule, Translate
from router.needs import needs
from router.order import Order
from router.policy import Policy
from router.ports import Stale
from router.taxes import Taxes
from store import Store, lanes, open_store
from store.decisions import ToWrite, write_decisions
from store.transaction import Transaction

ORDERS, ITEMS = 200, 200
PROVIDER = "avatax"


@dataclass
class InstantWire:
    """AvaTax without a network; how long it took in all is kept for each question."""

    spent: float = 0.0

    async def send(self, request: Request, hosts: frozenset[str], granted: frozenset[str]) -> Answer:  # noqa: ARG002
        """The transaction's tax."""
        began = time.perf_counter()
        told = transaction(json.loads(request.content or b"{}", parse_float=Decimal))
        content = json.dumps(told, default=float).encode()
        self.spent += time.perf_counter() - began
        return Answer(200, {}, content)


class Traffic:
    """What the process had the database do since it began."""

    def __init__(self) -> None:
        self.transactions = 0
        self.synced = 0
        """Commits that changed something, which is what is synced to the disk."""
        self._changes = 0
        event.listen(Engine, "begin", self._begun)
        event.listen(Engine, "commit", self._committed)

    def _begun(self, _connection: Connection) -> None:
        self.transactions += 1

    def _committed(self, connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        self.synced += driver.total_changes != self._changes
        self._changes = driver.total_changes


class Spent(NamedTuple):
    """How far the process had come when a decision was committed."""

    clock: float
    computed: float
    transactions: int
    synced: int


class Decisions:
    """What was spent until each decision was committed, by whichever step."""

    def __init__(self, traffic: Traffic) -> None:
        self.traffic = traffic
        self.twice = asyncio.Queue[Sequence[Spent]]()
        """Those of orders that were decided twice: on their coming, and on their answer."""
        self._loop = asyncio.get_running_loop()
        self._writing: Sequence[str] = ()
        self._committed: dict[str, list[Spent]] = {}

    def write(self, transaction: Transaction, asked: Sequence[ToWrite]) -> list[Order | Stale | None]:
        """Write decisions, which the commit then holds."""
        self._writing = [one.decided.lane.key for one in asked]
        return write_decisions(transaction, asked)

    def note(self, instant: str) -> None:
        """Note when a commit was made."""
        if instant != "after-commit":
            return
        now = Spent(time.perf_counter(), time.process_time(), self.traffic.transactions, self.traffic.synced)
        for lane in self._writing:
            spent = self._committed.setdefault(lane, [])
            spent.append(now)
            if len(spent) == 2:
                self._loop.call_soon_threadsafe(self.twice.put_nowait, spent)
        self._writing = ()


@dataclass
class Writing:
    """Puts documents into their receivers' languages; how long those for the provider took in all is kept."""

    translator: Translator
    spent: float = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.translator, name)

    def write(self, document: Document, to: str) -> Draft | None:
        """Its draft."""
        began = time.perf_counter()
        draft = self.translator.write(document, to)
        self.spent += (time.perf_counter() - began) * (to == PROVIDER)
        return draft


class Elsewhere:
    """Takes what is not for the provider."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider

    async def deliver(self, parcel: Parcel) -> Handed:
        """Hand it over."""
        return await self._provider.deliver(parcel) if parcel.destination == PROVIDER else Handed({})


def small(trade: Trade) -> Trade:
    """The same trade in fewer items: a question costs the same whatever lies in the catalogue."""
    few = Catalogue(items=trade.policy.catalogue.items[:ITEMS])
    return Trade(trade.translator, trade.policy.model_copy(update={"catalogue": few}))


def taxed(policy: Policy, within: str = "PT30S") -> Policy:
    """Orders of one channel are taxed, and wait for it to be accepted: nothing but the question leaves meanwhile."""
    asking = {"ask": PROVIDER, "gate": "accept", "within": within}
    return policy.model_copy(
        update={"taxes": Taxes.model_validate({"taxed": [{"channels": ["northwind"], "provider": asking}]})}
    )


def connection() -> connections.Connection:
    """AvaTax, as its manifest has it."""
    manifest = load_catalogue().manifests[PROVIDER]
    given = {name: one.default for name, one in manifest.settings.items() if one.default is not None}
    settings = {**given, "account": "1", "license_key": Secret("key")}
    return connections.Connection(PROVIDER, "AvaTax", manifest, settings, "https://rest.avatax.com/api/v2")


def flow_over(store: Store, trade: Trade, wire: InstantWire) -> tuple[Flow, Intake, Writing]:
    """The street, wired as the hub wires it."""
    policy, clock, provider = taxed(trade.policy), SystemClock(), connection()
    known = trade.translator
    translator = Writing(Translator(known.partners, known.library, {**known.connections, PROVIDER: provider}))
    translate = Translate(store.inbox, translator, policy)
    courier = Elsewhere(couriers(callers({PROVIDER: provider}, wire, clock))[PROVIDER])
    intake = Intake(store.inbox)
    flow = Flow(
        translate=translate,
        route=RouteOrders(store.lanes, decide, needs, policy, clock),
        render=Render(store.outbox, translator),
        deliver=Deliver(store.outbox, courier, clock, SystemRandomness(), understand=translate.understand),
        schedule=Schedule(intake, (), store.lanes, Ticker(), store.turns),
        peers=store.peers,
    )
    return flow, intake, translator


async def idle(traffic: Traffic) -> None:
    """Wait until the hub has no more to do."""
    before = -1
    while before != traffic.transactions:
        before = traffic.transactions
        await asyncio.sleep(0.02)


async def overheads(url: str, trade: Trade) -> list[Spent]:
    """What each question took, one order at a time, the hub idle otherwise."""
    wire, taken = InstantWire(), list[Spent]()
    traffic = Traffic()
    decisions = Decisions(traffic)
    lanes.write_decisions = decisions.write
    async with open_store(url, SystemClock(), TimeOrderedIds(), crash=decisions.note) as store:
        node = trade.policy.network.nodes[0].id
        stocked = (store.stock.set(item.sku, node, Decimal(1_000_000)) for item in trade.policy.catalogue.items)
        await asyncio.gather(*stocked)
        flow, intake, writing = flow_over(store, trade, wire)
        working = asyncio.create_task(flow.run(frozenset({"intake", "route", "deliver"})))
        for arrival in Orders(trade.policy, random.Random(7)).canonical(ORDERS):
            wire.spent = writing.spent = 0.0
            await intake.receive(arrival)
            asked, answered = await asyncio.wait_for(decisions.twice.get(), 20)
            since = Spent(*(late - early for late, early in zip(answered, asked, strict=True)))
            more = writing.spent - wire.spent
            taken.append(since._replace(clock=since.clock + more, computed=since.computed + more))
            await idle(traffic)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    return taken


def main() -> None:
    """Print the spread beside a raw commit's, by which a busy machine is told from a slow hub."""
    collect_rarely()
    trade = small(example())
    raw = statistics.median(raw_commits(Orders(trade.policy, random.Random(7)).canonical(ORDERS)))
    with tempfile.TemporaryDirectory() as folder:
        taken = asyncio.run(overheads(f"sqlite:///{folder}/hub.db", trade))
    whole, computed, transactions, synced = (sorted(times) for times in zip(*taken, strict=True))
    median = statistics.median(whole)
    print(f"{len(taken)} questions, one at a time; p50 of a raw commit {raw * 1e3:.2f} ms")
    print(f"hub overhead  p50 {median * 1e3:.2f} ms  p90 {whole[len(whole) * 9 // 10] * 1e3:.2f} ms  target p50 < 3 ms")
    print(f"  of it computed  p50 {statistics.median(computed) * 1e3:.2f} ms; {median / raw:.1f} raw commits")
    print(f"  transactions  p50 {statistics.median(transactions):.0f}, of which synced {statistics.median(synced):.0f}")


if __name__ == "__main__":
    main()
