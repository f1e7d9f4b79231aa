"""What else is done with a Shopify shop over real HTTP: orders asked for, cancelled, stock told, money given back."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from canonical import (
    CreditMemo,
    Document,
    InventoryReport,
    OrderAcknowledgment,
    PurchaseOrder,
    Rejected,
    TrackingUpdate,
    Unavailable,
)
from canonical.exchange import Parcel
from connectors.connection import Connections
from connectors.courier import ConnectionCourier
from connectors.emulators.shopify import Fulfilment, ShopifyShop
from connectors.engine.caller import Caller
from connectors.engine.cursor import MemoryCursors
from connectors.engine.wire import HttpWire
from connectors.partners import Partners
from connectors.pickup import ConnectionPickup
from connectors.settings import InterchangeIdentity
from connectors.translator import Translator
from mappings.library import MapLibrary

DEMO = Path(__file__).parents[3] / "config" / "demo"
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def translator(connections: Connections) -> Translator:
    identity = InterchangeIdentity(qualifier="ZZ", id="US", group="US")
    return Translator(Partners({}, {}, identity), MapLibrary(), connections.by_id)


@pytest.fixture
def caller(connections: Connections, wire: HttpWire, clock: Any) -> Caller:
    return Caller(connections.by_id["trailhead"], wire, clock)


@pytest.fixture
def deliver(translator: Translator, caller: Caller) -> Callable[[Document], Any]:
    async def deliver(document: Document) -> Mapping[str, Any]:
        draft = translator.write(document, "trailhead")
        assert draft is not None
        assert list(draft.findings) == []
        content = draft.render({}, AT).content
        parcel = Parcel("d", "k", "trailhead", document.kind, content, "application/json", "f", 1)
        return (await ConnectionCourier(caller).deliver(parcel)).receipt

    return deliver


def sold(shop: ShopifyShop, name: str) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads((DEMO / name).read_bytes())
    shop.add_order({**payload, "updated_at": "2026-11-21T10:00:00Z"})
    return payload


async def test_an_order_asked_for_is_the_order_its_webhook_brings(
    shop: ShopifyShop, caller: Caller, translator: Translator
):
    shop.orders.payloads.clear()
    names = ["shopify-order-1001.json", "shopify-order-1002.json", "shopify-order-1003.json"]
    payloads = [sold(shop, name) for name in names]
    arrivals = [arrival async for arrival in ConnectionPickup(caller, "pull_orders", MemoryCursors()).collect()]
    pulled = [translator.read(one.content, one.source, one.facts, AT).documents[0] for one in arrivals]
    for payload, got in zip(payloads, pulled, strict=True):
        facts = {"map": "shopify/order", "syntax": "json"}
        [wanted] = translator.read(json.dumps(payload).encode(), "trailhead", facts, AT).documents
        assert [finding for finding in got.findings if finding.severity == "error"] == []
        assert isinstance(got.document, PurchaseOrder)
        assert isinstance(wanted.document, PurchaseOrder)
        money = ("number", "ordered_on", "currency", "total", "charges", "allowances", "taxes")
        assert [getattr(got.document, name) for name in money] == [getattr(wanted.document, name) for name in money]
        for ours, theirs in zip(got.document.lines, wanted.document.lines, strict=True):
            assert (ours.number, ours.items, ours.price) == (theirs.number, theirs.items, theirs.price)
            assert (ours.taxes, ours.allowances) == (theirs.taxes, theirs.allowances)
        assert got.document.party("ship_to") == wanted.document.party("ship_to")


async def test_pages_follow_the_cursor_and_long_orders_keep_all_their_lines(shop: ShopifyShop, caller: Caller):
    shop.orders.payloads.clear()
    for number in range(25):
        lines = [{"id": number * 1000 + n, "quantity": 1, "price": "1.00"} for n in range(60 if number == 7 else 1)]
        at = "2026-11-21T10:00:00Z"
        shop.add_order({"id": number, "name": f"#{number}", "line_items": lines, "created_at": at, "updated_at": at})
    arrivals = [arrival async for arrival in ConnectionPickup(caller, "pull_orders", MemoryCursors()).collect()]
    counts = {json.loads(one.content)["name"]: len(json.loads(one.content)["line_items"]) for one in arrivals}
    assert len(counts) == 25
    assert counts["#7"] == 60


async def test_an_order_that_cannot_be_shaped_is_told_and_holds_up_no_other(
    shop: ShopifyShop, caller: Caller, translator: Translator
):
    shop.orders.payloads.clear()
    shop.add_order({"id": 1, "name": "#1", "line_items": [], "updated_at": "2026-11-21T10:00:00Z"})
    sold(shop, "shopify-order-1001.json")
    arrivals = [arrival async for arrival in ConnectionPickup(caller, "pull_orders", MemoryCursors()).collect()]
    documents = [translator.read(one.content, one.source, one.facts, AT).documents[0] for one in arrivals]
    assert [one.document is None for one in documents] == [True, False]
    assert {finding.severity for finding in documents[0].findings} >= {"error"}


async def test_an_order_we_cannot_serve_is_cancelled_once(shop: ShopifyShop, deliver: Callable[[Document], Any]):
    payload = sold(shop, "shopify-order-1001.json")
    said = OrderAcknowledgment(number=payload["name"], decision="rejected", acknowledged_on=AT, currency="USD")
    await deliver(said)
    await deliver(said)
    assert shop.orders.cancelled == [f"gid://shopify/Order/{payload['id']}"]
    await deliver(said.model_copy(update={"decision": "accepted"}))


async def test_stock_is_set_once_however_often_it_is_told(shop: ShopifyShop, deliver: Callable[[Document], Any]):
    sku = sold(shop, "shopify-order-1001.json")["line_items"][0]["sku"]
    line = {"items": {"sku": sku}, "quantities": {"available": {"value": "7"}}}
    await deliver(InventoryReport.model_validate({"number": "R", "as_of": AT, "lines": [line]}))
    assert shop.orders.stock == {sku: 7}


async def test_a_sku_the_shop_lacks_is_told(deliver: Callable[[Document], Any]):
    line = {"items": {"sku": "NOBODY"}, "quantities": {"available": {"value": "7"}}}
    with pytest.raises(Rejected, match="doesn't know"):
        await deliver(InventoryReport.model_validate({"number": "R", "as_of": AT, "lines": [line]}))


async def test_money_goes_back_once(shop: ShopifyShop, deliver: Callable[[Document], Any]):
    payload = sold(shop, "shopify-order-1002.json")
    line = {
        "number": "1",
        "order_line": str(payload["line_items"][0]["id"]),
        "quantity": {"value": "1"},
        "price": {"amount": "39.50", "currency": "USD"},
    }
    memo = CreditMemo.model_validate(
        {
            "number": "CM-1",
            "invoiced_on": date(2026, 11, 21),
            "order_number": payload["name"],
            "currency": "USD",
            "total": Decimal("39.50"),
            "lines": [line],
        }
    )
    await deliver(memo)
    assert (await deliver(memo))["already"] is True
    [refund] = shop.orders.refunds
    assert refund["transactions"][0]["amount"] == "39.50"
    assert refund["refundLineItems"][0]["quantity"] == 1


def told(*events: tuple[str, str], number: str = "1Z1", order: str = "#1001") -> TrackingUpdate:
    """What a carrier said of a package, as the router passes it on."""
    said = {
        "number": number, "shipment_number": "TH-1001-S1", "tracking_numbers": [number],
        "references": [{"kind": "purchase_order", "value": order}],
        "events": [{"status": status, "at": at, "reason": "normal"} for status, at in events],
    }  # fmt: skip
    return TrackingUpdate.model_validate(said)


@pytest.fixture
def fulfilled(shop: ShopifyShop) -> ShopifyShop:
    payload = sold(shop, "shopify-order-1001.json")
    order = f"gid://shopify/Order/{payload['id']}"
    shop.fulfilments += [Fulfilment(place, order, {"numbers": [f"1Z{place}"]}, {}, False) for place in (0, 1)]
    return shop


async def test_milestones_reach_the_fulfilment_that_travels_once_each(fulfilled: ShopifyShop, deliver: Any):
    sent = told(("out_for_delivery", "2026-03-05T02:00:00-06:00"), ("delivered", "2026-03-05T10:30:00-06:00"))
    fulfilled.faults.add("garbage", only="fulfillmentEventCreate")
    with pytest.raises(Unavailable):
        await deliver(sent)
    for _ in range(2):
        await deliver(sent)
    other, travelling = fulfilled.fulfilments
    assert other.events == []
    assert [(event["status"], event["happenedAt"]) for event in travelling.events] == [
        ("OUT_FOR_DELIVERY", "2026-03-05T08:00:00Z"),
        ("DELIVERED", "2026-03-05T16:30:00Z"),
    ]


async def test_what_became_of_an_order_that_nothing_shipped_of_is_refused(shop: ShopifyShop, deliver: Any):
    sold(shop, "shopify-order-1001.json")
    with pytest.raises(Rejected):
        await deliver(told(("delivered", "2026-03-05T10:30:00Z")))
