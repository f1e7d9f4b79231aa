"""The world outside, open on one data directory: what is fetched, what is heard, and how things are handed over."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from connectors.cloud_events import WithEvents
from connectors.configuration import Trade
from connectors.courier import MeasuredCourier, callers, couriers
from connectors.engine.authorization import Clock
from connectors.engine.caller import Caller
from connectors.engine.cursor import FileCursors
from connectors.engine.meters import FileMeters
from connectors.engine.progress import FileProgress
from connectors.engine.tokens import FileTokens
from connectors.engine.wire import HttpWire
from connectors.file_exchange import Pickup, file_exchange
from connectors.freshness import FileAges, staleness
from connectors.ledger import HeldLine, read_ledger, read_shipments
from connectors.personal_data import Folders
from connectors.pickup import pickups
from connectors.transport.couriers import CourierByDestination
from connectors.transport.webhook import WebhookCourier
from connectors.webhooks import Webhooks

REMEMBERED = ("cursors", "taken")
"""Folders of the data directory in which pickups remember how far they read."""


@dataclass(frozen=True)
class Outward:
    """What reaches outside, and what is known of it. Processes on one data directory share tokens and allowances."""

    trade: Trade
    translator: WithEvents
    courier: CourierByDestination
    pickups: Sequence[Pickup]
    webhooks: Webhooks
    folders: Folders
    """Where files lie that we put there."""
    callers: Mapping[str, Caller]
    ages: FileAges

    def takers(self, kind: str) -> list[str]:
        """The partners and connections that take documents of a kind."""
        partners = [name for name, one in self.trade.partners.by_id.items() if kind in one.takes]
        return partners + [name for name, one in self.trade.connections.by_id.items() if kind in one.manifest.takes]

    def staleness(self, now: datetime) -> Sequence[Mapping[str, Any]]:
        """How old each channel's orders, stock and tracking are: `{connection, what, seconds, limit, fresh}`."""
        return [row for one in self.trade.connections.by_id.values() for row in staleness(self.ages, one, now)]

    def ledgers(self, connections: Sequence[str]) -> Mapping[str, Callable[[], AsyncIterator[HeldLine]]]:
        """What reads the books of those of the connections whose books can be read."""
        readable = {name: one for name, one in self._known(connections) if one.connection.manifest.reads.ledger}
        return {name: partial(read_ledger, caller) for name, caller in readable.items()}

    def stocks(self, connections: Sequence[str]) -> Mapping[str, Callable[[], AsyncIterator[HeldLine]]]:
        """What reads how much left the stock of those of the connections that tell it."""
        readable = {name: one for name, one in self._known(connections) if one.connection.manifest.reads.shipments}
        return {name: partial(read_shipments, caller) for name, caller in readable.items()}

    def _known(self, connections: Sequence[str]) -> Iterator[tuple[str, Caller]]:
        return ((name, self.callers[name]) for name in connections if name in self.callers)


@asynccontextmanager
async def open_outward(trade: Trade, data: Path, clock: Clock) -> AsyncIterator[Outward]:
    """The connections, folders and servers of everyone configured, until it is left."""
    wire, files = HttpWire(), file_exchange(trade, data)
    calling = _callers(trade, data, wire, clock)
    ages = FileAges(data / "ages")
    events = {
        one.id: WebhookCourier(one, trade.event_secrets.get(one.id), wire, clock) for one in trade.settings.events
    }
    fetched: Sequence[Pickup] = pickups(calling, FileCursors(data / "cursors"), ages)
    measured = {name: MeasuredCourier(one, ages, clock) for name, one in couriers(calling).items()}
    try:
        yield Outward(
            trade=trade,
            translator=WithEvents(trade.translator, events.keys(), trade.settings.hub),
            courier=CourierByDestination({**files.couriers, **measured, **events}),
            pickups=[*files.pickups, *fetched],
            webhooks=Webhooks(trade.connections.by_id, calling, clock),
            folders=files.folders,
            callers=calling,
            ages=ages,
        )
    finally:
        await files.close()
        await wire.close()


def _callers(trade: Trade, data: Path, wire: HttpWire, clock: Clock) -> Mapping[str, Caller]:
    kept = FileTokens(data / "tokens"), FileMeters(data / "meters"), FileProgress(data / "progress")
    return callers(trade.connections.by_id, wire, clock, *kept)
