"""Webhooks prove themselves over the raw bytes."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.connection import Connections
from connectors.emulators.shopify import ShopifyShop
from connectors.manifest_webhooks import Hmac, SharedSecret
from connectors.proof import Pushed, proved
from connectors.secret import Secret
from connectors.webhooks import Webhooks

BODY = b'{"id": 1, "note": "caf\xc3\xa9"}'


AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


class StillClock:
    def now(self) -> datetime:
        return AT


def settings(connections: Connections) -> Mapping[str, Any]:
    return connections.by_id["trailhead"].settings


@pytest.fixture
def webhooks(connections: Connections) -> Webhooks:
    return Webhooks(connections.by_id, {}, StillClock())


def headers(shop: ShopifyShop, body: bytes = BODY, **changes: str) -> dict[str, str]:
    signature = base64.b64encode(hmac.new(shop.client_secret.encode(), body, hashlib.sha256).digest()).decode()
    return {
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Hmac-Sha256": signature,
        "X-Shopify-Shop-Domain": shop.domain,
        "X-Shopify-Webhook-Id": "w-1",
        "Content-Type": "application/json",
        **changes,
    }


async def test_a_signed_body_arrives_under_its_delivery_id_with_its_map(webhooks: Webhooks, shop: ShopifyShop):
    arrival = await webhooks.verify("trailhead", headers(shop), BODY)
    assert arrival is not None
    assert (arrival.source, arrival.transport, arrival.transport_key) == ("trailhead", "webhook", "w-1")
    assert arrival.content == BODY
    assert (arrival.facts["map"], arrival.facts["kind"]) == ("shopify/order", "PurchaseOrder")


async def test_header_names_are_read_in_any_case(webhooks: Webhooks, shop: ShopifyShop):
    lowered = {name.lower(): value for name, value in headers(shop).items()}
    assert await webhooks.verify("trailhead", lowered, BODY) is not None


@pytest.mark.parametrize("position", range(len(BODY)))
async def test_any_tampered_byte_is_refused(webhooks: Webhooks, shop: ShopifyShop, position: int):
    tampered = BODY[:position] + bytes([BODY[position] ^ 1]) + BODY[position + 1 :]
    assert await webhooks.verify("trailhead", headers(shop), tampered) is None


@pytest.mark.parametrize("signature", ["", "no base64!", "AAAA", base64.b64encode(b"x" * 32).decode()])
async def test_a_wrong_signature_is_refused(webhooks: Webhooks, shop: ShopifyShop, signature: str):
    assert await webhooks.verify("trailhead", headers(shop, **{"X-Shopify-Hmac-Sha256": signature}), BODY) is None


async def test_a_signature_in_hex_is_refused(webhooks: Webhooks, shop: ShopifyShop):
    signature = hmac.new(shop.client_secret.encode(), BODY, hashlib.sha256).hexdigest()
    assert await webhooks.verify("trailhead", headers(shop, **{"X-Shopify-Hmac-Sha256": signature}), BODY) is None


async def test_another_shops_event_is_refused_though_signed(webhooks: Webhooks, shop: ShopifyShop):
    other = headers(shop, **{"X-Shopify-Shop-Domain": "other.myshopify.com"})
    assert await webhooks.verify("trailhead", other, BODY) is None


@pytest.mark.parametrize(
    ("form", "taken"),
    [
        ({"encoding": "hex", "header": "X-Hmac", "prefix": "sha256="}, True),
        ({"encoding": "hex", "header": "X-Hmac", "prefix": "other="}, False),
        ({"encoding": "hex", "header": "X-Hmac", "prefix": "sha256=", "algorithm": "sha512"}, False),
    ],
    ids=["hex", "other-prefix", "other-algorithm"],
)
def test_a_signature_is_read_in_its_own_form(connections: Connections, form: dict[str, str], taken: bool):
    signature = "sha256=" + hmac.new(b"canary-secret-88", BODY, hashlib.sha256).hexdigest()
    declared = Hmac.model_validate({"kind": "hmac", "key": "{settings.client_secret}", **form})
    assert proved(declared, settings(connections), Pushed({"x-hmac": signature}, BODY), AT) is taken


@pytest.mark.parametrize(
    ("said", "taken"), [("canary-secret-88", True), ("canary-secret-8", False), ("", False), ("é", False)]
)
def test_a_shared_secret_in_a_header_proves_too(connections: Connections, said: str, taken: bool):
    declared = SharedSecret(kind="shared_secret", header="X-Secret", value="{settings.client_secret}")
    assert proved(declared, settings(connections), Pushed({"x-secret": said}, BODY), AT) is taken


async def test_without_its_secret_nothing_is_believed(connections: Connections, shop: ShopifyShop):
    settings = dict(connections.by_id["trailhead"].settings)
    del settings["client_secret"]
    missing = replace(connections.by_id["trailhead"], settings=settings, missing={"client_secret": "X"})
    assert await Webhooks({"trailhead": missing}, {}, StillClock()).verify("trailhead", headers(shop), BODY) is None


async def test_an_unmapped_topic_is_kept_without_a_map(webhooks: Webhooks, shop: ShopifyShop):
    arrival = await webhooks.verify("trailhead", headers(shop, **{"X-Shopify-Topic": "orders/updated"}), BODY)
    assert arrival is not None
    assert "map" not in arrival.facts


async def test_under_the_connectors_name_the_signature_tells_the_shop(connections: Connections, shop: ShopifyShop):
    other = replace(
        connections.by_id["trailhead"],
        id="other",
        settings={**connections.by_id["trailhead"].settings, "client_secret": Secret("another")},
    )
    webhooks = Webhooks({"other": other, **connections.by_id}, {}, StillClock())
    arrival = await webhooks.verify("shopify", headers(shop), BODY)
    assert arrival is not None
    assert arrival.source == "trailhead"
    assert await webhooks.verify("shopify", headers(shop), BODY + b" ") is None


@pytest.mark.parametrize("name", ["books", "file-erp", "nobody"])
async def test_a_connection_without_webhooks_has_no_door(webhooks: Webhooks, name: str):
    with pytest.raises(KeyError):
        await webhooks.verify(name, {}, b"")
