"""The whole street through its front door: an order in, everything it causes out, once."""

import asyncio
import json
from decimal import Decimal

import pytest

from canonical import Acknowledgment, OrderChange, Unavailable
from canonical.exchange import Arrival
from tests.flow.databases import KINDS, fresh_url
from tests.flow.street import Street, advice, fulfilments, open_street, purchase, stocked


@pytest.fixture(params=KINDS)
async def street(request, tmp_path):
    async with open_street(await fresh_url(request.param, tmp_path)) as opened:
        yield opened
        assert await opened.sound() == []


async def ship_everything(street: Street) -> None:
    for operator, fulfilment in fulfilments(street):
        await street.send(advice(fulfilment, f"S-{fulfilment['number']}"), source=operator)
    await street.settle()


async def test_an_order_is_allocated_shipped_invoiced_and_posted(street):
    await stocked(street)
    receipt = await street.send(purchase("PO1", 5))
    assert receipt.status == "accepted"
    await street.settle()
    assert (await street.order("PO1"))["status"] == "released"
    await ship_everything(street)
    order = await street.order("PO1")
    assert order["status"] == "shipped"
    overview = await street.store.archive.overview()
    assert overview["documents_out"] == {
        "Acknowledgment": 2,
        "FulfilmentOrder": 1,
        "Invoice": 1,
        "JournalEntry": 2,
        "OrderAcknowledgment": 1,
        "ShipmentNotice": 1,
    }
    assert overview["journal"] == {"USD": {"debit": "15", "credit": "15"}}
    assert overview["exceptions"] == 0
    assert sum(row.on_hand for row in await street.store.stock.availability("A")) == 195
    assert sum(row.reserved for row in await street.store.stock.availability("A")) == 0


async def test_everything_sent_again_under_new_control_numbers_makes_nothing_new(street):
    await stocked(street)
    for control in ("1", "2", "3"):
        await street.send(purchase("PO1", 5), transport_key=control)
    await street.settle()
    documents = await street.store.archive.documents()
    assert sorted(row["status"] for row in documents if row["kind"] == "PurchaseOrder") == [
        "decided", "duplicate", "duplicate",
    ]  # fmt: skip
    assert (await street.kinds_out())["FulfilmentOrder"] == 1


async def test_a_repeated_idempotency_key_gets_the_first_receipt(street):
    first = await street.send(purchase("PO1"), key="k")
    again = await street.send(purchase("PO1"), key="k")
    assert (again.id, again.status) == (first.id, "duplicate")
    other = await street.send(purchase("PO1", 2), key="k")
    assert other.status == "conflict"
    assert await street.codes() == ["transmission-conflict"]


async def test_the_same_set_again_gets_the_first_answer_again(street):
    await street.send(purchase("PO1"), transport_key="ISA1")
    await street.settle()
    await street.send(purchase("PO1"), transport_key="ISA1")
    await street.settle()
    answers = [parcel for parcel in street.courier.taken if parcel.kind == "Acknowledgment"]
    assert len(answers) == 2
    assert answers[0].key == answers[1].key
    assert answers[0].content == answers[1].content
    assert (await street.kinds_out())["Acknowledgment"] == 1


async def test_other_content_under_a_known_number_is_a_visible_conflict(street):
    await stocked(street)
    await street.send(purchase("PO1", 5))
    await street.send(purchase("PO1", 6))
    await street.settle()
    assert await street.codes() == ["document-conflict"]
    assert (await street.order("PO1"))["lines"][0]["ledger"]["ordered"] == "5"


async def test_the_same_control_number_with_other_content_has_no_effect(street):
    await street.send(purchase("PO1"), transport_key="ISA1")
    await street.send(purchase("PO2"), transport_key="ISA1")
    await street.settle()
    assert await street.codes() == ["document-conflict"]
    assert await street.store.archive.order("PO2") is None
    await street.send(purchase("PO2"), transport_key="ISA2")
    await street.settle()
    assert (await street.order("PO2"))["number"] == "PO2"


