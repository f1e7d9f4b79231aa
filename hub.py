"""The composition root: reads the configuration, builds every room, wires them, and hands the result to the face.

Nobody imports this module.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from canonical import Document, Finding, InventoryReport, Misconfigured, PriceList, Unavailable, has_errors
from canonical.exchange import Arrival
from connectors.agreements import Agreements
from connectors.authoring.bench import AuthoringBench, one_way_rules
from connectors.canonical_json import read_canonical
from connectors.configuration import ConfigurationFolder, Trade, read_alone, read_trade
from connectors.courier import knows_again
from connectors.event_webhooks import event_faults
from connectors.installation import examine_installation
from connectors.lineage import told_lineage
from connectors.outward import REMEMBERED, Outward, open_outward
from connectors.personal_data import ErasingEverywhere
from connectors.schemas import configuration_models
from connectors.surroundings import SystemClock, SystemRandomness, TimeOrderedIds, collect_rarely
from connectors.ticker import Ticker
from connectors.workbench import Workbench
from console.cli import main as command_line
from console.desk import Door
from console.rehearsal import Rehearsal, Story
from console.tools import Tools
from mappings.language.schema import map_schema
from router.catalogue import StockLevel
from router.decide import decide
from router.decision import StockRow
from router.event_kinds import EVENT_KINDS
from router.flow import (
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
from router.needs import needs
from router.network import Company
from router.opening_stock import stock_up
from router.policy import Policy
from router.policy_files import RULES, Others, read_policy
from router.ports import Receipt
from router.routing import Routing
from router.stock_offer import offers
from store import DATABASE, Store, back_up, open_store, restore, sqlite_url
from store.figures import figures
from store.history import History
from store.sorted_runs import SortedRuns

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


def read_configuration(config: Path, data: Path, secrets: Mapping[str, str] | None = None) -> Configuration:
    """Read it; `Misconfigured` with every finding when something in it forbids running."""
    folder = ConfigurationFolder(config)
    trade = read_trade(folder, data, os.environ if secrets is None else secrets)
    settings, partners = trade.settings, frozenset(trade.partners.by_id)
    takes = {name: frozenset(one.manifest.takes) for name, one in trade.connections.by_id.items()}
    company = Company.model_validate(settings.company.model_dump(exclude={"x12"}))
    read = read_policy(folder, settings, company, Others(partners, takes))
    known = partners | takes.keys()
    folder.findings += event_faults(settings.events, trade.event_secrets, known, EVENT_KINDS, folder.origins)
    if read is None or has_errors(folder.findings):
        raise Misconfigured(f"{config} has faults", folder.findings)
    policy, stock = read
    return Configuration(trade, policy, stock, folder.findings)


class Hub:
    """The built hub, open on one store. Satisfies `console.desk.Hub`."""

    def __init__(self, configuration: Configuration, store: Store, outward: Outward) -> None:
        trade, settings = configuration.trade, configuration.trade.settings
        self.name = settings.company.name
        self.host, self.port = settings.listen.host, settings.listen.port
        self.largest_body = settings.listen.largest_body
        self.inbox, self.archive, self.stock, self.access = store.inbox, store.archive, store.stock, store.access
        self.holds, self.returns, self._store = store.holds, store.returns, store
        self.erasing = ErasingEverywhere(store.erasing, outward.folders)
        self.webhooks = outward.webhooks
        self.doors = [Door(one.partner, one.name, "partner") for one in trade.partners.by_id.values()]
        self.doors += [Door(one.id, one.name, "connection") for one in trade.connections.by_id.values()]
        policy, read_routing = configuration.policy, partial(read_alone, model=Routing)
        self.hindsight = Hindsight(History(store.database), policy.network, read_routing)
        self._terms = policy.channel
        self._outward, self._destinations = outward, policy.posting.destinations
        self.publish_stock = _publishing(configuration, store, outward)
        self.publish_prices = _publishing_prices(configuration, store, outward)
        chores = _chores(configuration, store, self.erasing, self.publish_stock)
        chores["prices"] = (settings.publish_prices, self.publish_prices)
        self._flow = _flow(configuration, store, outward, chores)

    def offered(self, partner: str, rows: Sequence[StockRow]) -> Decimal:
        """How much of an item a partner may be told of, by its terms."""
        return sum(offers(rows, self._terms(partner).stock).values(), Decimal(0))

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
        told = {**row, "reasons": await self.hindsight.reasons(row)}
        return await asyncio.to_thread(told_lineage, told, raw.content if raw else None, self._outward.trade.translator)

    def reconcile(self) -> Reconcile:
        """Orders, documents, postings and the ERPs' own books, held against each other once."""
        told = {one.connection: one for one in self._destinations}
        stocks = {one.connection: one.stock for one in told.values() if one.mode_of("shipment") == "documents"}
        ledgers = self._outward.ledgers(sorted(told))
        return Reconcile(
            figures=partial(figures, self._store.database, self._destinations),
            ledgers={**ledgers, **{stocks[name]: one for name, one in self._outward.stocks(sorted(stocks)).items()}},
            rows=SortedRuns,
            uncompared=sorted(told.keys() - ledgers.keys()),
        )

    def staleness(self) -> Sequence[Mapping[str, Any]]:
        """How old each channel's orders, stock and tracking are: `{connection, what, seconds, limit, fresh}`."""
        return self._outward.staleness(SystemClock().now())

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


