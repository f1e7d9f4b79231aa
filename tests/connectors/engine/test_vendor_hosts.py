"""The real vendor's address, which cannot be had: what would go there, and what its documented refusals become."""

from collections.abc import Callable
from pathlib import Path

import httpcore
import pytest
import respx

from canonical import Misconfigured, Unavailable
from canonical.exchange import Parcel
from connectors.catalogue import load_catalogue
from connectors.connection import load_connections
from connectors.courier import ConnectionCourier
from connectors.engine import network
from connectors.engine.authorization import Clock
from connectors.engine.caller import Caller
from connectors.engine.wire import HttpWire

CONFIG = Path(__file__).parents[3] / "config"
ENDPOINT = "https://trailhead-outfitters.myshopify.com/admin/api/2026-07/graphql.json"
SECRETS = {"TRAILHEAD_ACCESS_TOKEN": "canary-token-31", "TRAILHEAD_CLIENT_SECRET": "canary-secret-32"}


@pytest.fixture
def courier(tmp_path: Path, wire: HttpWire, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> ConnectionCourier:
    async def somewhere_public(host: str, port: int) -> list[str]:
        return ["23.227.38.74"]

    monkeypatch.setattr(network, "_resolve", somewhere_public)
    found = load_connections(CONFIG / "connections", load_catalogue().manifests, SECRETS, tmp_path)
    return ConnectionCourier(Caller(found.by_id["trailhead"], wire, clock))


@respx.mock
async def test_a_shipment_goes_to_the_shop_s_own_address_with_its_token(
    courier: ConnectionCourier, shipment: Callable[..., Parcel]
) -> None:
    route = respx.post(ENDPOINT).respond(json={"errors": [{"message": "no", "extensions": {"code": "ACCESS_DENIED"}}]})
    with pytest.raises(Misconfigured):
        await courier.deliver(shipment())
    [call] = route.calls
    assert call.request.headers["X-Shopify-Access-Token"] == SECRETS["TRAILHEAD_ACCESS_TOKEN"]


@respx.mock
async def test_a_frozen_shop_is_a_matter_for_the_configuration(
    courier: ConnectionCourier, shipment: Callable[..., Parcel]
) -> None:
    respx.post(ENDPOINT).respond(402, json={"errors": "Payment Required"})
    with pytest.raises(Misconfigured) as caught:
        await courier.deliver(shipment())
    assert "canary" not in str(caught.value)


@respx.mock
async def test_a_call_that_never_left_is_tried_again_at_once(
    courier: ConnectionCourier, shipment: Callable[..., Parcel]
) -> None:
    route = respx.post(ENDPOINT).mock(side_effect=httpcore.ConnectError("refused"))
    with pytest.raises(Unavailable) as caught:
        await courier.deliver(shipment())
    assert not caught.value.ambiguous
    assert route.call_count == 3
