"""Fulfilments pushed to a shop over real HTTP: one effect a shipment, whatever the wire does."""

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest

from canonical import Misconfigured, Rejected, Unavailable
from canonical.exchange import Parcel
from connectors.connection import Connection
from connectors.courier import ConnectionCourier
from connectors.emulators.shopify import ShopifyShop
from connectors.engine.authorization import Clock
from connectors.engine.caller import Caller
from connectors.engine.wire import HttpWire

Shipment = Callable[..., Parcel]


async def test_a_shipment_becomes_one_fulfilment_with_its_tracking(
    courier: ConnectionCourier, shop: ShopifyShop, shipment: Shipment
):
    handed = await courier.deliver(shipment(lines={"501": 2, "502": 3}))
    [made] = shop.fulfilments
    assert made.quantities == {"501": 2, "502": 3}
    assert made.tracking == {"company": "UPS", "numbers": ["1Z999"]}
    assert made.notified
    assert handed.receipt == {
        "operation": "push_shipment",
        "already": False,
        "fulfillment": f"gid://shopify/Fulfillment/{made.id}",
    }


async def test_the_same_parcel_again_finds_its_fulfilment(
    courier: ConnectionCourier, shop: ShopifyShop, shipment: Shipment
):
    await courier.deliver(shipment())
    handed = await courier.deliver(shipment())
    assert handed.receipt["already"] is True
    assert len(shop.fulfilments) == 1


async def test_partial_shipments_make_one_fulfilment_each(
    courier: ConnectionCourier, shop: ShopifyShop, shipment: Shipment
):
    await courier.deliver(shipment(tracking="1Z1", lines={"502": 2}))
    await courier.deliver(shipment(tracking="1Z2", lines={"502": 3}))
    assert [made.quantities for made in shop.fulfilments] == [{"502": 2}, {"502": 3}]


async def test_a_timeout_after_it_was_accepted_is_ambiguous_and_the_retry_makes_no_second_one(
    hurried_courier: ConnectionCourier, shop: ShopifyShop, shipment: Shipment
):
    shop.faults.add("silent_after_accepting", only="mutation")
    with pytest.raises(Unavailable) as caught:
        await hurried_courier.deliver(shipment())
    assert caught.value.ambiguous
    assert (await hurried_courier.deliver(shipment())).receipt["already"] is True
    assert len(shop.fulfilments) == 1


async def test_a_lost_look_up_leaves_no_doubt(
    hurried_courier: ConnectionCourier, shop: ShopifyShop, shipment: Shipment
):
    shop.faults.add("silent_before_accepting")
    with pytest.raises(Unavailable) as caught:
        await hurried_courier.deliver(shipment())
    assert not caught.value.ambiguous


async def test_a_429_says_when_to_come_back(courier: ConnectionCourier, shop: ShopifyShop, shipment: Shipment):
    shop.faults.add("too_many")
    with pytest.raises(Unavailable) as caught:
        await courier.deliver(shipment())
    assert caught.value.retry_after == 2.0
    assert not caught.value.ambiguous


async def test_a_throttled_query_is_answered_200_and_retried_all_the_same(
    courier: ConnectionCourier, shop: ShopifyShop, shipment: Shipment
):
    shop.bucket.level = shop.bucket.rate = 0
    with pytest.raises(Unavailable, match="Throttled") as caught:
        await courier.deliver(shipment())
    assert caught.value.retry_after == 2.0


async def test_a_500_on_the_mutation_is_ambiguous(courier: ConnectionCourier, shop: ShopifyShop, shipment: Shipment):
    shop.faults.add("server_error", only="mutation")
    with pytest.raises(Unavailable) as caught:
        await courier.deliver(shipment())
    assert caught.value.ambiguous


@pytest.mark.parametrize("fault", ["garbage", "html"])
async def test_garbage_after_acceptance_makes_no_second_fulfilment(
    courier: ConnectionCourier, shop: ShopifyShop, fault: str, shipment: Shipment
):
    shop.faults.add(fault, only="mutation")  # type: ignore[arg-type]
    with pytest.raises(Unavailable) as caught:
        await courier.deliver(shipment())
    assert caught.value.ambiguous
    await courier.deliver(shipment())
    assert len(shop.fulfilments) == 1


async def test_more_than_is_open_is_final(courier: ConnectionCourier, shop: ShopifyShop, shipment: Shipment):
    with pytest.raises(Rejected, match="4 more than is open") as caught:
        await courier.deliver(shipment(lines={"501": 6}))
    assert caught.value.findings[0].code == "no-open-line"
    assert shop.fulfilments == []


async def test_an_order_the_shop_does_not_know_is_final(courier: ConnectionCourier, shipment: Shipment):
    with pytest.raises(Rejected) as caught:
        await courier.deliver(shipment(order="1"))
    assert caught.value.findings[0].code == "other-side-unknown"


async def test_a_wrong_token_asks_for_the_configuration_and_is_not_shown(
    courier: ConnectionCourier, shop: ShopifyShop, caplog: pytest.LogCaptureFixture, shipment: Shipment
):
    caplog.set_level(logging.DEBUG)
    shop.access_token = "another"
    with pytest.raises(Misconfigured) as caught:
        await courier.deliver(shipment())
    assert "canary" not in repr(caught.value) + str(caught.value) + caplog.text
    assert caught.value.__cause__ is None


async def test_a_secret_that_the_other_side_echoes_is_redacted(
    courier: ConnectionCourier, shop: ShopifyShop, trailhead: Connection, shipment: Shipment
):
    with pytest.raises(Rejected) as caught:
        await courier.deliver(shipment(lines={"canary-token-77": 1}))
    assert "canary" not in str(caught.value) + repr(caught.value.findings) + repr(trailhead)


async def test_a_connection_whose_secret_is_not_there_is_misconfigured(
    trailhead: Connection, wire: HttpWire, clock: Clock, shipment: Shipment
):
    without = replace(trailhead, missing={"access_token": "the environment variable T"})
    with pytest.raises(Misconfigured, match="set the environment variable T"):
        await ConnectionCourier(Caller(without, wire, clock)).deliver(shipment())
