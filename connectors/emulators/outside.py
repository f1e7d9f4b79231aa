"""The world outside, played on loopback and in the data directory: shops, carriers, tax offices, warehouses, partners.

Stand-ins take the addresses and secrets of the configured connections, so that the hub is used exactly as it stands.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

from canonical import Misconfigured
from canonical.exchange import Parcel
from connectors.configuration import Trade
from connectors.emulators import avatax, easypost, shopify, taxjar, ups
from connectors.emulators.loopback import Served, serving
from connectors.emulators.warehouse import Answer, Warehouse, warehouse
from connectors.engine.path import text_of
from connectors.surroundings import SystemClock
from connectors.syntax.json_text import read_json
from connectors.transport.directory import DirectoryCourier
from connectors.transport.settings import Inbound

_WAY = ("picked_up", "in_transit", "out_for_delivery", "delivered")
"""What becomes of each package that a carrier carries."""


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
    offices: dict[str, Any] = field(default_factory=dict)
    """By connection, who plays it."""
    base_urls: dict[str, str] = field(default_factory=dict)
    """By connection, where its stand-in listens."""
    warehouses: list[Warehouse] = field(default_factory=list)
    clock: SystemClock = field(default_factory=SystemClock)

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
        shop = self.offices.get(connection)
        if not isinstance(shop, shopify.ShopifyShop):
            raise Misconfigured(f"the story lets {connection} push, which no stand-in plays as a shop")
        content = await asyncio.to_thread((self.folder / filename).read_bytes)
        payload = read_json(content)
        if isinstance(payload, dict):
            shop.add_order(payload)
        return await shop.push(url, topic, content, delivery_id=f"{connection}/{filename}")

    async def carry(self, connection: str, url: str) -> int:
        """Let a carrier bring every package that it labelled to its door, telling `url` of each step; how many."""
        carrier = self.offices.get(connection)
        if not isinstance(carrier, ups.Ups | easypost.EasyPost):
            raise Misconfigured(f"the story lets {connection} deliver, which no stand-in plays as a carrier")
        numbers = [number for numbers in carrier.live.values() for number in numbers]
        for second, step in enumerate(_WAY):
            for number in numbers:
                await carrier.tell(number, step, self.clock.now() + timedelta(seconds=second), url)
        return len(_WAY) * len(numbers)

    async def ship(self) -> list[Answer]:
        """Let every warehouse answer what waits for it."""
        return [answer for one in self.warehouses for answer in await one.work()]

    @contextmanager
    def spoil(self) -> Iterator[str]:
        """Until the block ends the newest entry is missing at the ERP that takes files, if there is one."""
        erps = (one for one in self.trade.connections.by_id.values() if one.manifest.connector == "file-erp")
        erp = next(erps, None)
        if erp is None:
            yield ""
            return
        entry = max(
            Path(text_of(erp.settings["directory"])).glob("journal-*"), key=lambda path: path.stat().st_mtime_ns
        )
        aside = entry.with_name(f".{entry.name}")
        entry.rename(aside)
        try:
            yield f"somebody deletes {entry.name} at {erp.id}"
        finally:
            aside.rename(entry)


@asynccontextmanager
async def outside(trade: Trade, folder: Path, data: Path) -> AsyncIterator[Outside]:
    """The stand-ins for every system and warehouse of the configuration that one plays, until the block ends."""
    world = Outside(folder, data, trade)
    async with AsyncExitStack() as stack:
        for name, connection in trade.connections.by_id.items():
            if connection.manifest.connector in _PLAYED:
                settings = {key: text_of(value) for key, value in connection.settings.items()}
                world.offices[name] = office = _PLAYED[connection.manifest.connector](settings)
                world.base_urls[name] = await stack.enter_async_context(serving(office))
        world.warehouses = [
            warehouse(profile, trade.translator, data, world.clock.now)
            for profile in trade.partners.by_id.values()
            if "FulfilmentOrder" in profile.takes and profile.transport.local
        ]
        yield world


_PLAYED: Mapping[str, Callable[[Mapping[str, str]], Served]] = {
    # connector -> who plays it, with the connection's own settings and secrets
    "shopify": lambda our: shopify.ShopifyShop(our["shop"], our["access_token"], our["client_secret"]),
    "avatax": lambda our: avatax.AvaTax(our["account"], our["license_key"]),
    "taxjar": lambda our: taxjar.TaxJar(our["token"]),
    "ups": lambda our: ups.Ups(our["client_id"], our["client_secret"], our["webhook_secret"], our["account"]),
    "easypost": lambda our: easypost.EasyPost(our["api_key"], our["webhook_secret"]),
}