async def test_a_control_number_may_come_again_when_its_window_has_passed(street):
    await street.send(purchase("PO1"), transport_key="ISA1", window=365)
    await street.settle()
    street.clock.advance(days=366)
    await street.send(purchase("PO2"), transport_key="ISA1", window=365)
    await street.settle()
    assert (await street.order("PO2"))["number"] == "PO2"
    await street.send(purchase("PO3"), transport_key="ISA1", window=365)
    await street.send(purchase("PO1"), transport_key="ISA9", window=365)
    await street.settle()
    assert await street.codes() == ["document-conflict"]
    assert len([row for row in await street.store.archive.documents() if row["status"] == "duplicate"]) == 1
    assert await street.sound() == []


async def test_duplicates_and_conflicts_inside_one_commit_leave_their_neighbours_unharmed(street):
    await stocked(street)
    sent = [("PO1", 1), ("PO2", 2), ("PO1", 1), ("PO3", 3), ("PO2", 9), ("PO4", 4), ("PO1", 1)]
    receipts = await asyncio.gather(
        *(street.send(purchase(number, quantity), key=f"key-{number}") for number, quantity in sent)
    )
    assert [receipt.status for receipt in receipts] == [
        "accepted", "accepted", "duplicate", "accepted", "conflict", "accepted", "duplicate",
    ]  # fmt: skip
    await asyncio.gather(*(street.send(purchase(number, quantity)) for number, quantity in sent))
    await street.settle()
    ordered = {row["number"]: row["lines"][0]["ledger"]["ordered"] for row in await street.store.archive.orders()}
    assert ordered == {"PO1": "1", "PO2": "2", "PO3": "3", "PO4": "4"}
    assert sorted(await street.codes()) == ["document-conflict", "transmission-conflict"]
    assert await street.sound() == []


async def test_an_advice_that_comes_before_its_order_waits_for_it(street):
    await stocked(street)
    async with open_street("sqlite://") as rehearsal:
        await stocked(rehearsal)
        await rehearsal.send(purchase("PO1", 5))
        await rehearsal.settle()
        [(operator, early)] = fulfilments(rehearsal)
    await street.send(advice(early, "S1"), source=operator)
    await street.settle()
    [parked] = [row for row in await street.store.archive.documents() if row["kind"] == "ShipmentAdvice"]
    assert parked["status"] == "parked"
    await street.send(purchase("PO1", 5))
    await street.settle()
    assert (await street.order("PO1"))["status"] == "shipped"


async def test_a_change_before_its_order_is_looked_at_once_the_order_came(street):
    change = OrderChange.model_validate(
        {"number": "PO1", "change_number": "1", "changed_on": "2026-03-02", "currency": "USD", "lines": []}
    )
    await street.send(change)
    await street.send(purchase("PO1"))
    await street.settle()
    story = (await street.order("PO1"))["documents"]
    assert {row["kind"]: row["status"] for row in story if row["direction"] == "in"}["PurchaseOrder"] == "decided"


async def test_what_never_finds_its_order_becomes_an_exception(street):
    lost = {"number": "NONE", "order_number": "X", "lines": []}
    await street.send(advice(lost, "S1"), source="wh-east")
    await street.settle()
    street.clock.advance(hours=73)
    assert await street.flow.schedule.step() == 1
    assert await street.codes() == ["document-unmatched"]


async def test_only_the_recipient_of_a_fulfilment_order_may_speak_of_it(street):
    await stocked(street)
    await street.send(purchase("PO1", 5))
    await street.settle()
    [(_, fulfilment)] = fulfilments(street)
    await street.send(advice(fulfilment, "S1"), source="stranger")
    await street.settle()
    assert (await street.order("PO1"))["status"] == "released"


async def test_backordered_lines_are_filled_in_turn_when_stock_arrives(street):
    for number in ("PO1", "PO2", "PO3"):
        await street.send(purchase(number, 5))
        await street.settle()
        street.clock.advance(minutes=1)
    assert [(await street.order(number))["status"] for number in ("PO1", "PO2")] == ["backordered", "backordered"]
    await street.store.stock.set("A", "EAST", Decimal(7))
    await street.settle()
    released = [(await street.order(f"PO{n}"))["lines"][0]["ledger"]["released"] for n in (1, 2, 3)]
    assert released == ["5", "2", "0"]


