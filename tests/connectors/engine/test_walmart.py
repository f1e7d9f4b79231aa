"""Walmart over real HTTP: tokens that run out, pages by link, each shipment charged once."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from canonical import (
    Carrier,
    Misconfigured,
    OrderAcknowledgment,
    Package,
    PackageLine,
    Quantity,
    ShipmentNotice,
    Unavailable,
)
from canonical.exchange import Parcel
from connectors.courier import ConnectionCourier
from connectors.emulators.loopback import serving
from connectors.emulators.walmart import WalmartMarketplace
from connectors.engine.caller import Caller
from connectors.engine.cursor import MemoryCursors
from connectors.engine.wire import HttpWire
from connectors.pickup import ConnectionPickup
from tests.connectors.engine.conftest import SteppingClock, connected, parcel_of


def order(number: int) -> dict[str, Any]:
    lines = [
        {
            "lineNumber": str(line),
            "item": {"productName": "Oak cutting board", "sku": "CS-1005"},
            "charges": {"charge": [{"chargeType": "PRODUCT", "chargeAmount": {"currency": "USD", "amount": 39.5}}]},
            "orderLineQuantity": {"unitOfMeasurement": "EACH", "amount": "2"},
            "orderLineStatuses": {"orderLineStatus": [{"status": "Created"}]},
        }
        for line in (1, 2)
    ]
    return {"purchaseOrderId": str(number), "orderDate": 1795176000000, "orderLines": {"orderLine": lines}}


@pytest.fixture
async def walmart() -> AsyncIterator[WalmartMarketplace]:
    marketplace = WalmartMarketplace(client_secret="canary-walmart")
    marketplace.add_order(order(1))
    async with serving(marketplace):
        yield marketplace


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def caller(walmart: WalmartMarketplace, wire: HttpWire, clock: SteppingClock) -> Caller:
    return Caller(connected("walmart", walmart), wire, clock)


def shipment() -> Parcel:
    def line(number: str) -> PackageLine:
        return PackageLine(order_number="1", line_number=number, quantity=Quantity(value=Decimal(2)))

    notice = ShipmentNotice(
        number="S-1",
        shipped_on=date(2026, 11, 21),
        order_numbers=("1",),
        carrier=Carrier(scac="UPSN"),
        packages=(
            Package(id="1", tracking_number="1Z1", lines=(line("1"),)),
            Package(id="2", tracking_number="1Z2", lines=(line("2"),)),
        ),
    )
    return parcel_of(notice, "walmart/shipment")


async def test_each_package_goes_under_its_own_tracking_number(caller: Caller, walmart: WalmartMarketplace):
    await ConnectionCourier(caller).deliver(shipment())
    assert walmart.shipped == [("1", "1Z1"), ("1", "1Z2")]
    [first, _] = walmart.orders["1"]["orderLines"]["orderLine"]
    [status] = first["orderLineStatuses"]["orderLineStatus"]
    assert status["statusQuantity"] == {"unitOfMeasurement": "EACH", "amount": "2"}
    assert status["trackingInfo"] == {
        "shipDateTime": 1795219200000,
        "carrierName": {"carrier": "UPS"},
        "methodCode": "Standard",
        "trackingNumber": "1Z1",
    }


async def test_a_lost_answer_charges_nobody_twice(caller: Caller, walmart: WalmartMarketplace):
    walmart.faults.add("garbage", only="/shipping")
    with pytest.raises(Unavailable) as caught:
        await ConnectionCourier(caller).deliver(shipment())
    assert caught.value.ambiguous
    assert (await ConnectionCourier(caller).deliver(shipment())).receipt["already"] is True
    assert len(walmart.shipped) == 2


async def test_an_order_is_acknowledged_once(caller: Caller, walmart: WalmartMarketplace):
    said = OrderAcknowledgment(number="1", decision="accepted", acknowledged_on=date(2026, 11, 21), currency="USD")
    acknowledgment = parcel_of(said, "walmart/acknowledgment")
    assert (await ConnectionCourier(caller).deliver(acknowledgment)).receipt["acknowledged"] == "1"
    assert "acknowledged" not in (await ConnectionCourier(caller).deliver(acknowledgment)).receipt


async def test_linked_pages_are_followed_and_a_single_order_is_a_list_of_one(
    caller: Caller, walmart: WalmartMarketplace
):
    for number in range(2, 402):
        walmart.add_order(order(number))
    arrivals = [arrival async for arrival in ConnectionPickup(caller, "pull_orders", MemoryCursors()).collect()]
    assert [json.loads(arrival.content)["purchaseOrderId"] for arrival in arrivals] == [str(n) for n in range(1, 402)]
    assert arrivals[0].facts["updates"] == "ignore"


async def test_one_token_serves_until_it_runs_out(caller: Caller, walmart: WalmartMarketplace, clock: SteppingClock):
    courier = ConnectionCourier(caller)
    await courier.deliver(shipment())
    await courier.deliver(shipment())
    assert len(walmart.tokens) == 1
    clock.at += timedelta(minutes=15)
    await courier.deliver(shipment())
    assert len(walmart.tokens) == 2


async def test_a_refused_token_is_fetched_anew_once(caller: Caller, walmart: WalmartMarketplace):
    courier = ConnectionCourier(caller)
    await courier.deliver(shipment())
    walmart.expire()
    assert (await courier.deliver(shipment())).receipt["already"] is True
    assert len(walmart.tokens) == 3


async def test_many_at_once_fetch_one_token(caller: Caller, walmart: WalmartMarketplace):
    courier = ConnectionCourier(caller)
    await asyncio.gather(*(courier.deliver(shipment()) for _ in range(5)))
    assert len(walmart.tokens) == 1


async def test_a_wrong_client_secret_is_told_without_showing_it(caller: Caller, walmart: WalmartMarketplace):
    walmart.client_secret = "another"
    with pytest.raises(Misconfigured, match="check the client's id and secret") as caught:
        await ConnectionCourier(caller).deliver(shipment())
    assert "canary" not in str(caught.value)
    assert walmart.tokens == []


async def test_no_token_is_shown_when_the_other_side_echoes_it(caller: Caller, walmart: WalmartMarketplace):
    await ConnectionCourier(caller).deliver(shipment())
    assert caller.redaction(f"token {walmart.tokens[-1]}") == "token ***"
