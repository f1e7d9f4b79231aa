"""The composition root: reads the configuration, builds every room, wires them, and hands the result to the face.

Nobody imports this module.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from canonical import Document, Finding, InventoryReport, Misconfigured, Unavailable, has_errors
from canonical.exchange import Arrival
from connectors.agreements import Agreements
from connectors.authoring.bench import AuthoringBench, one_way_rules
from connectors.canonical_json import read_canonical
from connectors.cloud_events import WithEvents
from connectors.configuration import ConfigurationFolder, Trade, read_trade
from connectors.courier import MeasuredCourier, callers, couriers
from connectors.engine.caller import Caller
from connectors.engine.cursor import FileCursors
from connectors.engine.meters import FileMeters
from connectors.engine.progress import FileProgress
from connectors.engine.tokens import FileTokens
from connectors.engine.wire import HttpWire
from connectors.event_webhooks import event_faults
from connectors.file_exchange import FileExchange, file_exchange
from connectors.freshness import FileAges, staleness
from connectors.installation import examine_installation
from connectors.ledger import read_ledger
from connectors.lineage import told_lineage
from connectors.personal_data import ErasingEverywhere
from connectors.pickup import pickups
from connectors.schemas import configuration_models
from connectors.surroundings import SystemClock, SystemRandomness, TimeOrderedIds, collect_rarely
from connectors.ticker import Ticker
from connectors.transport.couriers import CourierByDestination
from connectors.transport.webhook import WebhookCourier
from connectors.webhooks import Webhooks
from connectors.workbench import Workbench
from console.cli import main as command_line
from console.desk import Door
from console.rehearsal import Rehearsal, Story
from console.tools import Tools
from mappings.language.schema import map_schema
from mappings.yaml_model import load_model
from router.catalogue import StockLevel, read_items, read_stock
from router.decide import decide, needs
from router.event_kinds import EVENT_KINDS
from router.flow import (
    Bells,
    Deliver,
    Flow,
    Intake,
    Pace,
    Render,
    RetryPolicy,
    RouteOrders,
    Schedule,
    Translate,
    readiness,
)
from router.flow.reconcile import Reconcile
from router.flow.schedule import Job
from router.hindsight import Hindsight
from router.network import Company, Network
from router.policy import Policy
from router.ports import Pickup, Receipt
from router.posting import Posting
from router.price_list import read_prices
from router.routing import Routing
from router.taxes import Taxes
from store import DATABASE, Store, back_up, open_store, restore, sqlite_url
from store.figures import figures
from store.history import History
from store.sorted_runs import SortedRuns

REMEMBERED = ("cursors", "taken", "anchors")
"""Folders of the data directory that a backup takes along: how far pickups read, and the audit trail's anchors."""
ANCHORS = Path("anchors", "blocks.jsonl")
LOOK_AGAIN = 0.02
"""Seconds between two looks whether an order is decided."""


@dataclass(frozen=True)
class Configuration:
    """Everything that `config/` says, held against itself."""

    trade: Trade
    policy: Policy
    stock: Sequence[StockLevel]
    findings: Sequence[Finding]
    """Warnings: with an error there is no configuration."""


def read_configuration(
    config: Path, data: Path, base_urls: Mapping[str, str] | None = None, secrets: Mapping[str, str] | None = None
) -> Configuration:
    """Read it; `Misconfigured` with every finding when something in it forbids running."""
    folder = ConfigurationFolder(config)
    trade = read_trade(folder, data, base_urls or {}, os.environ if secrets is None else secrets)
    settings = trade.settings
    network = folder.model(settings.nodes, Network, "network")
    routing = folder.model(settings.routing, Routing, "routing")
    posting = folder.model(settings.posting, Posting, "posting")
    taxes = folder.model(settings.taxes, Taxes, "taxes") if settings.taxes else Taxes()
    catalogue, found = read_items(folder.rows(settings.items), settings.company.currency, settings.items)
    stock, more = read_stock(folder.rows(settings.stock), settings.stock)
    known = frozenset(trade.partners.by_id) | frozenset(trade.connections.by_id)
    rows = folder.rows(settings.prices) if settings.prices else ()
    prices, faulty = read_prices(rows, catalogue, settings.company.currency, settings.prices or "", known)
    folder.findings += [*found, *more, *faulty]
    if network is None or routing is None or posting is None or taxes is None:
        raise Misconfigured(f"{config} has faults", folder.findings)
    company = Company.model_validate(settings.company.model_dump(exclude={"x12"}))
    policy = Policy(
        company=company, network=network, routing=routing, posting=posting, catalogue=catalogue, prices=prices,
        taxes=taxes, origins=folder.origins,
    )  # fmt: skip
    partners, connections = frozenset(trade.partners.by_id), frozenset(trade.connections.by_id)
    takes = {name: frozenset(one.manifest.takes) for name, one in trade.connections.by_id.items()}
    folder.findings += policy.check(partners, connections, takes)
    told = event_faults(settings.events, trade.event_secrets, partners | connections, EVENT_KINDS, folder.origins)
    folder.findings += told
    if has_errors(folder.findings):
        raise Misconfigured(f"{config} has faults", folder.findings)
    return Configuration(trade, policy, stock, folder.findings)


