"""An order's way from each marketplace and back: fetched, shipped in two parts, tracked; returned and refunded."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from canonical import (
    Carrier,
    CreditMemo,
    Document,
    InvoiceLine,
    OrderAcknowledgment,
    PackageLine,
    PurchaseOrder,
    ReturnAuthorization,
    ShipmentNotice,
)
from canonical.exchange import Parcel
from connectors.catalogue import load_catalogue
from connectors.connection import Connection, host_of
from connectors.courier import ConnectionCourier
from connectors.emulators import amazon, ebay, sample_orders, shopify, walmart, woocommerce
from connectors.engine.authorization import Clock
from connectors.engine.caller import Caller
from connectors.engine.cursor import MemoryCursors
from connectors.engine.wire import HttpWire
from connectors.partners import Partners
from connectors.pickup import ConnectionPickup
from connectors.secret import Secret
from connectors.settings import InterchangeIdentity
from connectors.translator import Translator
from mappings.library import MapLibrary

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAMES = ["amazon", "ebay", "shopify", "walmart", "woocommerce"]


def opened(name: str) -> Any:
    """An account of the marketplace's stand-in that holds one order of two lines."""
    if name == "woocommerce":
        return woocommerce.WooCommerceShop(orders={1: sample_orders.woocommerce_order(1, AT)})
    account: Any = {
        "amazon": amazon.AmazonSeller,
        "ebay": ebay.EbaySeller,
        "shopify": shopify.ShopifyShop,
        "walmart": walmart.WalmartMarketplace,
    }[name]()
    account.add_order(getattr(sample_orders, f"{name}_order")(1, AT))
    return account


def served(name: str, account: Any) -> AbstractAsyncContextManager[str]:
    modules: Mapping[str, Any] = {
        "amazon": amazon, "ebay": ebay, "shopify": shopify, "walmart": walmart, "woocommerce": woocommerce
    }  # fmt: skip
    serving: AbstractAsyncContextManager[str] = modules[name].serving(account)
    return serving


def connection(name: str, account: Any) -> Connection:
    manifest = load_catalogue().manifests[name]
    own = {
        "amazon": {"token_url": account.base_url + "/auth/o2/token", "seller": "A1"},
        "shopify": {"shop": "trailhead-outfitters.myshopify.com", "location": "1"},
        "woocommerce": {"site": "shop.example"},
    }
    settings: dict[str, Any] = {key: setting.default or "" for key, setting in manifest.settings.items()}
    settings |= {
        key: Secret(getattr(account, key))
        for key, one in manifest.settings.items()
        if one.secret and hasattr(account, key)
    }
    settings |= own.get(name, {})
    return Connection("shop", "Shop", manifest, settings, account.base_url, frozenset({host_of(account.base_url)}))


@dataclass
class Street:
    """One marketplace, its order, and the two ways between."""

    name: str
    account: Any
    caller: Caller
    translator: Translator

    async def fetched(self, operation: str) -> list[Document]:
        pickup = ConnectionPickup(self.caller, operation, MemoryCursors())
        arrivals = [one async for one in pickup.collect()]
        read = [self.translator.read(one.content, one.source, one.facts, AT).documents[0] for one in arrivals]
        assert [finding for one in read for finding in one.findings] == []
        return [one.document for one in read if one.document]

    async def told(self, document: Document) -> bool:
        """Hand a document over. Whether the other side had it already."""
        draft = self.translator.write(document, "shop")
        assert draft is not None
        rendered = draft.render({}, AT)
        parcel = Parcel("d", document.identity, "shop", document.kind, rendered.content, rendered.media_type, "f", 1)
        return bool((await ConnectionCourier(self.caller).deliver(parcel)).receipt.get("already"))

    def tracked(self) -> list[str]:
        """The tracking numbers that the marketplace tells the buyer."""
        found: Mapping[str, Any] = {
            "amazon": lambda one: [package["trackingNumber"] for package in one.shipped.values()],
            "ebay": lambda one: [row["trackingNumber"] for rows in one.fulfilments.values() for row in rows],
            "shopify": lambda one: [number for made in one.fulfilments for number in made.tracking["numbers"]],
            "walmart": lambda one: [number for _, number in one.shipped],
            "woocommerce": lambda one: [row["note"].split()[-1] for rows in one.notes.values() for row in rows],
        }
        numbers: list[str] = found[self.name](self.account)
        return numbers


def part(order: PurchaseOrder, index: int) -> ShipmentNotice:
    """A shipment of one of the order's lines."""
    line = order.lines[index]
    return ShipmentNotice(
        number=f"S-{index + 1}",
        shipped_on=date(2026, 11, 22),
        order_numbers=(order.number,),
        carrier=Carrier(scac="UPSN", routing="UPS"),
        tracking_numbers=(f"1Z{index + 1}",),
        lines=(PackageLine(order_number=order.number, line_number=line.number, quantity=line.quantity),),
        order_extensions={order.number: order.extensions},
    )


