"""Items, customers and price lists that came as documents: what they change for orders, on every database."""

import json
from collections.abc import Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from canonical import Customer, Item, PriceList
from router.decide import decide
from router.flow.replay import replay
from tests.flow.databases import KINDS, fresh_url
from tests.flow.street import POLICY, Street, fulfilments, open_street, purchase, stocked

ROUTING = POLICY.routing.model_validate(
    POLICY.routing.model_dump()
    | {
        "master_data": {
            "books": {"items": True, "customers": True, "prices_for": ["acme"]},
            "acme": {"prices_for": ["acme"]},
        },
        "channels": {"acme": {"price_tolerance_percent": "0", "price_below": "correct", "customer": "C-7"}},
    }
)
TOLD = POLICY.model_copy(update={"routing": ROUTING})


@asynccontextmanager
async def opened(kind, tmp_path):
    """A street whose decisions, made again from what was kept of them, come out the same."""
    async with open_street(await fresh_url(kind, tmp_path), policy=TOLD) as street:
        yield street
        assert await street.sound() == []
        assert [one async for one in replay(street.store.archive, decide, TOLD)] == []


@pytest.fixture(params=KINDS)
async def street(request, tmp_path):
    async with opened(request.param, tmp_path) as on_each:
        yield on_each


@pytest.fixture
async def quick_street(tmp_path):
    """For what the kind of database has no part in."""
    async with opened("memory", tmp_path) as in_memory:
        yield in_memory


def price_list(number: str = "L1", at: int = 1, **fields: Any) -> PriceList:
    said = {"number": number, "as_of": datetime(2026, 3, 1, at, tzinfo=UTC), "currency": "USD", "customer": "C-7"}
    return PriceList.model_validate(said | fields)


def priced(sku: str, amount: str, **fields: Any) -> dict[str, Any]:
    price = {"price": {"amount": amount, "currency": "USD"}, **fields}
    return {"items": {"sku": sku}, "prices": [price]}


async def answered(street: Street, number: str) -> Mapping[str, Any]:
    """The first line of the answer to an order of this number."""
    for parcel in street.courier.effects("OrderAcknowledgment").values():
        said = json.loads(parcel.content)["document"]
        if said["number"] == number:
            return said["lines"][0]
    raise AssertionError(f"no answer to {number}")


async def bought(street: Street, number: str, sku: str = "A", **fields: Any) -> tuple[str, str | None]:
    """(what becomes of an order's line, its price) of ten units."""
    await street.send(purchase(number, 10, sku, **fields))
    await street.settle()
    line = await answered(street, number)
    price = line.get("price")
    return line["outcomes"][0]["outcome"], price["amount"] if price else None


async def test_an_order_is_priced_by_the_latest_list_of_its_channel(street):
    await stocked(street)
    await street.send(price_list(lines=[priced("A", "3.50")]), source="books")
    assert await bought(street, "PO1") == ("accepted_price_changed", "3.5")
    await street.send(price_list(at=3, lines=[priced("A", "4")]), source="books")
    await street.send(price_list(at=2, lines=[priced("A", "9")]), source="books")
    assert await bought(street, "PO2") == ("accepted_price_changed", "4")
    found = await street.order("PO2")
    assert found["status"] == "released"


async def test_a_list_that_ended_leaves_the_price_that_everybody_pays(quick_street):
    await stocked(quick_street)
    last_month = {"starts": "2026-02-01", "ends": "2026-02-28"}
    await quick_street.send(price_list(lines=[priced("A", "3.50")], **last_month), source="books")
    assert (await bought(quick_street, "PO1"))[0] == "accepted"


