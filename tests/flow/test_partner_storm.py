"""Partners at their worst, in simulated time: one effect a key, and nobody waits for another's troubles."""

import asyncio
import random
from collections import defaultdict
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from canonical import PurchaseOrder, Unavailable
from canonical.exchange import Handed
from router.decision import Outgoing
from router.flow import RetryPolicy
from store import IN_MEMORY, open_store
from store.documents import outgoing_row
from store.tables import delivery, document
from tests.flow.simulation import LoopClock, Numbered
from tests.flow.street import EvenRandomness, JsonLanguage, assemble, purchase
from tests.flow.virtual_time import run

HEALTHY = [f"partner-{number}" for number in range(8)]
RATE = 1.0
"""Documents a second, over all partners: few enough that nobody's queue grows."""


TRIES = 12


def fate_of(key, attempt):
    """What becomes of an attempt: a number in [0, 1); below a half it fails."""
    return random.Random(f"{key}/{attempt}").random()


class Partners:
    """Receivers with ledgers of their own. What becomes of an attempt depends on its key and number alone."""

    def __init__(self) -> None:
        self.effects = defaultdict(list)
        self.taken_at = {}
        self._attempts = defaultdict(int)

    async def deliver(self, parcel):
        if parcel.destination == "dead":
            await asyncio.sleep(30)
            raise Unavailable("no route to host")
        await asyncio.sleep(25 if parcel.destination == "slow" else 0.1)
        self._attempts[parcel.key] += 1
        fate = fate_of(parcel.key, self._attempts[parcel.key])
        if fate < 0.2:
            raise Unavailable("503")
        self._take(parcel)
        if fate < 0.4:
            await asyncio.sleep(3600)  # taken, and never answered
        if fate < 0.5:
            raise Unavailable("the answer is garbage", ambiguous=True)
        return Handed({})

    def _take(self, parcel):
        """Heed the key: the same again is recognised, whatever else came meanwhile."""
        if parcel.key not in self.taken_at:
            self.taken_at[parcel.key] = asyncio.get_running_loop().time()
            self.effects[parcel.destination].append(parcel.key)
        assert parcel.document.number in parcel.content.decode()


async def storm(deliveries, troubled):
    """(partners, when each document was queued, codes of exceptions) after everything was delivered or given up."""
    partners, queued, loop = Partners(), {}, asyncio.get_running_loop()
    retry = RetryPolicy(tries=TRIES, first_wait=timedelta(seconds=2), patience=timedelta(seconds=30))
    async with open_store(IN_MEMORY, LoopClock(), Numbered()) as store:
        flow, _ = assemble(store, LoopClock(), EvenRandomness(), partners, JsonLanguage(), retry=retry)
        working = asyncio.create_task(flow.run(frozenset({"deliver"})))
        for number in range(deliveries):
            to = HEALTHY[number % len(HEALTHY)]
            queued[await queue(store, f"D{number}", to)] = (to, loop.time())
            if troubled and number % 20 == 0:
                await queue(store, f"T{number}", "dead" if number < 200 else "slow")
            await asyncio.sleep(1 / RATE)
        await asyncio.sleep(600)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        while await due(store):
            await flow.drain()
            await asyncio.sleep(35)
        rows = await store.archive.exceptions()
        faults = [fault async for fault in store.archive.audit()]
    return partners, queued, rows, faults


async def queue(store, number, to):
    """One document to send; its id."""

    def work(transaction):
        sent: PurchaseOrder = purchase(number)
        document_id = f"{to}/{number}"
        row = outgoing_row(Outgoing(document=sent, to=to)) | {"status": "queued", "at": transaction.now}
        transaction.insert(document, row | {"id": document_id, "due": transaction.now})
        transaction.announce("render")
        return document_id

    return await store.database.write(work)


async def due(store):
    wanted = select(func.count()).where(delivery.c.status == "due")
    return await store.database.read(lambda transaction: transaction.execute(wanted).scalar_one())


def p99(partners, queued):
    waits = sorted(partners.taken_at[key] - at for key, (_, at) in queued.items())
    return waits[int(len(waits) * 0.99)]


@pytest.mark.storm
def test_every_key_has_one_effect_and_nobody_waits_for_anothers_troubles(request):
    deliveries = request.config.getoption("--deliveries")
    alone, queued_alone, _, _ = run(storm(deliveries, troubled=False))
    partners, queued, exceptions, faults = run(storm(deliveries, troubled=True))
    assert faults == []
    for to in HEALTHY:
        assert sorted(partners.effects[to]) == sorted(key for key, (where, _) in queued.items() if where == to)
    failed = [row for row in exceptions if row["code"] == "delivery-failed"]
    unlucky = {key for key in queued if all(fate_of(key, attempt) < 0.5 for attempt in range(1, TRIES + 1))}
    assert {row["document"] for row in failed if row["facts"]["destination"] in HEALTHY} == unlucky
    assert all(len(row["facts"]["attempts"]) == TRIES for row in failed)
    assert p99(partners, queued) < p99(alone, queued_alone) * 1.1
    print(
        f"{deliveries} deliveries: p99 {p99(alone, queued_alone):.1f} s alone, {p99(partners, queued):.1f} s beside, "
        f"{len(unlucky)} given up after {TRIES} tries and told"
    )
