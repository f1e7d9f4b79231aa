"""A street whose orders ask one provider through its real connector: a stand-in with a ledger of its own."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from canonical import Document
from canonical.exchange import Draft, Handed, Parcel, Reading
from connectors.catalogue import load_catalogue
from connectors.connection import Connection, load_connections
from connectors.courier import callers, couriers
from connectors.emulators.loopback import loopback
from connectors.emulators.stand_in import StandIn, standing_in
from connectors.engine.wire import HttpWire
from connectors.partners import Partners
from connectors.settings import InterchangeIdentity
from connectors.surroundings import SystemClock
from connectors.translator import Translator
from connectors.webhooks import Webhooks
from mappings.library import MapLibrary
from router.policy import Policy
from tests.flow import street as streets
from tests.flow.street import START, JsonLanguage, ObedientCourier, Street, open_street

ASKED = "provider"
"""The connection that orders ask."""


class Language(JsonLanguage):
    """Speaks to the provider in its own words, and JSON to all others."""

    def __init__(self, translator: Translator) -> None:
        super().__init__()
        self.translator = translator

    def read(self, content: bytes, source: str | None, facts: Mapping[str, str], received_at: datetime) -> Reading:
        if "map" in facts:
            return self.translator.read(content, source, facts, received_at)
        return super().read(content, source, facts, received_at)

    def write(self, document: Document, to: str) -> Draft | None:
        return self.translator.write(document, to) if to == ASKED else super().write(document, to)


@dataclass
class Courier(ObedientCourier):
    """Real for the provider."""

    real: Any = None

    async def deliver(self, parcel: Parcel) -> Handed:
        return await self.real.deliver(parcel) if parcel.destination == ASKED else await super().deliver(parcel)


@dataclass
class Trade:
    street: Street
    office: Any
    webhooks: Webhooks
    url: str
    """Where the provider pushes its events."""

    async def hear(self, request: web.Request) -> web.Response:
        """Take an event in, if it is proved."""
        arrival = await self.webhooks.verify(ASKED, request.headers, await request.read())
        if arrival is None:
            return web.Response(status=401)
        await self.street.intake.receive(arrival)
        return web.Response()

    async def go_on(self, seconds: float = 70, times: int = 8) -> None:
        """Time passes, until nothing is left to do."""
        await self.street.settle()
        for _ in range(times):
            self.street.clock.advance(seconds=seconds)
            await self.street.flow.schedule.wake()
            await self.street.settle()


@asynccontextmanager
async def trading(
    name: str,
    policy: Policy,
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    over: Callable[[str], AbstractAsyncContextManager[str]] = nullcontext,
    **settings: str,
) -> AsyncIterator[Trade]:
    """The street under a policy that asks `ASKED`, which is a connection of this connector to its stand-in.

    `over` says by which address its stand-in's is reached.
    """
    monkeypatch.setattr(streets, "POLICY", policy)
    made: list[Trade] = []

    async def hear(request: web.Request) -> web.Response:
        return await made[0].hear(request)

    door = web.Application()
    door.router.add_post("/hooks", hear)
    async with (
        standing_in(name, START) as told,
        loopback(door) as url,
        _wire() as wire,
        AsyncExitStack() as lines,
    ):
        manifest = load_catalogue().manifests[name]
        endpoint = {"endpoint": f"{url}/hooks"} if "endpoint" in manifest.settings else {}
        base_url = await lines.enter_async_context(over(told.connection["base_url"]))
        connections = {ASKED: _connection(told, base_url, folder, endpoint | settings)}
        nobody = InterchangeIdentity(qualifier="ZZ", id="NOBODY", group="NOBODY")
        language = Language(Translator(Partners({}, {}, nobody), MapLibrary(), connections))
        calling = callers(connections, wire, SystemClock())
        courier = Courier(real=couriers(calling)[ASKED])
        async with open_street("sqlite://", courier=courier, language=language) as street:
            made.append(Trade(street, told.office, Webhooks(connections, calling, SystemClock()), f"{url}/hooks"))
            yield made[0]
            assert await street.sound() == []


@asynccontextmanager
async def _wire() -> AsyncIterator[HttpWire]:
    wire = HttpWire()
    try:
        yield wire
    finally:
        await wire.close()


def _connection(told: StandIn, base_url: str, folder: Path, settings: Mapping[str, str]) -> Connection:
    """As an integrator would write it from what the stand-in tells."""
    written = {
        **told.connection,
        "base_url": base_url,
        "connection": ASKED,
        "settings": {**told.connection["settings"], **settings},
    }
    (folder / "connection.yaml").write_text(yaml.safe_dump(written))
    found = load_connections(folder, load_catalogue().manifests, told.environment, folder)
    assert found.findings == ()
    return found.by_id[ASKED]