class Hub:
    """The built hub, open on one store. Satisfies `console.desk.Hub`."""

    def __init__(
        self, configuration: Configuration, store: Store, data: Path, wire: HttpWire, files: FileExchange
    ) -> None:
        trade, settings = configuration.trade, configuration.trade.settings
        self.name = settings.company.name
        self.host, self.port = settings.listen.host, settings.listen.port
        self.largest_body = settings.listen.largest_body
        self.inbox, self.archive, self.stock, self.access = store.inbox, store.archive, store.stock, store.access
        self.holds, self.returns, self._store = store.holds, store.returns, store
        self.erasing = ErasingEverywhere(store.erasing, files.archives)
        calling = _callers(configuration, data, wire)
        self.webhooks = Webhooks(trade.connections.by_id, calling, SystemClock())
        partners, connections = trade.partners.by_id.values(), trade.connections.by_id.values()
        self.doors = [Door(one.partner, one.name, "partner") for one in partners]
        self.doors += [Door(one.id, one.name, "connection") for one in connections]
        self.hindsight = Hindsight(History(store.database), configuration.policy.network, _read_routing)
        self._translator, self._callers = trade.translator, calling
        self._destinations = configuration.policy.posting.destinations
        self._connections, self._ages = list(connections), FileAges(data / "ages")
        self._flow = _flow(configuration, store, data, calling, wire, files)
        self.publish_stock = _publisher(configuration, store, self._flow.bells.render.ring)

    def read_canonical(self, kind: str, content: bytes) -> tuple[Document | None, Sequence[Finding]]:
        """One canonical document in JSON; None with located findings."""
        return read_canonical(kind, content)

    async def receive(self, arrival: Arrival) -> Receipt:
        """Keep an arrival and wake the flow."""
        return await self._flow.schedule.intake.receive(arrival)

    async def order_of(self, receipt: Receipt, patience: float) -> Mapping[str, Any] | None:
        """The order a just received document became, once decided; None when that takes longer."""
        deadline = asyncio.get_running_loop().time() + patience
        while True:
            for row in await self.archive.received(receipt.id):
                if row["order"] and (order := await self.archive.order(row["order"])):
                    return order
            if asyncio.get_running_loop().time() >= deadline:
                return None
            await asyncio.sleep(LOOK_AGAIN)

    async def lineage(self, document: str) -> Mapping[str, Any] | None:
        """Where each value of a document comes from, recomputed from its bytes; None when there is no such document."""
        row, raw = await self.archive.document(document), await self.archive.raw(document)
        if row is None:
            return None
        return await asyncio.to_thread(told_lineage, row, raw.content if raw else None, self._translator)

    def reconcile(self) -> Reconcile:
        """Orders, documents, postings and the ERPs' own books, held against each other once."""
        told = {one.connection: one for one in self._destinations}
        calling = {name: self._callers[name] for name in told if name in self._callers}
        readable = {name: one for name, one in calling.items() if one.connection.manifest.reads.ledger}
        return Reconcile(
            figures=lambda read: figures(self._store.database, [told[name] for name in sorted(read)]),
            ledgers={name: partial(read_ledger, caller) for name, caller in readable.items()},
            rows=SortedRuns,
            uncompared=sorted(told.keys() - readable.keys()),
        )

    def staleness(self) -> Sequence[Mapping[str, Any]]:
        """How old each channel's orders, stock and tracking are: `{connection, what, seconds, limit, fresh}`."""
        now = SystemClock().now()
        return [row for one in self._connections for row in staleness(self._ages, one, now)]

    async def look(self) -> int:
        """Take what lies at the watched places, once; how much that was."""
        return await self._flow.schedule.step()

    async def drain(self) -> None:
        """Work until nothing is due."""
        await self._flow.drain()

    async def work(self, roles: frozenset[str]) -> None:
        """Work by role until cancelled."""
        await self._flow.run(roles)

    async def ready(self) -> Mapping[str, Any]:
        """Whether arrivals can be kept and worked on."""
        return await readiness(self._store.readiness, self._flow.pulse, self._flow.schedule.troubles)


