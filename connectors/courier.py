"""Hands parcels to connections: each by the operation its manifest declares for the document's kind."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from canonical import CrossdockError, Finding, Question, Rejected, Unavailable
from canonical.exchange import Arrival, Handed, Parcel
from connectors.connection import Connection
from connectors.engine.authorization import Clock
from connectors.engine.caller import Caller
from connectors.engine.meters import MemoryMeters, Meters
from connectors.engine.operation import has_effect, run
from connectors.engine.place import file_name, place
from connectors.engine.progress import MemoryProgress, Progress
from connectors.engine.template import expand_text
from connectors.engine.tokens import MemoryTokens, Tokens
from connectors.engine.wire import Wire
from connectors.freshness import Ages, told, waiting
from connectors.manifest import Operation, Place, Take
from connectors.syntax.json_text import read_json


class ConnectionCourier:
    """The courier of one connection."""

    def __init__(self, caller: Caller) -> None:
        self._caller, self._connection = caller, caller.connection

    async def deliver(self, parcel: Parcel) -> Handed:
        """Hand it over. The same parcel again has one effect.

        Raises `Unavailable` (`ambiguous` when the effect may be there), `Rejected`, or `Misconfigured`.
        """
        take = self._connection.manifest.takes.get(parcel.kind)
        if take is None:
            message = f"{self._connection.id} takes no {parcel.kind}"
            raise Rejected(message, [Finding("kind-not-taken", "error", {"kind": parcel.kind}, message)])
        operation = self._connection.manifest.operations[take.operation]
        if operation.place:
            return Handed(await self._place(operation.place, parcel))
        return await self._call(operation, take, parcel)

    async def _call(self, operation: Operation, take: Take, parcel: Parcel) -> Handed:
        outcome = await run(self._caller, operation, read_json(parcel.content), parcel.key)
        receipt = {"operation": take.operation, "already": outcome.already, **outcome.receipt}
        return Handed(receipt, self._answer(take, parcel, outcome.content))

    def _answer(self, take: Take, parcel: Parcel, content: bytes) -> Arrival | None:
        """What was answered to a question, as an arrival that comes once for its parcel."""
        if take.answer is None or not isinstance(parcel.document, Question):
            return None
        facts = {"map": take.answer.map, "question": parcel.document.number}
        return Arrival(self._connection.id, "answer", content, parcel.key, facts)

    async def _place(self, target: Place, parcel: Parcel) -> Mapping[str, Any]:
        self._connection.require()
        directory = Path(expand_text(target.directory, {"settings": self._connection.settings}))
        placed = await asyncio.to_thread(place, directory, file_name(parcel.filename), parcel.content)
        return {"path": str(placed.path), "sha256": placed.sha256, "already": placed.already}


@dataclass(frozen=True, slots=True)
class MeasuredCourier:
    """A courier that notes what its channel has not been told yet."""

    courier: ConnectionCourier
    ages: Ages
    clock: Clock

    async def deliver(self, parcel: Parcel) -> Handed:
        """As the courier beneath does."""
        try:
            handed = await self.courier.deliver(parcel)
        except Unavailable:
            waiting(self.ages, parcel.destination, parcel.kind, parcel.key, self.clock.now())
            raise
        except CrossdockError:
            told(self.ages, parcel.destination, parcel.kind, parcel.key)
            raise
        told(self.ages, parcel.destination, parcel.kind, parcel.key)
        return handed


def callers(
    connections: Mapping[str, Connection],
    wire: Wire,
    clock: Clock,
    tokens: Tokens | None = None,
    meters: Meters | None = None,
    progress: Progress | None = None,
) -> Mapping[str, Caller]:
    """A caller for every connection: couriers and pickups of one share it.

    Without `tokens`, `meters` and `progress` these are kept in memory, for one process alone.
    """
    shared = tokens or MemoryTokens(), meters or MemoryMeters(), progress or MemoryProgress()
    return {name: Caller(connection, wire, clock, *shared) for name, connection in connections.items()}


def knows_again(connections: Mapping[str, Connection], parcel: Parcel) -> bool:
    """Whether its destination knows a parcel that comes again, so that it may be sent again in doubt.

    Partners know files by their names and events by their ids; another system, by what its manifest says of the call.
    """
    connection = connections.get(parcel.destination)
    if connection is None or (take := connection.manifest.takes.get(parcel.kind)) is None:
        return True
    operation = connection.manifest.operations[take.operation]
    return bool(operation.idempotency or operation.place) or not has_effect(connection.manifest, operation)


def couriers(callers: Mapping[str, Caller]) -> Mapping[str, ConnectionCourier]:
    """A courier for every connection that takes anything, by its id."""
    return {name: ConnectionCourier(caller) for name, caller in callers.items() if caller.connection.manifest.takes}
