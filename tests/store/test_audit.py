"""The audit finds what was changed behind the store's back."""

import pytest
from sqlalchemy import select, text

from store.anchors import Anchors
from store.blocks import Block, block_digest, block_hash
from store.digest import GENESIS
from store.events import chain_of
from store.tables import decision, lane
from store.transaction import Sealed
from store.watch_tables import block
from tests.flow.street import advice, fulfilments, open_street, purchase, stocked


@pytest.fixture
async def street(tmp_path):
    async with open_street(f"sqlite:///{tmp_path}/hub.db") as opened:
        await stocked(opened)
        for number in ("PO1", "PO2", "PO3"):
            await opened.send(purchase(number, 5), key=f"key-{number}")
        await opened.settle()
        [(operator, fulfilment), *_] = fulfilments(opened)
        await opened.send(advice(fulfilment, "S1"), source=operator)
        await opened.settle()
        assert await opened.sound() == []
        yield opened


_PO1_CAME = "where order_id = 'acme/PO1' and first_event = 1"


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        (f"update decision set events = json_replace(events, '$[1][1]', json('{{}}')) {_PO1_CAME}", "event-chained"),
        (f"update decision set events = json_replace(events, '$[0][0]', 'nothing') {_PO1_CAME}", "event-chained"),
        (f"update decision set at = at + 1 {_PO1_CAME}", "event-chained"),
        (f"update decision set events = json_remove(events, '$[1]') {_PO1_CAME}", "event-chained"),
        (f"update decision set events = '[]', last_event = 0, head = previous {_PO1_CAME}", "event-chained"),
        (f"delete from decision {_PO1_CAME}", "event-chained"),
        ("update decision set events = '[]' where order_id = 'acme/PO3'", "event-chained"),
        ("delete from decision where order_id = 'acme/PO3'", "lane-whole"),
        ("update stock set reserved = reserved + 1000000 where node = 'EAST'", "stock-promised-once"),
        ("delete from reservation where order_id = 'acme/PO3'", "quantity-conserved"),
        ("insert into reservation values ('ghost', '1', 'EAST', 'A', 1000000)", "reservation-rooted"),
        ("update journal_entry set debit = debit + 1", "posting-balanced"),
        ("update transmission set content = x'00' where id = (select min(id) from transmission)", "transmission-kept"),
        ("update document set body = x'00' where body is not null", "document-delivered"),
        ("update delivery set status = 'lost'", "document-delivered"),
        ("delete from delivery", "document-delivered"),
        ("update document set status = 'waiting' where kind = 'PurchaseOrder'", "document-accounted"),
        ("update document set status = 'conflict' where kind = 'PurchaseOrder'", "document-accounted"),
        ("update document set identity = 'same' where kind = 'PurchaseOrder'", "effect-once"),
        ("update lane set pending = 3", "lane-whole"),
        ("update block set at = at + 1 where seq = 1", "block-whole"),
        ("delete from block where seq = 1", "block-whole"),
        ("delete from block where seq = (select max(seq) from block)", "decision-sealed"),
        ("update decision set digest = 'other' where order_id = 'acme/PO2'", "block-whole"),
        ("delete from decision where order_id = 'acme/PO2'", "block-whole"),
        ("update decision set head = 'other' where order_id = 'acme/PO2'", "event-chained"),
        ("update decision set head = 'other' where order_id = 'acme/PO2'", "block-whole"),
        ("update decision set block = null where order_id = 'acme/PO3'", "lane-whole"),
        ("update decision set document = 'other' where order_id = 'acme/PO3'", "decision-grounded"),
        ("delete from transmission", "document-accounted"),
        ("update transmission set transport_key = 'other' where transport_key is not null", "transmission-kept"),
        ("update document set content = replace(content, '5', '6') where kind = 'PurchaseOrder'", "document-accounted"),
        ("update document set content = '{' where kind = 'PurchaseOrder'", "document-accounted"),
        ("update document set partner = 'other' where kind = 'PurchaseOrder'", "document-accounted"),
        ("delete from document where kind = 'OrderAcknowledgment' and order_id = 'acme/PO3'", "lane-whole"),
        ("delete from identity where scope like 'document/%'", "document-accounted"),
        ("update identity set digest = 'other'", "identity-rooted"),
        ("delete from lane_entry where lane = 'acme/PO3'", "lane-whole"),
        ("delete from lane where id = 'acme/PO3'", "entry-rooted"),
        ("update lane_name set lane = 'other'", "name-rooted"),
        ("delete from sales_order where id = 'acme/PO3'", "lane-whole"),
        ("update sales_order set status = 'held'", "quantity-conserved"),
        ("update sales_order set state = '{}'", "quantity-conserved"),
        ("insert into backorder values ('A', 'acme/PO3', 0, 0, 0)", "backorder-rooted"),
        ("update journal_entry set currency = 'EUR'", "posting-balanced"),
        ("update delivery set destination = 'other'", "document-delivered"),
        ("update delivery set key = 'other'", "delivery-rooted"),
        ("update attempt set succeeded = false", "delivery-rooted"),
        ("delete from delivery", "attempt-rooted"),
        ("delete from document where direction = 'out'", "delivery-rooted"),
    ],
)
async def test_tampering_is_found(street, tampering, found):
    await street.store.database.write(lambda transaction: transaction.execute(text(tampering)))
    assert found in {fault.split()[0] for fault in await street.sound()}