async def test_a_change_speaks_of_its_lines_alone_and_a_replacement_of_the_whole_list(street):
    await stocked(street)
    await stocked(street, "B")
    await street.send(price_list(lines=[priced("A", "3"), priced("B", "5")]), source="books")
    await street.send(price_list(at=2, purpose="change", lines=[priced("A", "4")]), source="books")
    assert await bought(street, "PO1", "A") == ("accepted_price_changed", "4")
    assert await bought(street, "PO2", "B") == ("accepted_price_changed", "5")
    await street.send(price_list(at=3, purpose="replace", lines=[priced("A", "6")]), source="books")
    assert (await bought(street, "PO3", "B"))[0] == "accepted"
    await street.send(price_list(at=4, purpose="cancel"), source="books")
    assert (await bought(street, "PO4", "A"))[0] == "accepted"


async def test_nobody_lists_prices_but_who_may(quick_street):
    await stocked(quick_street)
    await quick_street.send(price_list(lines=[priced("A", "3.50")]), source="stranger")
    await quick_street.settle()
    assert await quick_street.codes() == ["document-unhandled"]
    assert (await bought(quick_street, "PO1"))[0] == "accepted"


async def test_a_row_that_does_not_hold_is_put_before_a_person_and_the_others_count(quick_street):
    await stocked(quick_street)
    rows = [priced("A", "3.50"), priced("ZZZ", "1"), priced("B", "0"), priced("A", "3.60")]
    await quick_street.send(price_list(lines=rows), source="books")
    assert await bought(quick_street, "PO1") == ("accepted_price_changed", "3.5")
    [found] = await quick_street.store.archive.exceptions()
    places = [finding["where"]["pointer"] for finding in found["facts"]["findings"]]
    assert (found["code"], places) == (
        "master-data-refused", ["/lines/1/items", "/lines/2/prices/0", "/lines/3/prices/0"],
    )  # fmt: skip


async def test_a_new_item_is_counted_sold_and_shipped_until_it_is_discontinued(street):
    item = {
        "sku": "N",
        "items": {"upc": "012345678905"},
        "packs": {"CA": "6"},
        "price": {"amount": "7", "currency": "USD"},
    }
    await street.send(Item.model_validate(item | {"as_of": "2026-03-01"}), source="books")
    report = {
        "number": "R1", "node": "EAST", "as_of": "2026-03-02",
        "lines": [{"items": {"upc": "012345678905"}, "quantities": {"on_hand": {"value": "5", "unit": "CA"}}}],
    }  # fmt: skip
    await street.send({"kind": "InventoryReport", "document": report}, source="wh-east")
    assert await bought(street, "PO1", "N") == ("accepted_price_changed", "7")
    [(operator, fulfilment)] = fulfilments(street)
    assert (operator, fulfilment["lines"][0]["quantity"]["value"]) == ("wh-east", "10")
    gone = Item(sku="N", discontinued=True, as_of=datetime(2026, 3, 2, 8, tzinfo=UTC))
    await street.send(gone, source="books")
    assert (await bought(street, "PO2", "N"))[0] == "cancelled"


async def test_a_blocked_customers_orders_wait(quick_street):
    await stocked(quick_street)
    blocked = Customer(number="C-7", blocked=True, as_of=datetime(2026, 3, 1, tzinfo=UTC))
    await quick_street.send(blocked, source="books")
    await quick_street.send(purchase("PO1"))
    await quick_street.settle()
    assert (await quick_street.order("PO1"))["status"] == "held"
    assert await quick_street.codes() == ["order-held"]


async def test_another_list_of_the_same_name_and_instant_is_a_conflict_and_changes_nothing(quick_street):
    await stocked(quick_street)
    for amount in ("3.50", "3.50", "9"):
        await quick_street.send(price_list(lines=[priced("A", amount)]), source="books")
    assert await bought(quick_street, "PO1") == ("accepted_price_changed", "3.5")
    assert await quick_street.codes() == ["document-conflict"]


async def test_what_a_test_document_says_changes_nothing(quick_street):
    await stocked(quick_street)
    await quick_street.send(price_list(usage="test", lines=[priced("A", "3.50")]), source="books")
    assert (await bought(quick_street, "PO1"))[0] == "accepted"
