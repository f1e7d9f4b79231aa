"""Fetches what connections hold ready: their lists, each item an arrival of its own."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from canonical import CrossdockError, Rejected
from canonical.exchange import Arrival
from connectors.engine.caller import Caller
from connectors.engine.condition import holds
from connectors.engine.cursor import Cursors, instant_of, since
from connectors.engine.operation import ask_step
from connectors.engine.sweep import sweep
from connectors.engine.template import expand, expand_text
from connectors.manifest import Operation
from connectors.manifest_limits import Pull
from connectors.syntax.json_text import write_json


@dataclass(slots=True)
class ConnectionPickup:
    """One list of one connection, asked for every so often.

    The cursor moves only when every item of a sweep was taken, so a crash asks again; what comes twice has the same
    transport key.
    """

    caller: Caller
    operation: str
    cursors: Cursors
    _due: datetime | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        """Connection and operation."""
        return f"{self.caller.connection.id}.{self.operation}"

    async def collect(self) -> AsyncIterator[Arrival]:
        """The items, when it is time again. Raises `Unavailable`, `Rejected` or `Misconfigured`."""
        operation = self.caller.connection.manifest.operations[self.operation]
        now = self.caller.clock.now()
        if operation.pull is None or (self._due and now < self._due):
            return
        self._due = now + operation.pull.every
        try:
            self.caller.connection.require()
            async for arrival in self._sweep(operation, operation.pull, now):
                yield arrival
        except CrossdockError as error:
            raise self.caller.redacted(error) from None

    async def _sweep(self, operation: Operation, pull: Pull, now: datetime) -> AsyncIterator[Arrival]:
        connection = self.caller.connection
        latest = kept = await self.cursors.get(self.name) if pull.cursor else None
        scope = {"settings": connection.settings}
        if pull.cursor:
            scope["since"] = since(pull.cursor, kept, now)  # type: ignore[assignment]
        async for item in sweep(self.caller, operation.steps[0], pull, scope):
            facts = {"map": pull.map, "kind": pull.kind, "syntax": "json", "topic": self.operation}
            if pull.updates == "ignore":
                facts["updates"] = "ignore"
            key = f"{self.operation}/{expand_text(pull.key, {'item': item})}"
            content = write_json(await self._shaped(operation, pull, item))
            yield Arrival(connection.id, "poll", content, key, facts)
            changed = instant_of(pull.cursor, item) if pull.cursor else None
            latest = max(filter(None, (latest, changed)), default=None)
        if latest and latest != kept:
            await self.cursors.set(self.name, latest)

    async def _shaped(self, operation: Operation, pull: Pull, item: Any) -> Any:
        """The item as its map reads it. One that can't be shaped arrives as it is: what is wrong is then told of it,
        and the others go on."""
        if pull.shape is None:
            return await self._whole(operation, item)
        scope = {"settings": self.caller.connection.settings}
        try:
            return expand(pull.shape, {**scope, "item": await self._whole(operation, item)})
        except Rejected:
            return item

    async def _whole(self, operation: Operation, item: Any) -> Any:
        """The item with what further steps ask for, each under its step's name."""
        for step in operation.steps[1:]:
            scope = {"settings": self.caller.connection.settings, "item": item}
            if holds(step.when, scope):
                tree, _ = await ask_step(self.caller, step, scope)
                item = {**item, step.name: tree}
        return item


def pickups(callers: Mapping[str, Caller], cursors: Cursors) -> list[ConnectionPickup]:
    """A pickup for every list of every connection."""
    return [
        ConnectionPickup(caller, name, cursors)
        for caller in callers.values()
        for name, operation in caller.connection.manifest.operations.items()
        if operation.pull and holds(operation.when, {"settings": caller.connection.settings})
    ]
