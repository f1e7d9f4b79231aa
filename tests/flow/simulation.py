"""The whole hub under a seed: real steps, decisions and store; simulated time, network, partners and deaths.

    python -m tests.flow.simulation [--seeds 2000] [--from 0]

One seed is one run, which it replays exactly. A failing seed is printed with what does not hold.
"""

import argparse
import asyncio
import hashlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select

from canonical import OrderChange, ShipmentAdvice, Unavailable
from canonical.exchange import Arrival, Handed, Parcel
from router.decide import decide
from router.flow import RetryPolicy, replay
from store import Store, open_store, sqlite_url
from store.tables import delivery, document
from tests.flow.databases import migrated
from tests.flow.street import POLICY, START, JsonLanguage, advice, arrival, assemble, purchase
from tests.flow.virtual_time import run
from tests.street.auditor import FILES, violations

UNREST = (30.0, 120.0)
"""Seconds in which everything goes wrong; behind it everybody behaves, and all must come to rest."""
ORDERS = (1, 8)
FORGETFUL = "erp"
"""Who knows no key: the same again is another effect."""
INSTANTS = ("before-commit", "after-commit", "after-send")


class Outcome(NamedTuple):
    """What a run came to."""

    faults: list[str]
    """What must not be so."""
    digest: str
    """Of every row of the export."""
    reached: Counter[str]
    """Orders by status, documents that went out by kind, exceptions by code."""


class Died(BaseException):
    """The process is gone: no handler runs, nothing more is written or sent."""


class LoopClock:
    """The loop's time of day."""

    def now(self) -> datetime:
        return START + timedelta(seconds=asyncio.get_running_loop().time())


class Numbered:
    """Ids in sequence, over all lives of the hub."""

    def __init__(self) -> None:
        self.last = 0

    def new(self) -> str:
        self.last += 1
        return f"{self.last:08d}"


class Life:
    """One process's life: it dies at the given passing of an instant, if it comes so far."""

    def __init__(self, instant: str | None, count: int) -> None:
        self._instant, self._left = instant, count
        self.over = asyncio.Event()

    def passes(self, instant: str) -> None:
        """Die here when it is time, and stay dead."""
        self._left -= instant == self._instant
        if self.over.is_set() or (instant == self._instant and self._left == 0):
            self.over.set()
            raise Died(instant)


class Network:
    """Couriers over a bad network, and behind it receivers who each keep their own ledger by key."""

    def __init__(self, seed: random.Random) -> None:
        self._random = seed
        self.life = Life(None, 0)
        self.calm = False
        self.effects: dict[tuple[str, str], bytes] = {}
        self.faults: list[str] = []
        self.fulfilments: list[tuple[str, dict[str, Any]]] = []

    async def deliver(self, parcel: Parcel) -> Handed:
        """Take some time; then lose it, take it, take it twice, or take it and say nothing of the kind."""
        await asyncio.sleep(0.01 if self.calm else self._random.choice((0.01, 0.2, 1.5, 12.0)))
        if self.life.over.is_set():
            raise Died("sending")
        fate = 1.0 if self.calm else self._random.random()
        if fate < 0.15:
            raise Unavailable("503", retry_after=self._random.choice((None, 2.0, 30.0)))
        if fate < 0.2:
            raise Unavailable("connection refused")
        self._take(parcel)
        if fate < 0.35:
            await asyncio.sleep(3600)  # it never answers
        if fate < 0.42:
            raise Unavailable("the answer is garbage", ambiguous=True)
        if fate < 0.45:
            raise RuntimeError("the answer broke the courier")
        if fate < 0.55 and parcel.destination != FORGETFUL:
            self._take(parcel)
        return Handed({"at": parcel.destination})

    def _take(self, parcel: Parcel) -> None:
        """One effect a key, as every receiver promises but one."""
        place = (parcel.destination, parcel.key)
        if place in self.effects and parcel.destination == FORGETFUL:
            self.faults.append(f"{place} had two effects")
        if place not in self.effects and parcel.kind == "FulfilmentOrder":
            self.fulfilments.append((parcel.destination, json.loads(parcel.content)["document"]))
        if self.effects.setdefault(place, parcel.content) != parcel.content:
            self.faults.append(f"{place} came with two contents")


