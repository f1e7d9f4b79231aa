"""eBay over real HTTP: its tokens and pages, each package told once, its notifications proved by a key it publishes."""

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from canonical import (
    Carrier,
    InventoryReport,
    Package,
    PackageLine,
    PurchaseOrder,
    Quantity,
    Rejected,
    ShipmentNotice,
    Unavailable,
)
from canonical.exchange import Arrival, Parcel
from connectors.connection import Connection
from connectors.courier import ConnectionCourier
from connectors.emulators.ebay import EbaySeller
from connectors.emulators.loopback import loopback, serving
from connectors.engine.caller import Caller
from connectors.engine.cursor import MemoryCursors
from connectors.engine.wire import HttpWire
from connectors.pickup import ConnectionPickup
from connectors.secret import Secret
from connectors.syntax.json_text import read_json
from connectors.webhooks import Webhooks
from mappings.library import MapLibrary
from tests.connectors.engine.conftest import SteppingClock, connected, parcel_of

LIBRARY = MapLibrary()


def money(amount: Any) -> dict[str, str]:
    return {"value": str(amount), "currency": "USD"}


def order(number: int, goods: str = "40.00", **summary: str) -> dict[str, Any]:
    total = Decimal(goods) + sum(map(Decimal, summary.values()), Decimal(0))
    line = {"lineItemId": f"{number}01", "sku": "CS-1005", "quantity": 2, "lineItemCost": money(goods)}
    return {
        "orderId": f"01-{number}",
        "creationDate": "2026-11-21T08:00:00.000Z",
        "lastModifiedDate": "2026-11-21T09:00:00.000Z",
        "orderFulfillmentStatus": "NOT_STARTED",
        "pricingSummary": {"total": money(total), **{name: money(amount) for name, amount in summary.items()}},
        "lineItems": [line],
    }


@pytest.fixture
async def seller() -> AsyncIterator[EbaySeller]:
    seller = EbaySeller(client_secret="canary-ebay", refresh_token="canary-refresh")
    seller.add_order(order(1))
    async with serving(seller):
        yield seller


@pytest.fixture
def connection(seller: EbaySeller) -> Connection:
    return connected("ebay", seller, verification_token=Secret("v" * 32), endpoint="https://hub.example/hooks/ebay")


@pytest.fixture
def caller(connection: Connection, wire: HttpWire) -> Caller:
    return Caller(connection, wire, SteppingClock())


def shipment(item: str = "101", packages: int = 2) -> Parcel:
    def package(place: int) -> Package:
        line = PackageLine(order_number="01-1", line_number=item, quantity=Quantity(value=Decimal(1)))
        return Package(id=str(place), tracking_number=f"1Z{place}", lines=(line,))

    notice = ShipmentNotice(
        number="S-1",
        shipped_on=date(2026, 11, 21),
        order_numbers=("01-1",),
        carrier=Carrier(scac="UPSN"),
        packages=tuple(map(package, range(1, packages + 1))),
    )
    return parcel_of(notice, "ebay/shipment")


async def collected(caller: Caller) -> list[Any]:
    pickup = ConnectionPickup(caller, "pull_orders", MemoryCursors())
    return [read_json(arrival.content) async for arrival in pickup.collect()]


async def test_every_page_is_fetched_with_one_token(caller: Caller, seller: EbaySeller):
    for number in range(2, 452):
        seller.add_order(order(number))
    assert len({one["orderId"] for one in await collected(caller)}) == 451
    assert len(seller.tokens) == 1


AMOUNTS = st.decimals(min_value=0, max_value=10_000, places=2).map(str)