WHOLE_ORDER = ("decision", "reservation", "journal_entry"), ("lane", "sales_order")


async def test_an_order_taken_out_with_all_that_speaks_of_it_is_missed(street):
    def take_out(transaction):
        for tables, key in zip(WHOLE_ORDER, ("order_id", "id"), strict=True):
            for table in tables:
                transaction.execute(text(f"delete from {table} where {key} = 'acme/PO3'"))

    await street.store.database.write(take_out)
    assert "block-whole" in {fault.split()[0] for fault in await street.sound()}


def rewrite_blocks(transaction):
    """What one does who can write everything: one event's kind, and every hash from there on."""
    spoil = "update decision set events = json_replace(events, '$[0][0]', 'nothing')"
    transaction.execute(text(f"{spoil} where order_id = 'acme/PO2' and first_event = 1"))
    last, of_order = GENESIS, select(decision).where(decision.c.order_id == "acme/PO2")
    for row in transaction.execute(of_order.order_by(decision.c.first_event, decision.c.last_event)).all():
        transaction.update(decision, {"id": row.id}, previous=last)
        again = transaction.execute(select(decision).where(decision.c.id == row.id)).one()
        last = (chain_of(again) or [last])[-1]
        transaction.update(decision, {"id": row.id}, head=last)
    transaction.update(lane, {"id": "acme/PO2"}, head=last)
    previous = GENESIS
    for row in transaction.execute(select(block).order_by(block.c.seq)).all():
        held = transaction.execute(select(decision).where(decision.c.block == row.id)).all()
        digest = block_digest([Sealed(one.id, one.digest, one.head) for one in held])
        said = Block(row.seq, row.id, len(held), digest, row.at)
        previous, before = block_hash(previous, said), previous
        transaction.update(block, {"seq": row.seq}, digest=digest, previous=before, hash=previous)


async def test_who_writes_everything_anew_is_found_by_what_was_anchored_outside(street, tmp_path):
    anchors = Anchors(street.store.database, tmp_path / "elsewhere" / "anchors.jsonl")
    await anchors.note()
    await anchors.note()
    assert len((tmp_path / "elsewhere" / "anchors.jsonl").read_text().split()) > 0
    assert [fault async for fault in anchors.audit()] == []
    await street.store.database.write(rewrite_blocks)
    assert await street.sound() == []
    assert [fault.code async for fault in anchors.audit()] == ["block-anchored"]


async def test_an_anchored_block_that_is_gone_is_missed_and_a_half_written_anchor_is_passed_over(street, tmp_path):
    anchors, file = Anchors(street.store.database, tmp_path / "anchors.jsonl"), tmp_path / "anchors.jsonl"
    file.write_text('{"block": 1, "ha')
    await anchors.note()
    assert len(file.read_text().splitlines()) == 2
    await street.store.database.write(lambda transaction: transaction.execute(text("delete from block")))
    [fault] = [fault async for fault in anchors.audit()]
    assert "is gone" in fault.message


async def test_a_ledger_that_lost_a_unit_is_found(street):
    spoil = """update sales_order set state = replace(state, '"ordered":"5"', '"ordered":"6"')"""
    await street.store.database.write(lambda transaction: transaction.execute(text(spoil)))
    assert "quantity-conserved" in {fault.split()[0] for fault in await street.sound()}