def _read_routing(file: Path) -> Routing:
    """A routing file by itself, such as one that is only being thought about."""
    if not file.is_file():
        raise Misconfigured(f"there is no file {file}")
    routing, findings = load_model(file, Routing)
    if routing is None:
        raise Misconfigured(f"{file} has faults", findings)
    return routing


def _callers(configuration: Configuration, data: Path, wire: HttpWire) -> Mapping[str, Caller]:
    """Who calls for each connection; tokens, allowances and what is under way are shared by all processes on `data`."""
    connections = configuration.trade.connections.by_id
    kept = FileTokens(data / "tokens"), FileMeters(data / "meters"), FileProgress(data / "progress")
    return callers(connections, wire, SystemClock(), *kept)


def _flow(
    configuration: Configuration, store: Store, data: Path, calling: Mapping[str, Caller], wire: HttpWire,
    files: FileExchange,
) -> Flow:  # fmt: skip
    trade, policy, clock = configuration.trade, configuration.policy, SystemClock()
    settings, bells = trade.settings, Bells()
    webhooks = {one.id: WebhookCourier(one, trade.event_secrets.get(one.id), wire, clock) for one in settings.events}
    translator = WithEvents(trade.translator, webhooks.keys(), settings.hub)
    retry = RetryPolicy(settings.delivery.tries, settings.delivery.first_wait, settings.delivery.longest_wait)
    ages = FileAges(data / "ages")
    measured = {name: MeasuredCourier(one, ages, clock) for name, one in couriers(calling).items()}
    courier = CourierByDestination({**files.couriers, **measured, **webhooks})
    places: list[Pickup] = [*files.pickups, *pickups(calling, FileCursors(data / "cursors"), ages)]
    chores = _retention(ErasingEverywhere(store.erasing, files.archives), settings.retention.personal_data, clock)
    chores = {**chores, "anchor": (timedelta(minutes=1), store.anchors.note)}
    chores["stock"] = (settings.publish_stock, _publisher(configuration, store, bells.render.ring))
    schedule = Schedule(
        Intake(store.inbox, bells.translate.ring),
        places,
        store.lanes,
        Ticker(),
        store.turns,
        settings.poll,
        chores=chores,
        woken=bells.route.ring,
    )
    pace = Pace(settings.delivery.per_minute)
    return Flow(
        translate=Translate(store.inbox, translator, policy),
        route=RouteOrders(store.lanes, decide, needs, policy, clock),
        render=Render(store.outbox, translator),
        deliver=Deliver(
            store.outbox,
            courier,
            clock,
            SystemRandomness(),
            retry,
            settled=bells.deliver.ring,
            answered=bells.translate.ring,
            refused=bells.route.ring,
            pace=pace,
        ),
        schedule=schedule,
        bells=bells,
        peers=store.peers,
    )


def _publisher(configuration: Configuration, store: Store, queued: Callable[[], None]) -> Callable[[], Awaitable[int]]:
    """Tells the channels that take inventory reports what they may sell."""
    policy, report = configuration.policy, InventoryReport.__name__
    partners, connections = configuration.trade.partners.by_id, configuration.trade.connections.by_id
    takers = [name for name, one in partners.items() if report in one.takes]
    takers += [name for name, one in connections.items() if report in one.manifest.takes]
    channels = {name: policy.channel(name).stock for name in takers}

    async def publish() -> int:
        reports = await store.offers.publish(channels, policy.catalogue)
        if reports:
            queued()
        return reports

    return publish


def _retention(erasing: ErasingEverywhere, kept: timedelta | None, clock: SystemClock) -> Mapping[str, Job]:
    """Every hour, erase what was finished longer ago than personal data is kept."""
    if kept is None:
        return {}
    return {"retention": (timedelta(hours=1), lambda: erasing.before(clock.now() - kept, "retention"))}


def _findings(config: Path) -> Sequence[Finding]:
    """Every fault of the configuration, and what is worth knowing of its maps."""
    try:
        configuration = read_configuration(config, Path("data"))
    except Misconfigured as error:
        return error.findings
    return [*configuration.findings, *one_way_rules(configuration.trade.library)]


def _schemas() -> Mapping[str, Any]:
    """JSON Schemas of documents and configuration files, by name."""
    rules: dict[str, type[BaseModel]] = {
        "nodes": Network,
        "routing": Routing,
        "posting": Posting,
        "taxes": Taxes,
        "story": Story,
    }
    models: dict[str, type[BaseModel]] = {**dict(sorted(Document.kinds.items())), **rules, **configuration_models()}
    schemas = {name: model.model_json_schema(by_alias=True) for name, model in models.items()}
    return {**schemas, "map": map_schema()}