class World:
    """Everybody outside: what they send, when, how often, and what they were told."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.network = Network(random.Random(seed + 1))
        self.orders, self.unrest = self.random.randint(*ORDERS), self.random.uniform(*UNREST)
        self.unsent = self._first_messages()
        self.acknowledged: list[Arrival] = []
        self._shipped = 0

    def _first_messages(self) -> list[Arrival]:
        found: list[Arrival] = []
        for number in range(self.orders):
            order = purchase(f"PO{number}", self.random.randint(1, 9), sku=self.random.choice("AB"))
            found.append(arrival(order, source="acme", key=self._key(number), transport_key=f"set-{number}"))
            if self.random.random() < 0.3:
                found.append(arrival(order, source="acme", transport_key=f"again-{number}"))
            if self.random.random() < 0.2:
                found.append(arrival(purchase(f"PO{number}", 77), source="acme"))
            if self.random.random() < 0.3:
                found.append(arrival(self._change(order.number), source="acme"))
        found += [Arrival("acme", "http", b"no json at all"), arrival(purchase("TEST", 2, usage="test"), source="acme")]
        self.random.shuffle(found)
        return found

    def _key(self, number: int) -> str | None:
        return f"key-{number}" if self.random.random() < 0.5 else None

    def _change(self, number: str) -> OrderChange:
        purpose = self.random.choice(("change", "cancel"))
        said = {"number": number, "change_number": "1", "purpose": purpose, "changed_on": "2026-03-02"}
        line = purchase(number, self.random.randint(1, 12)).lines[0].model_dump(mode="json", exclude_none=True)
        lines = [line | {"change": "replace"}] if purpose == "change" else []
        return OrderChange.model_validate(said | {"currency": "USD", "lines": lines})

    @property
    def unanswered(self) -> list[tuple[str, dict[str, Any]]]:
        """The fulfilment orders that warehouses took since they were last asked."""
        return self.network.fulfilments[self._shipped :]

    def _advices(self) -> Iterator[Arrival]:
        """What warehouses say of them: all left, less than was asked, or nothing, since it was cancelled in time."""
        taken = self.unanswered
        self._shipped += len(taken)
        cancelled = {said["number"] for _, said in taken if said["purpose"] == "cancel"}
        for operator, fulfilment in taken:
            if fulfilment["purpose"] == "original" and fulfilment["number"] not in cancelled:
                said = advice(fulfilment, f"S-{fulfilment['number']}")
                yield arrival(_short(said) if self.random.random() < 0.2 else said, source=operator)

    async def send(self, store: Store, kept: Any) -> None:
        """Send what was not acknowledged yet, some of it twice and at once, in any order."""
        self.unsent += self._advices()
        self.random.shuffle(self.unsent)
        for message in list(self.unsent):
            await asyncio.sleep(0 if self.network.calm else self.random.choice((0, 0.05, 2.0)))
            times = self.random.choice((1, 1, 2, 3))
            receipts = await asyncio.gather(*(kept(message) for _ in range(times)), return_exceptions=True)
            if not all(isinstance(receipt, Unavailable) for receipt in receipts):
                self.unsent.remove(message)
                self.acknowledged.append(message)
            if self.random.random() < 0.3:
                await self._goods_come(store)

    async def _goods_come(self, store: Store) -> None:
        """More lies at a node than before; never less than was promised, for that would be the counter's fault."""
        sku, node = self.random.choice("AB"), self.random.choice(("EAST", "WEST"))
        there = {row.node: row.on_hand for row in await store.stock.availability(sku)}
        await store.stock.set(sku, node, there.get(node, Decimal(0)) + self.random.randint(0, 20))


def _short(said: ShipmentAdvice) -> ShipmentAdvice:
    """One unit less of every line, and no more will come."""
    one = Decimal(1)
    lines = [
        line.model_copy(update={"quantity": line.quantity.model_copy(update={"value": line.quantity.value - one})})
        for line in said.lines
        if line.quantity.value > one
    ]
    return said.model_copy(update={"lines": tuple(lines)}) if lines else said


@asynccontextmanager
async def _hub(url: str, world: World, life: Life, numbers: Numbered) -> AsyncIterator[tuple[Store, Any, Any]]:
    world.network.life = life
    clock, network = LoopClock(), world.network
    retry = RetryPolicy(tries=40, longest_wait=timedelta(minutes=10), patience=timedelta(seconds=20))
    opening = open_store(url, clock, numbers, crash=life.passes)
    store = await opening.__aenter__()
    careful = {"retry": retry, "crash": life.passes, "knows_again": lambda parcel: parcel.destination != FORGETFUL}
    flow, intake = assemble(store, clock, world.random, network, JsonLanguage(), **careful)
    try:
        yield store, flow, intake
    finally:
        if life.over.is_set():
            store.database._waiting.clear()  # nobody is left to write it
        await opening.__aexit__(None, None, None)


async def _live(url: str, world: World, life: Life, numbers: Numbered, until: float) -> None:
    """One life in the unrest, up to its death or the end of the unrest."""
    loop = asyncio.get_running_loop()
    try:
        async with _hub(url, world, life, numbers) as (store, flow, intake):
            working = [asyncio.create_task(flow.run()), asyncio.create_task(_sending(world, store, intake))]
            dying = asyncio.create_task(life.over.wait())
            await asyncio.wait([dying, *working], timeout=until - loop.time(), return_when=asyncio.FIRST_COMPLETED)
            await _stop([dying, *working, *flow.deliver._tasks])
    except Died:
        return