@given(
    goods=AMOUNTS,
    summary=st.fixed_dictionaries(
        {},
        optional={
            "deliveryCost": AMOUNTS,
            "tax": AMOUNTS,
            "fee": AMOUNTS,
            "adjustment": AMOUNTS,
            "priceDiscount": AMOUNTS.map(lambda amount: "-" + amount),
            "deliveryDiscount": AMOUNTS.map(lambda amount: "-" + amount),
        },
    ),
)
def test_the_parts_of_an_order_make_its_total(goods: str, summary: dict[str, str]):
    told = order(1, goods, **summary)
    translation = LIBRARY.get("ebay/order").read(told)
    assert translation.findings == ()
    assert isinstance(translation.document, PurchaseOrder)
    assert translation.document.total == Decimal(told["pricingSummary"]["total"]["value"])


def test_parts_that_do_not_make_the_total_are_told():
    wrong = order(1)
    wrong["pricingSummary"]["deliveryCost"] = money("5.00")
    assert [finding.code for finding in LIBRARY.get("ebay/order").read(wrong).findings] == ["total-differs"]


async def test_each_package_is_told_once(caller: Caller, seller: EbaySeller):
    await ConnectionCourier(caller).deliver(shipment(packages=1))
    for _ in range(2):
        await ConnectionCourier(caller).deliver(shipment())
    assert [made["trackingNumber"] for made in seller.fulfilments["01-1"]] == ["1Z1", "1Z2"]


async def test_a_lost_answer_tells_no_package_twice(caller: Caller, seller: EbaySeller):
    seller.faults.add("garbage")
    with pytest.raises(Unavailable):
        await ConnectionCourier(caller).deliver(shipment())
    await ConnectionCourier(caller).deliver(shipment())
    assert [made["trackingNumber"] for made in seller.fulfilments["01-1"]] == ["1Z1", "1Z2"]


async def test_an_item_ebay_does_not_know_is_final(caller: Caller):
    with pytest.raises(Rejected, match="Invalid line item"):
        await ConnectionCourier(caller).deliver(shipment("999"))


async def test_stock_is_told_25_at_a_time_and_what_is_refused_of_it_is_told(caller: Caller, seller: EbaySeller):
    def report(skus: list[str]) -> Parcel:
        lines = [{"items": {"sku": sku}, "quantities": {"available": {"value": "7"}}} for sku in skus]
        document = InventoryReport.model_validate({"number": "R", "as_of": SteppingClock().now(), "lines": lines})
        return parcel_of(document, "ebay/inventory")

    skus = [f"S-{number}" for number in range(60)]
    seller.skus |= set(skus)
    await ConnectionCourier(caller).deliver(report(skus))
    assert len(seller.stock) == 60
    with pytest.raises(Rejected, match="not found"):
        await ConnectionCourier(caller).deliver(report(["NOBODY"]))


async def test_a_token_that_ran_out_is_fetched_anew(caller: Caller, seller: EbaySeller):
    await collected(caller)
    seller.expire()
    assert len(await collected(caller)) == 1


async def test_notifications_are_proved_by_the_key_ebay_publishes(
    caller: Caller, connection: Connection, seller: EbaySeller
):
    webhooks, taken = Webhooks({"ebay": connection}, {"ebay": caller}, SteppingClock()), list[Arrival]()

    async def hook(request: web.Request) -> web.Response:
        arrival = await webhooks.verify("ebay", request.headers, await request.read(), request.method, request.path)
        taken.extend([arrival] if arrival else [])
        return web.Response(status=200 if arrival else 412)

    application = web.Application()
    application.router.add_post("/hooks/ebay", hook)
    event = {"metadata": {"topic": "MARKETPLACE_ACCOUNT_DELETION"}, "notification": {"notificationId": "n-1"}}
    async with loopback(application) as url:
        assert await seller.push(f"{url}/hooks/ebay", event) == 200
        assert await seller.push(f"{url}/hooks/ebay", event) == 200
    assert [(one.transport_key, one.facts["topic"]) for one in taken] == [("n-1", "MARKETPLACE_ACCOUNT_DELETION")] * 2
    assert seller.keys_asked == ["key-1"]
