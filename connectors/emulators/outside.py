"""The world outside, played on loopback and in the data directory: shops, warehouses, and partners who drop files.

Stand-ins take the addresses and secrets of the configured connections, so that the hub is used exactly as it stands.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

from canonical import Misconfigured
from canonical.exchange import Parcel
from connectors.configuration import Trade
from connectors.connection import Connection
from connectors.emulators.shopify import ShopifyShop, serving
from connectors.emulators.warehouse import Answer, Warehouse, warehouse
from connectors.secret import Secret
from connectors.surroundings import SystemClock
from connectors.syntax.json_text import read_json
from connectors.transport.directory import DirectoryCourier
from connectors.transport.settings import Inbound


class InventedSecrets(dict[str, str]):
    """An environment in which every name has a value, each made up when it is first asked for."""

    def __missing__(self, name: str) -> str:
        return self.setdefault(name, token_hex(16))

    def get(self, name: str, _default: object = None) -> str:
        """The value."""
        return self[name]


@dataclass
class Outside:
    """The stand-ins, running."""

    folder: Path
    """Where the sample files lie."""
    data: Path
    trade: Trade
    shops: Mapping[str, ShopifyShop] = field(default_factory=dict)
    warehouses: list[Warehouse] = field(default_factory=list)

    @property
    def base_urls(self) -> Mapping[str, str]:
        """By connection, where its stand-in listens."""
        return {name: shop.base_url for name, shop in self.shops.items()}

    async def drop(self, partner: str, filename: str) -> None:
        """Put a sample file where `partner` puts its files."""
        profile = self.trade.partners.by_id.get(partner)
        inbound = profile.transport.inbound if profile else None
        if not isinstance(inbound, Inbound):
            raise Misconfigured(f"the story drops a file for {partner}, who has no inbound directory here")
        content = await asyncio.to_thread((self.folder / filename).read_bytes)
        parcel = Parcel(filename, filename, partner, "", content, "application/octet-stream", filename, 1)
        await DirectoryCourier(self.data / inbound.directory).deliver(parcel)

    async def push(self, connection: str, topic: str, filename: str, url: str) -> int:
        """Let a shop send a sample order as a signed webhook to `url`; the HTTP status it got.

        The same file again is a redelivery of the same event.
        """
        shop = self.shops.get(connection)
        if shop is None:
            raise Misconfigured(f"the story lets {connection} push, which has no stand-in")
        content = await asyncio.to_thread((self.folder / filename).read_bytes)
        payload = read_json(content)
        if isinstance(payload, dict):
            shop.add_order(payload)
        return await shop.push(url, topic, content, delivery_id=f"{connection}/{filename}")

    async def ship(self) -> list[Answer]:
        """Let every warehouse answer what waits for it."""
        return [answer for one in self.warehouses for answer in await one.work()]


@asynccontextmanager
async def outside(trade: Trade, folder: Path, data: Path) -> AsyncIterator[Outside]:
    """The stand-ins for every shop and warehouse of the configuration, until the block ends."""
    world = Outside(folder, data, trade)
    async with AsyncExitStack() as stack:
        shops = {name: shop for name, one in trade.connections.by_id.items() if (shop := _shop(one))}
        for shop in shops.values():
            await stack.enter_async_context(serving(shop))
        world.shops = shops
        clock = SystemClock()
        world.warehouses = [
            warehouse(profile, trade.translator, data, clock.now)
            for profile in trade.partners.by_id.values()
            if "FulfilmentOrder" in profile.takes and profile.transport.local
        ]
        yield world


def _shop(connection: Connection) -> ShopifyShop | None:
    """A stand-in for a Shopify connection, with the connection's own name and secrets."""
    if connection.manifest.connector != "shopify":
        return None
    token, secret = connection.settings["access_token"], connection.settings["client_secret"]
    assert isinstance(token, Secret)
    assert isinstance(secret, Secret)
    return ShopifyShop(str(connection.settings["shop"]), token.reveal(), secret.reveal())
