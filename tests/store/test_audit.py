"""The audit finds what was changed behind the store's back."""

import pytest
from sqlalchemy import text

from tests.flow.street import advice, fulfilments, open_street, purchase, stocked


@pytest.fixture
async def street(tmp_path):
    async with open_street(f"sqlite:///{tmp_path}/hub.db") as opened:
        await stocked(opened)
        for number in ("PO1", "PO2", "PO3"):
            await opened.send(purchase(number, 5))
        await opened.settle()
        [(operator, fulfilment), *_] = fulfilments(opened)
        await opened.send(advice(fulfilment, "S1"), source=operator)
        await opened.settle()
        assert await opened.sound() == []
        yield opened


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("update event set facts = '{}' where seq = 2 and order_id = 'acme/PO1'", "event-chained"),
        ("update event set kind = 'nothing' where seq = 1 and order_id = 'acme/PO2'", "event-chained"),
        ("update event set at = at + 1 where seq = 1 and order_id = 'acme/PO2'", "event-chained"),
        ("delete from event where seq = 2 and order_id = 'acme/PO1'", "event-chained"),
        ("delete from event where order_id = 'acme/PO3'", "lane-whole"),
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
    ],
)
async def test_tampering_is_found(street, tampering, found):
    await street.store.database.write(lambda transaction: transaction.execute(text(tampering)))
    assert found in {fault.split()[0] for fault in await street.sound()}


async def test_a_ledger_that_lost_a_unit_is_found(street):
    spoil = """update sales_order set state = replace(state, '"ordered":"5"', '"ordered":"6"')"""
    await street.store.database.write(lambda transaction: transaction.execute(text(spoil)))
    assert "quantity-conserved" in {fault.split()[0] for fault in await street.sound()}