class Crossdock:
    """The builder that the command line asks."""

    def workbench(self, config: Path) -> Tools:
        """The tools that need no store."""
        return Tools(
            open_bench=lambda: Workbench(read_configuration(config, Path("data")).trade),
            findings=lambda: _findings(config),
            schemas=_schemas,
            installation=examine_installation,
            now=SystemClock().now,
        )

    def authoring(self, config: Path, data: Path) -> AuthoringBench:
        """The integrator's tools."""
        trade = read_trade(ConfigurationFolder(config), Path("data"), {}, os.environ)
        return AuthoringBench(trade, config.parent, data)

    @asynccontextmanager
    async def open(
        self, config: Path, data: Path, base_urls: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Hub]:  # fmt: skip
        """The hub on its data directory, migrated and stocked."""
        configuration = read_configuration(config, data, base_urls, secrets)
        await asyncio.to_thread(data.mkdir, parents=True, exist_ok=True)
        url = configuration.trade.settings.database or sqlite_url(data / DATABASE)
        wire, files = HttpWire(), file_exchange(configuration.trade, data)
        try:
            async with _store(configuration, url, data) as store:
                await store.configurations.keep(configuration.policy.digest, configuration.policy.model_dump_json())
                await _stock_up(store, configuration.stock)
                yield Hub(configuration, store, data, wire, files)
        finally:
            await files.close()
            await wire.close()

    async def backup(self, config: Path, data: Path, file: Path) -> Mapping[str, Any]:
        """Everything the hub holds in one file."""
        url, at = self._url(config, data), SystemClock().now()
        return await asyncio.to_thread(back_up, url, data, REMEMBERED, file, at)

    async def restore(self, config: Path, data: Path, file: Path) -> Mapping[str, Any]:
        """Such a file into an empty data directory."""
        return await asyncio.to_thread(restore, self._url(config, data), data, file)

    def _url(self, config: Path, data: Path) -> str:
        return read_configuration(config, data).trade.settings.database or sqlite_url(data / DATABASE)

    @asynccontextmanager
    async def emulate(
        self, name: str, port: int, orders: int, faults: Sequence[str]
    ) -> AsyncIterator[Mapping[str, Any]]:
        """A stand-in of a connector's system on loopback."""
        from connectors.emulators.stand_in import fault_named, standing_in

        async with standing_in(name, SystemClock().now(), port, orders, map(fault_named, faults)) as told:
            yield told.told()

    @asynccontextmanager
    async def rehearse(self, config: Path, data: Path) -> AsyncIterator[tuple[Hub, Rehearsal]]:
        """The hub with stand-ins of the world outside on loopback, and the story they play."""
        from connectors.emulators.outside import InventedSecrets, outside

        secrets = InventedSecrets()
        trade = read_configuration(config, data, {}, secrets).trade
        folder = ConfigurationFolder(config)
        story = folder.model("demo/story.yaml", Story, "story")
        if story is None:
            raise Misconfigured("there is no story to play", folder.findings)
        async with (
            outside(trade, config.parent / "demo", data) as world,
            self.open(config, data, world.base_urls, secrets) as hub,
        ):
            yield hub, Rehearsal(story, world, hub.look)


@asynccontextmanager
async def _store(configuration: Configuration, url: str, data: Path) -> AsyncIterator[Store]:
    """The store, the head of its audit trail anchored at the end as well as from time to time."""
    settings = configuration.trade.settings
    anchored = Path(settings.anchors) if settings.anchors else data / ANCHORS
    agreed = _agreements(configuration)
    async with open_store(url, SystemClock(), TimeOrderedIds(), agreed=agreed, anchored=anchored) as store:
        try:
            yield store
        finally:
            with contextlib.suppress(Unavailable):  # then the next process anchors it
                await store.anchors.note()


def _agreements(configuration: Configuration) -> Agreements:
    trade = configuration.trade
    return Agreements(trade.partners, trade.settings.delivery.receipt, trade.settings.events)


async def _stock_up(store: Store, levels: Sequence[StockLevel]) -> None:
    """Enter the stock file's levels where the store knows none yet; from then on the store is right."""
    known = {(row.sku, row.node) for row in await store.stock.availability()}
    for level in levels:
        if (level.sku, level.node) not in known:
            await store.stock.set(level.sku, level.node, level.on_hand, level.safety)


def main() -> int:
    """The console script `crossdock`."""
    collect_rarely()
    return command_line(Crossdock(), sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
