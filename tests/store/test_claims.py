"""Claims, fencing and counters: the store's ports as the flow relies on them, on every database."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from sqlalchemy import update

from canonical.exchange import Handed, Parcel
from router.decide import decide
from router.decision import World
from router.lanes import Decided
from router.order import Order
from router.ports import Stale, Understood
from store import inbox, open_store
from store.answers import draw
from store.claims import Claims
from store.decisions import write_decisions
from store.tables import control_number
from tests.flow.databases import KINDS, fresh_url
from tests.flow.street import (
    POLICY,
    CountingIds,
    Street,
    advice,
    arrival,
    fulfilments,
    open_street,
    purchase,
    stocked,
)


@pytest.fixture(params=KINDS)
async def street(request, tmp_path):
    async with open_street(await fresh_url(request.param, tmp_path)) as opened:
        yield opened
        assert await opened.sound() == []


async def world(street: Street) -> World:
    rows = await street.store.stock.availability()
    return World(now=street.clock.now(), configuration=POLICY.digest, stock=tuple(rows))


async def waiting_lane(street: Street, *numbers: str):
    for number in numbers:
        await street.send(purchase(number, 6))
    await street.flow.translate.step()
    return await street.store.lanes.claim(10)


async def test_what_is_claimed_is_not_claimed_again_until_the_claim_runs_out(street):
    await street.send(purchase("PO1"))
    [first] = await street.store.inbox.claim(10)
    assert await street.store.inbox.claim(10) == []
    street.clock.advance(minutes=10)
    [second] = await street.store.inbox.claim(10)
    assert second.id == first.id
    assert second.attempts == first.attempts + 1
    reading = street.language.read(first.arrival.content, None, {}, first.received_at)
    [met] = await street.store.inbox.translated([(first, Understood(reading, [None], first.received_at))])
    assert isinstance(met, Stale)


async def test_a_lane_taken_over_refuses_its_former_holder(street):
    await stocked(street)
    [held] = await waiting_lane(street, "PO1")
    street.clock.advance(minutes=10)
    [taken_over] = await street.store.lanes.claim(10)
    entry, known = held.entries[0], await world(street)
    made = decide(None, entry.document, known, POLICY, sender="acme")
    for lane, outcome in ((held, Stale), (taken_over, Order), (taken_over, Stale)):
        [met] = await street.store.lanes.commit([Decided(lane, entry, known, made)])
        assert isinstance(met, outcome)


async def test_two_decisions_on_the_same_stock_do_not_oversell(street):
    await stocked(street, east=6, west=3)
    lanes = await waiting_lane(street, "PO1", "PO2")
    known = await world(street)
    entries = [lane.entries[0] for lane in lanes]
    made = [decide(None, entry.document, known, POLICY, sender="acme") for entry in entries]
    outcomes = await street.store.lanes.commit(
        [Decided(lane, entry, known, one) for lane, entry, one in zip(lanes, entries, made, strict=True)]
    )
    assert [type(outcome) for outcome in outcomes].count(Stale) == 1
    rows = await street.store.stock.availability("A")
    assert all(row.reserved <= row.on_hand for row in rows)


async def test_a_decision_that_lost_its_race_is_made_again(street):
    await stocked(street, east=6, west=3)
    for number in ("PO1", "PO2"):
        await street.send(purchase(number, 6))
    await street.settle()
    ledgers = [(await street.order(number))["lines"][0]["ledger"] for number in ("PO1", "PO2")]
    assert [(ledger["released"], ledger["backordered"]) for ledger in ledgers] == [("6", "0"), ("3", "3")]


async def test_a_backorder_decided_before_stock_came_is_decided_again(street):
    lanes = await waiting_lane(street, "PO1")
    known = await world(street)
    short = decide(None, lanes[0].entries[0].document, known, POLICY, sender="acme")
    await stocked(street)
    [met] = await street.store.lanes.commit([Decided(lanes[0], lanes[0].entries[0], known, short)])
    assert isinstance(met, Stale)


async def test_goods_that_left_count_even_where_the_books_said_otherwise(street):
    await stocked(street, east=5, west=0)
    await street.send(purchase("PO1", 5))
    await street.settle()
    await street.store.stock.set("A", "EAST", Decimal(3))
    assert await street.codes() == ["stock-below-promises"]
    assert [row.available for row in await street.store.stock.availability("A")] == [0, 0]


async def test_more_goods_that_left_than_the_books_knew_are_somebodys_to_count(street):
    await stocked(street, east=5, west=0)
    await street.send(purchase("PO1", 5))
    await street.settle()
    [(operator, asked)] = fulfilments(street)
    [line] = asked["lines"]
    more = {**asked, "lines": [{**line, "quantity": {"value": "8", "unit": "EA"}}]}
    await street.send(advice(more, "S1"), source=operator)
    await street.settle()
    assert [row.on_hand for row in await street.store.stock.availability("A")] == [-3, 0]
    assert "stock-below-promises" in await street.codes()
    assert [violation async for violation in street.store.archive.audit()] == []


async def test_control_numbers_rise_by_one_and_wrap_behind_the_largest(street):
    write = street.store.database.write
    assert [await write(lambda transaction: draw(transaction, "acme/group")) for _ in range(3)] == [1, 2, 3]
    await write(lambda transaction: transaction.execute(update(control_number).values(value=999_999_999)))
    assert await write(lambda transaction: draw(transaction, "acme/group")) == 1


async def test_serials_are_given_out_once(street):
    given = await asyncio.gather(*(street.store.lanes.serials(count) for count in (3, 1, 5)))
    taken = [serial for first, count in zip(given, (3, 1, 5), strict=True) for serial in range(first, first + count)]
    assert sorted(taken) == list(range(1, 10))


async def test_a_delivery_taken_over_cannot_be_closed_by_its_former_holder(street):
    await street.send(purchase("PO1"))
    await street.flow.translate.step()
    [late] = await street.store.outbox.claim(10, each=4, room=dict)
    street.clock.advance(minutes=10)
    [parcel] = await street.store.outbox.claim(10, each=4, room=dict)
    assert (parcel.key, parcel.content) == (late.key, late.content)
    with pytest.raises(Stale):
        await street.store.outbox.delivered(late, Handed({}))
    await street.store.outbox.delivered(parcel, Handed({}))


async def test_one_orders_documents_for_one_destination_go_out_in_sequence(street):
    await stocked(street)
    await street.send(purchase("PO1"))
    await street.flow.translate.step()
    await street.flow.route.step()
    while await street.flow.render.step():
        pass
    parcels: list[Parcel] = list(await street.store.outbox.claim(10, each=10, room=lambda: {"acme": 0}))
    assert [parcel.kind for parcel in parcels] == ["FulfilmentOrder"]
    assert await street.store.outbox.claim(10, each=10, room=lambda: {parcels[0].destination: 5, "acme": 0}) == []


async def test_a_destination_gets_no_more_than_it_has_room_for(street):
    for number in range(9):
        await street.send(purchase(f"PO{number}"))
    await street.flow.translate.step()
    assert len(await street.store.outbox.claim(20, each=4, room=dict)) == 4
    assert len(await street.store.outbox.claim(20, each=4, room=lambda: {"acme": 1})) == 1


async def test_a_token_proves_whom_it_was_issued_to_and_is_kept_as_a_hash(street):
    token = await street.store.access.issue(partner="acme")
    bearer = await street.store.access.bearer(token)
    assert bearer is not None
    assert bearer.partner == "acme"
    assert await street.store.access.bearer(token + "x") is None


async def test_orders_are_listed_page_by_page(street):
    for number in range(7):
        await street.send(purchase(f"PO{number}"))
    await street.settle()
    first = await street.store.archive.orders(limit=4)
    rest = await street.store.archive.orders(limit=4, after=first[-1]["id"])
    assert len({row["id"] for row in (*first, *rest)}) == 7


async def test_two_stores_on_one_database_share_the_work_without_doubling_it(tmp_path):
    url = f"sqlite:///{tmp_path}/hub.db"
    async with AsyncExitStack() as stack:
        street = await stack.enter_async_context(open_street(url))
        other = await stack.enter_async_context(open_store(url, street.clock, CountingIds()))
        for number in range(20):
            await street.intake.receive(arrival(purchase(f"PO{number}"), source="acme"))
        claims = await asyncio.gather(*(store.inbox.claim(8) for store in (street.store, other) for _ in range(2)))
        claimed = [transmission.id for claim in claims for transmission in claim]
        assert len(claimed) == len(set(claimed)) == 20


async def test_a_clock_that_jumps_back_steals_nothing(street):
    await street.send(purchase("PO1"))
    [_held] = await street.store.inbox.claim(10)
    street.clock.instant -= timedelta(days=1)
    assert await street.store.inbox.claim(10) == []


async def test_a_claim_that_stands_takes_what_a_commit_makes_due_within_that_commit(street):
    await street.store.inbox.claim(10, patience=1)
    standing = asyncio.create_task(street.store.inbox.claim(10, patience=30))
    await asyncio.sleep(0.05)
    await street.send(purchase("PO1"))
    assert await street.store.inbox.claim(10) == []
    assert [taken.arrival.source for taken in await standing] == ["acme"]


async def test_what_a_standing_claim_takes_within_a_commit_is_taken(street):
    wanted = partial(street.store.outbox.claim, 10, each=8, room=dict)
    await wanted(patience=1)
    standing = asyncio.create_task(wanted(patience=30))
    await street.send(purchase("PO1"))
    await street.flow.translate.step()
    await street.flow.render.step()
    assert [parcel.kind for parcel in await standing] == ["Acknowledgment"]
    assert await wanted() == []


async def test_a_standing_claim_that_was_given_up_takes_nothing(street):
    await street.store.inbox.claim(10, patience=1)
    standing = asyncio.create_task(street.store.inbox.claim(10, patience=30))
    await asyncio.sleep(0.05)
    standing.cancel()
    await asyncio.gather(standing, return_exceptions=True)
    await street.send(purchase("PO1"))
    assert len(await street.store.inbox.claim(10)) == 1


async def test_a_claim_that_breaks_leaves_the_commit_it_was_made_in_whole(street, monkeypatch):
    await street.store.inbox.claim(10, patience=1)
    monkeypatch.setattr(inbox, "_transmission", lambda row: 1 / 0)
    standing = asyncio.create_task(street.store.inbox.claim(10, patience=30))
    await asyncio.sleep(0.05)
    await street.send(purchase("PO1"))
    with pytest.raises(ZeroDivisionError):
        await standing
    monkeypatch.undo()
    assert len(await street.store.inbox.claim(10)) == 1


async def test_a_claim_that_came_to_stand_while_a_commit_made_work_for_it_looks():
    looked = asyncio.Queue[None]()

    async def look(_claim):
        await looked.put(None)
        return []

    claims = Claims()
    wanted = partial(claims.claim, "route", lambda: lambda _transaction: [], 30, look)
    await wanted()
    trial = claims.on_trial()
    standing = asyncio.create_task(wanted())
    await asyncio.sleep(0)
    claims.settle(trial, {"route"})
    assert await asyncio.wait_for(standing, 5) == []
    assert looked.qsize() == 2


async def delivered_at_once(street: Street) -> list[str]:
    """The kinds of what is to be delivered as soon as an order is decided, while nobody renders but its commit."""

    def at_once(queued):
        return street.language.write(queued.document, queued.to)

    wanted = partial(street.store.outbox.claim, 10, each=8, room=dict)
    await street.send(purchase("PO1"))
    await street.flow.translate.step()
    await street.store.outbox.queued(10, patience=1)
    await wanted(patience=1)
    rendering = asyncio.create_task(street.store.outbox.queued(10, patience=30, at_once=at_once))
    delivering = asyncio.create_task(wanted(patience=1))
    await asyncio.sleep(0.05)
    await street.flow.route.step()
    rendering.cancel()
    await asyncio.gather(rendering, return_exceptions=True)
    return sorted(parcel.kind for parcel in await delivering)


async def test_a_few_documents_are_rendered_and_claimed_in_the_commit_that_queues_them(street):
    await stocked(street, east=20)
    assert await delivered_at_once(street) == ["FulfilmentOrder", "OrderAcknowledgment"]
    assert await street.store.outbox.queued(10) == []


async def test_a_document_that_cannot_be_rendered_at_once_leaves_its_decision_whole_and_waits(street, monkeypatch):
    await stocked(street, east=20)
    monkeypatch.setattr(street.language, "write", lambda document, to: 1 / 0)
    assert await delivered_at_once(street) == []
    monkeypatch.undo()
    street.clock.advance(minutes=10)
    await street.flow.drain()
    assert len(fulfilments(street)) == 1


async def decided_at_once(street: Street) -> int:
    """How many lanes the step is given for what comes for an order while it waits."""
    await stocked(street, east=20)
    await street.send(purchase("PO1"))
    await street.flow.drain()
    await street.flow.route.claim(1)
    routing = asyncio.create_task(street.flow.route.claim(1))
    [(operator, fulfilment)] = fulfilments(street)
    await street.send(advice(fulfilment, "A1"), source=operator)
    await street.flow.translate.step()
    return await street.flow.route.work(await routing)


async def test_what_comes_for_an_order_is_decided_in_the_commit_that_brings_it(street):
    assert await decided_at_once(street) == 0
    assert (await street.order("PO1"))["status"] == "shipped"


async def test_a_decision_that_loses_its_race_at_once_is_undone_alone_and_made_again(street, monkeypatch):
    loses = iter([False, True])

    def write(transaction, asked):
        written = write_decisions(transaction, asked)
        return [Stale("another was first")] if next(loses, False) else written

    monkeypatch.setattr("store.lanes.write_decisions", write)
    assert await decided_at_once(street) == 1
    assert (await street.order("PO1"))["status"] == "shipped"
