"""Connections to stand-ins on loopback, made of the shipped manifests; the shop of the example among them."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from canonical import Document
from canonical.exchange import Parcel
from connectors.catalogue import load_catalogue
from connectors.connection import Connection, Connections, host_of, load_connections
from connectors.courier import ConnectionCourier
from connectors.emulators.loopback import serving
from connectors.emulators.shopify import ShopifyShop
from connectors.engine.caller import Caller
from connectors.engine.wire import HttpWire
from connectors.secret import Secret
from connectors.syntax.json_text import write_json
from mappings.library import MapLibrary

CONFIG = Path(__file__).parents[3] / "config"
LINES = [{"id": 501, "quantity": 2}, {"id": 502, "quantity": 5}]


class StillClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
async def shop() -> AsyncIterator[ShopifyShop]:
    shop = ShopifyShop(access_token="canary-token-77", client_secret="canary-secret-88")
    shop.add_order({"id": 9001, "line_items": LINES})
    async with serving(shop):
        yield shop


@pytest.fixture
def connections(shop: ShopifyShop, tmp_path: Path) -> Connections:
    environment = {"TRAILHEAD_ACCESS_TOKEN": shop.access_token, "TRAILHEAD_CLIENT_SECRET": shop.client_secret}
    manifests = load_catalogue().manifests
    loaded = load_connections(CONFIG / "connections", manifests, environment, tmp_path)
    return replace(loaded, by_id={**loaded.by_id, "trailhead": loaded.by_id["trailhead"].at(shop.base_url)})


@pytest.fixture
def trailhead(connections: Connections) -> Connection:
    return connections.by_id["trailhead"]


@pytest.fixture
async def wire() -> AsyncIterator[HttpWire]:
    wire = HttpWire()
    yield wire
    await wire.close()


def connected(name: str, account: Any, **own: str | Secret) -> Connection:
    """A connection to an account of a stand-in: defaults, the account's own secrets, and what else is given."""
    manifest = load_catalogue().manifests[name]
    settings: dict[str, Any] = {key: one.default or "" for key, one in manifest.settings.items()}
    secrets = {
        key: Secret(getattr(account, key))
        for key in settings
        if manifest.settings[key].secret and hasattr(account, key)
    }
    granted = frozenset({host_of(account.base_url)})
    return Connection(name, manifest.title, manifest, settings | secrets | own, account.base_url, granted)


def parcel_of(document: Document, map_name: str) -> Parcel:
    """A document as it lies in the outbox, written by a map without a finding."""
    rendition = MapLibrary().get(map_name).write(document)
    assert rendition.findings == ()
    return Parcel("d", "k", "shop", document.kind, write_json(rendition.tree), "application/json", "f", 1)


class SteppingClock:
    """Stands at one instant until a test moves it."""

    at = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def courier(trailhead: Connection, wire: HttpWire) -> ConnectionCourier:
    return ConnectionCourier(Caller(trailhead, wire, StillClock()))


@pytest.fixture
def hurried_courier(trailhead: Connection, wire: HttpWire) -> ConnectionCourier:
    """One with little patience."""
    manifest = trailhead.manifest
    hurried = manifest.model_copy(
        update={"defaults": manifest.defaults.model_copy(update={"timeout": timedelta(seconds=0.3)})}
    )
    return ConnectionCourier(Caller(replace(trailhead, manifest=hurried), wire, StillClock()))


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def shipment() -> Callable[..., Parcel]:
    """Makes a fulfilment as it lies in the outbox."""
    return _shipment


def _shipment(*, order: str = "9001", tracking: str = "1Z999", lines: dict[str, int] | None = None) -> Parcel:
    wanted = [{"line_item_id": key, "quantity": quantity} for key, quantity in (lines or {"501": 2}).items()]
    tree = {
        "shipment": "S-1",
        "orders": [{"number": "#1", "order_id": order}],
        "carrier": {"company": "UPS"},
        "tracking_numbers": [tracking] if tracking else [],
        "lines": wanted,
    }
    content = json.dumps(tree).encode()
    return Parcel("d-1", "key-1", "trailhead", "ShipmentNotice", content, "application/json", "s.json", 1)
