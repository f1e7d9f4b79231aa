"""Deadlines, events, holds, erasure and readiness are the same on every database."""

from datetime import timedelta
from typing import Any

import pytest

from canonical import Acknowledgment, Fault, Unavailable
from router.ports import Holds
from tests.flow.databases import KINDS, fresh_url
from tests.flow.street import RetryPolicy, Street, advice, fulfilments, open_street, purchase, stocked


class Agreed:
    """Everybody owes everything within an hour, and one listens to all that happens."""

    def due(self, partner: str, kind: str) -> timedelta | None:
        return timedelta(hours=1) if partner == "acme" else None

    def expected(self, partner: str, kind: str) -> timedelta | None:
        return timedelta(hours=1) if kind in ("receipt", "Acknowledgment", "ShipmentAdvice") else None

    def listeners(self, event: str) -> list[str]:
        return ["screen"]

    def passage(self, content: bytes, set_number: str, fault: Fault) -> str | None:
        return f"segment {fault.segment}"


@pytest.fixture(params=KINDS)
async def street(request: Any, tmp_path: Any):
    retry = RetryPolicy(tries=2)
    async with open_street(await fresh_url(request.param, tmp_path), agreed=Agreed(), retry=retry) as opened:
        yield opened
        assert await opened.sound() == []


async def of_kind(street: Street, kind: str) -> Any:
    return next(row for row in await street.store.archive.documents() if row["kind"] == kind)


async def test_deadlines_pass_are_told_once_and_are_met_late(street: Street) -> None:
    await stocked(street)
    await street.send(purchase("PO1"))
    await street.settle()
    street.clock.advance(hours=2)
    assert await street.flow.schedule.step() > 0
    assert await street.flow.schedule.step() == 0
    assert sorted(await street.codes()) == ["acknowledgment-overdue"] * 2 + ["document-overdue"]
    for operator, fulfilment in fulfilments(street):
        await street.send(advice(fulfilment, "S1"), source=operator)
    await street.settle()
    assert "document-overdue" not in await street.codes()
    waits = {(row["kind"], row["way"]): row["status"] for row in (await street.order("PO1"))["awaited"]}
    assert waits["ShipmentAdvice", "expected"] == "met"
    assert waits["OrderAcknowledgment", "owed"] == "met"
    assert waits["Invoice", "owed"] == "met"


async def test_a_delivery_given_up_waits_anew_when_it_is_tried_again(street: Street) -> None:
    street.courier.orders["acme"] = [Unavailable("down")] * 4
    await street.send(purchase("PO1"))
    for _ in range(4):
        await street.settle()
        street.clock.advance(minutes=5)
    failed = [row for row in await street.store.archive.exceptions() if row["code"] == "delivery-failed"]
    assert failed
    street.clock.advance(hours=2)
    for one in failed:
        assert await street.store.archive.settle(one["id"], "retry", "me")
    await street.settle()
    waits = {(row["kind"], row["way"]): row for row in (await street.order("PO1"))["awaited"]}
    assert waits["receipt", "expected"]["status"] == "met"
    assert waits["Acknowledgment", "expected"]["due"] > street.clock.now().isoformat()


async def test_events_are_queued_for_a_listener_in_the_orders_sequence(street: Street) -> None:
    await stocked(street)
    await street.send(purchase("PO1"))
    await street.settle()
    told = [parcel.document for parcel in street.courier.taken if parcel.destination == "screen"]
    events = (await street.order("PO1"))["events"]
    assert [(event.seq, event.hash) for event in told] == [(row["seq"], row["hash"]) for row in events]


async def test_a_refusal_shows_the_passage(street: Street) -> None:
    await street.send(purchase("PO1"))
    await street.settle()
    sent = await street.store.archive.document((await of_kind(street, "OrderAcknowledgment"))["id"])
    refused = {"set": "855", "control_number": "0001", "verdict": "rejected", "faults": [{"segment": 3}]}
    said = {"number": sent["control"]["group"], "level": "group", "type": "997", "verdict": "rejected"}
    await street.send(Acknowledgment.model_validate(said | {"sets": [refused]}))
    await street.settle()
    [told] = await street.store.archive.exceptions()
    assert told["facts"]["faults"] == [{"segment": 3, "codes": {}, "sent": "segment 3"}]


async def test_erasing_readiness_and_holds_work(street: Street) -> None:
    await stocked(street)
    await street.send(purchase("PO1"))
    await street.settle()
    for operator, fulfilment in fulfilments(street):
        await street.send(advice(fulfilment, "S1"), source=operator)
    await street.settle()
    await street.store.readiness.prove()
    assert await street.store.readiness.migrated()
    assert set((await street.store.readiness.waiting()).values()) == {0.0}
    holds: Holds = street.store.holds
    assert await holds.release("PO1", "credit", "me") is None
    street.clock.advance(hours=1)
    assert (await street.store.erasing.before(street.clock.now(), "me")).recipients
    assert await street.store.erasing.before(street.clock.now(), "me") == (0, [])