async def walked(name: str, account: Any, wire: HttpWire, clock: Clock) -> Street:
    one = connection(name, account)
    nobody = Partners({}, {}, InterchangeIdentity(qualifier="ZZ", id="US", group="US"))
    return Street(name, account, Caller(one, wire, clock), Translator(nobody, MapLibrary(), {"shop": one}))


@pytest.mark.parametrize("name", NAMES)
async def test_an_order_is_shipped_in_two_parts_and_each_is_tracked_once(name: str, wire: HttpWire, clock: Clock):
    account = opened(name)
    async with served(name, account):
        street = await walked(name, account, wire, clock)
        [order] = await street.fetched("pull_orders")
        assert isinstance(order, PurchaseOrder)
        for index in (0, 1):
            await street.told(part(order, index))
            await street.told(part(order, index))
        assert street.tracked() == ["1Z1", "1Z2"]


def memo(order: PurchaseOrder) -> CreditMemo:
    """Money back for all of the order's first line."""
    line = order.lines[0]
    assert line.price
    total = line.price.extend(line.quantity.value)
    kept = InvoiceLine(number="1", order_line=line.number, quantity=line.quantity, price=line.price)
    return CreditMemo(
        number="CM-1",
        order_number=order.number,
        invoiced_on=date(2026, 11, 30),
        currency="USD",
        lines=(kept,),
        total=total,
    )


async def test_what_a_shopify_buyer_sends_back_is_refunded_once(wire: HttpWire, clock: Clock):
    account = opened("shopify")
    async with served("shopify", account):
        street = await walked("shopify", account, wire, clock)
        [order] = await street.fetched("pull_orders")
        assert isinstance(order, PurchaseOrder)
        account.orders.ask_return(order.extensions["shopify"]["id"], {order.lines[0].number: 1}, "DEFECTIVE")
        [asked] = await street.fetched("pull_returns")
        assert isinstance(asked, ReturnAuthorization)
        assert (asked.order_number, asked.lines[0].order_line, asked.reason) == (
            order.number,
            order.lines[0].number,
            "DEFECTIVE",
        )
        assert [await street.told(memo(order)), await street.told(memo(order))] == [False, True]
        [refund] = account.orders.refunds
        assert refund["transactions"][0]["amount"] == str(memo(order).total)


async def test_what_a_walmart_customer_sends_back_is_refunded_once(wire: HttpWire, clock: Clock):
    account = opened("walmart")
    async with served("walmart", account):
        street = await walked("walmart", account, wire, clock)
        [order] = await street.fetched("pull_orders")
        assert isinstance(order, PurchaseOrder)
        line = {
            "returnOrderLineNumber": 1,
            "purchaseOrderId": order.number,
            "purchaseOrderLineNumber": order.lines[0].number,
        }
        quantity = {"quantity": {"unitOfMeasure": "EACH", "measurementValue": 1}, "returnReason": "DAMAGED"}
        asked = {
            "returnOrderId": "R1",
            "returnOrderDate": "2026-11-25T10:00:00.000Z",
            "returnOrderLines": [line | quantity],
        }
        account.returns.append(asked)
        [returned] = await street.fetched("pull_returns")
        assert isinstance(returned, ReturnAuthorization)
        assert (returned.order_number, returned.lines[0].order_line) == (order.number, order.lines[0].number)
        assert [await street.told(memo(order)), await street.told(memo(order))] == [False, True]
        [(_, refund)] = account.refunded
        [charge] = refund["refundCharges"]["refundCharge"]
        assert Decimal(str(-charge["charge"]["chargeAmount"]["amount"])) == memo(order).total


async def test_amazon_tells_returns_by_report_and_takes_a_cancellation_by_feed(wire: HttpWire, clock: Clock):
    account = opened("amazon")
    async with served("amazon", account):
        street = await walked("amazon", account, wire, clock)
        [order] = await street.fetched("pull_orders")
        account.returns.append(
            (order.identity.partition("/")[0], "21-Nov-2026", "RMA1", "CS-1005", "1", "CR-DEFECTIVE")
        )
        [returned] = await street.fetched("pull_returns")
        assert isinstance(returned, ReturnAuthorization)
        assert (returned.number, returned.lines[0].items["sku"]) == ("RMA1", "CS-1005")
        refused = OrderAcknowledgment(number=order.number, decision="rejected", acknowledged_on=AT, currency="USD")
        await street.told(refused)
        assert account.cancelled == [order.number]
