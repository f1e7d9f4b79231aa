"""Amazon over real HTTP: its tokens, its narrow limits, each package confirmed once, every cent of an order kept."""

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from canonical import (
    Carrier,
    InventoryReport,
    Misconfigured,
    Package,
    PackageLine,
    PurchaseOrder,
    Quantity,
    Rejected,
    ShipmentNotice,
    Unavailable,
)
from canonical.exchange import Parcel
from connectors.courier import ConnectionCourier
from connectors.emulators.amazon import AmazonSeller
from connectors.emulators.loopback import serving
from connectors.engine.caller import Caller
from connectors.engine.cursor import MemoryCursors
from connectors.engine.wire import HttpWire
from connectors.pickup import ConnectionPickup, pickups
from connectors.syntax.json_text import read_json
from mappings.library import MapLibrary
from tests.connectors.engine.conftest import SteppingClock, connected, parcel_of

LIBRARY = MapLibrary()


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currencyCode": "USD"}


def order(number: int, item: str = "20.00", **parts: str) -> dict[str, Any]:
    """An order of two units; `parts` are its other proceeds by kind."""
    breakdowns = [{"type": "ITEM", "subtotal": money(item)}]
    breakdowns += [{"type": kind, "subtotal": money(amount)} for kind, amount in parts.items()]
    total = money(str(sum(Decimal(row["subtotal"]["amount"]) for row in breakdowns)))  # type: ignore[index, misc]
    return {
        "orderId": f"111-{number}",
        "createdTime": "2026-11-21T08:00:00Z",
        "lastUpdatedTime": "2026-11-21T09:00:00Z",
        "proceeds": {"grandTotal": total},
        "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT"},
        "orderItems": [
            {
                "orderItemId": f"{number}01",
                "quantityOrdered": 2,
                "product": {"sellerSku": "CS-1005", "asin": "B1"},
                "proceeds": {"proceedsTotal": total, "breakdowns": breakdowns},
            }
        ],
    }


@pytest.fixture
async def seller() -> AsyncIterator[AmazonSeller]:
    seller = AmazonSeller(client_secret="canary-lwa", refresh_token="canary-refresh")
    seller.add_order(order(1))
    async with serving(seller):
        yield seller


@pytest.fixture
def caller(seller: AmazonSeller, wire: HttpWire) -> Caller:
    own = {"token_url": seller.base_url + "/auth/o2/token", "seller": "A1"}
    return Caller(connected("amazon", seller, **own), wire, SteppingClock())


def shipment(item: str = "101") -> Parcel:
    def package(place: int) -> Package:
        line = PackageLine(order_number="111-1", line_number=item, quantity=Quantity(value=Decimal(1)))
        return Package(id=str(place), sscc=f"00614141000000001{place}", tracking_number=f"1Z{place}", lines=(line,))

    notice = ShipmentNotice(
        number="S-1",
        shipped_on=date(2026, 11, 21),
        order_numbers=("111-1",),
        carrier=Carrier(scac="UPSN"),
        packages=(package(1), package(2)),
        order_extensions={"111-1": {"amazon": {"marketplace": "ATVPDKIKX0DER"}}},
    )
    return parcel_of(notice, "amazon/shipment")


async def collected(caller: Caller) -> list[Any]:
    pickup = ConnectionPickup(caller, "pull_orders", MemoryCursors())
    return [read_json(arrival.content) async for arrival in pickup.collect()]


async def test_every_page_is_fetched_with_one_token(caller: Caller, seller: AmazonSeller):
    for number in range(2, 252):
        seller.add_order(order(number))
    assert len({one["orderId"] for one in await collected(caller)}) == 251
    assert len(seller.tokens) == 1


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"TAX": "1.65"},
        {"SHIPPING": "5.99", "TAX": "2.14"},
        {"GIFT_WRAP": "3.99", "DISCOUNT": "-2.00", "TAX": "1.81"},
        {"COD_FEE": "1.00", "OTHER": "0.01"},
    ],
    ids=lambda parts: "+".join(parts) or "goods",
)
async def test_the_parts_of_an_order_make_its_total(caller: Caller, seller: AmazonSeller, parts: dict[str, str]):
    seller.orders = {}
    seller.add_order(order(1, "19.99", **parts))
    [told] = await collected(caller)
    translation = LIBRARY.get("amazon/order").read(told)
    assert translation.findings == ()
    assert isinstance(translation.document, PurchaseOrder)
    assert translation.document.total == sum(map(Decimal, ["19.99", *parts.values()]))


def test_parts_that_do_not_make_the_total_are_told():
    wrong = order(1, DISCOUNT="2.00")
    wrong["proceeds"]["grandTotal"] = money("18.00")
    assert [finding.code for finding in LIBRARY.get("amazon/order").read(wrong).findings] == ["total-differs"]


async def test_packages_are_confirmed_once_however_often_they_are_told(caller: Caller, seller: AmazonSeller):
    for _ in range(2):
        await ConnectionCourier(caller).deliver(shipment())
    assert {reference: package["trackingNumber"] for (_, reference), package in seller.shipped.items()} == {
        "006141410000000011": "1Z1",
        "006141410000000012": "1Z2",
    }


async def test_a_lost_answer_is_in_doubt_and_the_next_try_changes_nothing(caller: Caller, seller: AmazonSeller):
    seller.faults.silence = 0.0
    seller.faults.add("server_error", only="shipmentConfirmation")
    with pytest.raises(Unavailable) as caught:
        await ConnectionCourier(caller).deliver(shipment())
    assert caught.value.ambiguous
    await ConnectionCourier(caller).deliver(shipment())
    assert len(seller.shipped) == 2


async def test_an_item_amazon_does_not_know_is_final(caller: Caller, seller: AmazonSeller):
    with pytest.raises(Rejected, match="Invalid package"):
        await ConnectionCourier(caller).deliver(shipment("999"))


async def test_the_limits_are_kept_before_they_are_hit(caller: Caller, seller: AmazonSeller):
    for _ in range(20):
        await collected(caller)
    with pytest.raises(Unavailable, match="to keep to the limits") as caught:
        await collected(caller)
    assert caught.value.retry_after
    assert caught.value.retry_after > 100
    assert seller.plans["orders"].level < 1


async def test_a_token_that_ran_out_is_fetched_anew(caller: Caller, seller: AmazonSeller):
    await collected(caller)
    seller.expire()
    assert len(await collected(caller)) == 1
    assert len(seller.tokens) == 3


async def test_a_refresh_token_nobody_knows_is_told_without_showing_it(caller: Caller, seller: AmazonSeller):
    seller.refresh_token = "another"
    with pytest.raises(Misconfigured) as caught:
        await collected(caller)
    assert "canary" not in str(caught.value)


async def test_stock_is_set(caller: Caller, seller: AmazonSeller):
    line = {"items": {"sku": "CS-1005"}, "quantities": {"available": {"value": "7"}}}
    report = InventoryReport.model_validate({"number": "R", "as_of": SteppingClock.at, "lines": [line]})
    await ConnectionCourier(caller).deliver(parcel_of(report, "amazon/inventory"))
    assert seller.stock == {"CS-1005": 7}


def test_a_connection_asks_the_one_orders_api_it_is_set_to(caller: Caller):
    asked = [one.operation for one in pickups({"az": caller}, MemoryCursors())]
    assert asked == ["pull_orders", "pull_cancelled", "pull_returns", "pull_settlements"]