async def _stop(tasks: list[asyncio.Task[Any]]) -> None:
    """Cancel them as often as they wait for something again on their way out."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.5)
    for task in tasks:
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            raise error


async def _sending(world: World, store: Store, intake: Any) -> None:
    while True:
        await world.send(store, intake.receive)
        await asyncio.sleep(1)


async def _rest(url: str, world: World, numbers: Numbered) -> Outcome:
    """Everybody behaves: send what is left, work until nothing is due, and judge."""
    world.network.calm = True
    async with _hub(url, world, Life(None, 0), numbers) as (store, flow, intake):
        await flow.peers.give_back()
        for _ in range(100):
            await world.send(store, intake.receive)
            await flow.drain()
            await asyncio.sleep(3600)
            if not (await flow.schedule.expire() or await _moving(store) or world.unsent or world.unanswered):
                break
        faults = [fault async for fault in _faults(store, world)]
        return Outcome(faults, await _fingerprint(store), await _reached(store))


async def _moving(store: Store) -> list[str]:
    """What is not at rest; an acknowledgment that was delivered may be due again, for who sent the same again."""
    at_work = select(document.c.kind, document.c.identity, document.c.status).where(document.c.status.in_(_MOVING))
    to_hand_over = select(delivery.c.key, delivery.c.destination, delivery.c.status).where(delivery.c.status == "due")
    found = await store.database.read(
        lambda transaction: [*transaction.execute(at_work), *transaction.execute(to_hand_over)]
    )
    return [" ".join(map(str, row)) for row in found]


_MOVING = ("waiting", "queued", "ready", "parked")


async def _faults(store: Store, world: World) -> AsyncIterator[str]:
    """Everything that must not be so: by the hub's own audit, an outsider's, the receivers' and the senders'."""
    async for fault in store.archive.audit():
        yield f"audit: {fault.code} {fault.where}: {fault.message}"
    books: dict[str, list[Any]] = {name: [] for name in _BOOKS}
    async for stem, row in store.archive.export():
        books[stem].append(json.loads(json.dumps(row)))
    for said in violations(books):
        yield f"auditor: {said}"
    async for difference in replay(store.archive, decide, POLICY):
        yield f"replay: {difference.made.order} came out otherwise"
    for said in (*await _moving(store), *world.network.faults, *_unheard(books, world)):
        yield said


_BOOKS = FILES


def _unheard(books: dict[str, list[Any]], world: World) -> Iterator[str]:
    """What was acknowledged and is not kept, and what is called delivered and never came."""
    numbers = Counter(row["number"] for row in books["orders"])
    for number in (f"PO{number}" for number in range(world.orders)):
        if numbers[number] != 1:
            yield f"{numbers[number]} orders {number}"
    for row in books["deliveries"]:
        if row["status"] == "delivered" and (row["destination"], row["key"]) not in world.network.effects:
            yield f"{row['key']} is called delivered, and {row['destination']} never had it"


async def _reached(store: Store) -> Counter[str]:
    seen = await store.archive.overview()
    exceptions = Counter(f"exception {row['code']}" for row in await store.archive.exceptions(status=None))
    return exceptions + Counter(seen["documents_out"]) + Counter(seen["orders"])


async def _fingerprint(store: Store) -> str:
    """What the run came to, in one digest: every row of the export."""
    digest = hashlib.sha256()
    async for stem, row in store.archive.export():
        digest.update(f"{stem}{json.dumps(row, sort_keys=True, default=str)}".encode())
    return digest.hexdigest()


def _forget_the_dead(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    if not isinstance(context.get("exception"), Died):
        loop.default_exception_handler(context)


async def simulate(seed: int, folder: Path) -> Outcome:
    """Play one seed."""
    world, numbers, url = World(seed), Numbered(), sqlite_url(folder / f"{seed}.db")
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_forget_the_dead)
    while loop.time() < world.unrest:
        life = Life(world.random.choice(INSTANTS), world.random.randint(1, 40))
        await _live(url, world, life, numbers, world.unrest)
        await asyncio.sleep(0.5)
    return await _rest(url, world, numbers)


def play(seed: int) -> Outcome:
    """Play one seed in virtual time, on a disk in memory where there is one."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        Path(folder, f"{seed}.db").write_bytes(migrated())
        return run(simulate(seed, Path(folder)))


def main() -> int:
    """Play many seeds; 1 when one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--from", type=int, default=0, dest="first")
    asked = parser.parse_args()
    failed, reached, began = 0, Counter[str](), time.monotonic()
    for seed in range(asked.first, asked.first + asked.seeds):
        outcome = play(seed)
        if (seed + 1) % 100 == 0:
            print(f"{seed + 1} at {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        reached += outcome.reached
        if outcome.faults:
            failed += 1
            print(f"seed {seed} fails: python -m tests.flow.simulation --seeds 1 --from {seed}")
            print(*outcome.faults[:5], sep="\n", flush=True)
    print(f"{asked.seeds} seeds, {failed} failed, {time.monotonic() - began:.0f} s; they came to:")
    print(*(f"{times:8} {what}" for what, times in sorted(reached.items())), sep="\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