async def test_a_test_order_walks_the_street_and_neither_ships_nor_reserves(street):
    await stocked(street)
    await street.send(purchase("PO1", 5, usage="test"))
    await street.settle()
    assert (await street.order("PO1"))["usage"] == "test"
    assert fulfilments(street) == []
    deliveries = {row["kind"]: row["status"] for row in await street.store.archive.documents()}
    assert deliveries["FulfilmentOrder"] == "withheld"
    assert deliveries["OrderAcknowledgment"] == "delivered"
    assert sum(row.reserved for row in await street.store.stock.availability("A")) == 0


async def test_bytes_that_are_nothing_become_an_exception_and_are_kept(street):
    receipt = await street.intake.receive(Arrival(None, "directory", b"\xff\x00", None, {}))
    await street.settle()
    assert await street.codes() == ["not-json"]
    kept = await street.store.archive.raw(receipt.id)
    assert kept is not None
    assert kept.content == b"\xff\x00"


async def test_a_document_with_errors_is_rejected_alone(street):
    bad = {"kind": "PurchaseOrder", "document": purchase("BAD").as_json(), "errors": ["bad-date"]}
    good = {"kind": "PurchaseOrder", "document": purchase("GOOD").as_json()}
    await street.send(bad, good)
    await street.settle()
    assert await street.store.archive.order("BAD") is None
    assert (await street.order("GOOD"))["number"] == "GOOD"
    assert await street.codes() == ["document-rejected"]


async def test_a_failed_delivery_is_tried_again_and_then_left_to_a_person(street):
    street.courier.orders["acme"] = [Unavailable("down")] * 20
    await street.send(purchase("PO1"))
    for _ in range(3):
        await street.settle()
        street.clock.advance(hours=1)
    assert "delivery-failed" in await street.codes()
    [failed] = [row for row in await street.store.archive.exceptions() if row["code"] == "delivery-failed"][:1]
    assert len(failed["facts"]["attempts"]) == 3
    street.courier.orders.clear()
    assert await street.store.archive.settle(failed["id"], "retry", "me")
    await street.settle()
    assert (await street.store.archive.document(failed["document"]))["status"] == "delivered"


async def test_an_ambiguous_failure_sends_the_same_bytes_under_the_same_key(street):
    street.courier.orders["acme"] = [Unavailable("timed out", ambiguous=True)]
    await street.send(purchase("PO1"))
    await street.settle()
    street.clock.advance(minutes=5)
    await street.settle()
    answers = [parcel for parcel in street.courier.taken if parcel.kind == "Acknowledgment"]
    assert len(answers) == 2
    assert len(street.courier.effects("Acknowledgment")) == 1


async def test_a_documents_map_that_breaks_harms_nothing_else(street):
    street.language.breaks_on.add("OrderAcknowledgment")
    await stocked(street)
    await street.send(purchase("PO1"))
    await street.settle()
    assert await street.codes() == ["document-not-writable"]
    assert len(fulfilments(street)) == 1
    street.language.breaks_on.clear()
    [broken] = await street.store.archive.exceptions()
    assert await street.store.archive.settle(broken["id"], "retry", "me")
    await street.settle()
    assert len(street.courier.effects("OrderAcknowledgment")) == 1


async def test_a_receivers_verdict_finds_what_was_sent(street):
    await street.send(purchase("PO1"))
    await street.settle()
    [sent] = street.courier.effects("OrderAcknowledgment").values()
    number = str(json.loads(sent.content)["number"])
    await street.send(Acknowledgment(number=number.zfill(9), level="group", type="997", verdict="rejected"))
    await street.settle()
    assert (await street.store.archive.document(sent.id))["status"] == "refused"
    assert await street.codes() == ["document-refused"]