def _flow(configuration: Configuration, store: Store, outward: Outward, chores: Mapping[str, Job]) -> Flow:
    policy, clock, settings = configuration.policy, SystemClock(), configuration.trade.settings
    delivery = settings.delivery
    translate = Translate(store.inbox, outward.translator, policy)
    return Flow(
        translate=translate,
        route=RouteOrders(store.lanes, decide, needs, policy, clock),
        render=Render(store.outbox, outward.translator),
        deliver=Deliver(
            store.outbox,
            outward.courier,
            clock,
            SystemRandomness(),
            RetryPolicy(delivery.tries, delivery.first_wait, delivery.longest_wait),
            pace=Pace(delivery.per_minute),
            knows_again=partial(knows_again, configuration.trade.connections.by_id),
            understand=translate.understand,
        ),
        schedule=Schedule(
            Intake(store.inbox),
            outward.pickups,
            store.lanes,
            Ticker(),
            store.turns,
            settings.poll,
            chores=chores,
        ),
        peers=store.peers,
    )


def _publishing(configuration: Configuration, store: Store, outward: Outward) -> Callable[[], Awaitable[int]]:
    """Tells each channel that takes inventory reports what it may sell, where that has changed."""
    policy = configuration.policy
    channels = {name: policy.channel(name).stock for name in outward.takers(InventoryReport.__name__)}
    return partial(store.offers.publish, channels, policy.catalogue)


def _publishing_prices(configuration: Configuration, store: Store, outward: Outward) -> Callable[[], Awaitable[int]]:
    """Tells each partner that takes price lists what it pays, where that has changed."""
    every = configuration.trade.settings.publish_prices
    return partial(store.price_offers.publish, outward.takers(PriceList.__name__), configuration.policy, every)


def _gathering(configuration: Configuration, store: Store) -> Callable[[], Awaitable[int]]:
    """Gathers the entries of ERPs that are told of them by the day."""
    policy = configuration.policy
    return partial(store.summaries.gather, policy.posting.destinations, policy.company.time_zone)


def _chores(
    configuration: Configuration, store: Store, erasing: ErasingEverywhere, publish_stock: Callable[[], Awaitable[int]]
) -> dict[str, Job]:
    """What is done every so often."""
    settings, clock = configuration.trade.settings, SystemClock()
    chores: dict[str, Job] = {
        "anchor": (timedelta(minutes=1), store.anchors.note),
        "stock": (settings.publish_stock, publish_stock),
        "summaries": (timedelta(minutes=10), _gathering(configuration, store)),
    }
    if kept := settings.retention.personal_data:
        chores["retention"] = (timedelta(hours=1), lambda: erasing.all_before(clock.now() - kept, "retention"))
    return chores


def _findings(config: Path) -> Sequence[Finding]:
    """Every fault of the configuration, and what is worth knowing of its maps."""
    try:
        configuration = read_configuration(config, Path("data"))
    except Misconfigured as error:
        return error.findings
    return [*configuration.findings, *one_way_rules(configuration.trade.library)]


def _schemas() -> Mapping[str, Any]:
    """JSON Schemas of documents and configuration files, by name."""
    kinds: dict[str, type[BaseModel]] = dict(sorted(Document.kinds.items()))
    models: dict[str, type[BaseModel]] = {**kinds, **RULES, "story": Story, **configuration_models()}
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
        trade = read_trade(ConfigurationFolder(config), Path("data"), os.environ)
        return AuthoringBench(trade, config.parent, data)

    @asynccontextmanager
    async def open(self, config: Path, data: Path) -> AsyncIterator[Hub]:
        """The hub on its data directory, migrated and stocked."""
        async with self.opened(read_configuration(config, data), data) as hub:
            yield hub

    @asynccontextmanager
    async def opened(self, configuration: Configuration, data: Path) -> AsyncIterator[Hub]:
        """The hub of a configuration that is read already."""
        try:
            await asyncio.to_thread(data.mkdir, parents=True, exist_ok=True)
        except OSError as error:
            raise Misconfigured(f"{data} cannot be the data directory: {error.strerror}") from error
        url = configuration.trade.settings.database or sqlite_url(data / DATABASE)
        async with (
            open_outward(configuration.trade, data, SystemClock()) as outward,
            _store(configuration, url, data) as store,
        ):
            await store.configurations.keep(configuration.policy.digest, configuration.policy.model_dump_json())
            await stock_up(store.stock, configuration.stock)
            yield Hub(configuration, store, outward)

    async def backup(self, config: Path, data: Path, file: Path) -> Mapping[str, Any]:
        """Everything the hub holds in one file."""
        url, at = self._url(config, data), SystemClock().now()
        return await asyncio.to_thread(back_up, url, data, (*REMEMBERED, ANCHORS.parts[0]), file, at)

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

        configuration = read_configuration(config, data, InventedSecrets())
        folder = ConfigurationFolder(config)
        story = folder.model("demo/story.yaml", Story, "story")
        if story is None:
            raise Misconfigured("there is no story to play", folder.findings)
        async with (
            outside(configuration.trade, config.parent / "demo", data) as world,
            self.opened(replace(configuration, trade=configuration.trade.at(world.base_urls)), data) as hub,
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


def main() -> int:
    """The console script `crossdock`."""
    collect_rarely()
    return command_line(Crossdock(), sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
