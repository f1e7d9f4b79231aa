"""Fetches what connections hold ready: their lists, each item an arrival of its own."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from canonical import CrossdockError, Rejected, Unfinished
from canonical.exchange import Arrival
from connectors.agenda import Agenda
from connectors.engine.caller import Caller
from connectors.engine.condition import holds
from connectors.engine.cursor import Cursors, instant_of, moved_to, span, written
from connectors.engine.operation import ask_step, run, take_steps
from connectors.engine.path import all_at
from connectors.engine.progress import Course
from connectors.engine.reach import items_of
from connectors.engine.sweep import sweep
from connectors.engine.template import expand, expand_text
from connectors.freshness import Ages, MemoryAges, fetched, look
from connectors.manifest import Operation
from connectors.manifest_calls import Step
from connectors.manifest_lists import Cursor, Pull
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
    agenda: Agenda = field(default_factory=Agenda)

    @property
    def name(self) -> str:
        """Connection and operation."""
        return f"{self.caller.connection.id}.{self.operation}"

    async def collect(self) -> AsyncIterator[Arrival]:
        """The items, when it is time again. Raises `Unavailable`, `Rejected` or `Misconfigured`."""
        operation = self.caller.connection.manifest.operations[self.operation]
        now = self.caller.clock.now()
        connection, ages = self.caller.connection, self.agenda.ages
        if operation.pull is None or not self.agenda.due(connection, self.operation, now):
            return
        planned = self.agenda.every(connection, self.operation)
        look(ages, connection.id, self.operation, now, now + planned)
        before = Counter(self.caller.pace.taken)
        try:
            self.caller.connection.require()
            async for arrival in self._sweep(operation, operation.pull, now):
                yield arrival
            borne = self.agenda.every(connection, self.operation, self.caller.pace.taken - before)
            if borne > planned:
                look(ages, connection.id, self.operation, now, now + borne)
            fetched(ages, connection.id, self.operation, now)
        except Unfinished as waiting:
            look(ages, connection.id, self.operation, now, now + timedelta(seconds=waiting.retry_after or 0))
        except CrossdockError as error:
            raise self.caller.redacted(error) from None

    async def _sweep(self, operation: Operation, pull: Pull, now: datetime) -> AsyncIterator[Arrival]:
        connection = self.caller.connection
        kept = await self.cursors.get(self.name) if pull.cursor else None
        scope: dict[str, Any] = {
            "settings": connection.settings,
            **(_asked(pull.cursor, kept, now) if pull.cursor else {}),
        }
        further = _parts(operation, pull)[2]
        latest = kept
        async for item in self._items(operation, pull, scope):
            changed = instant_of(pull.cursor, item) if pull.cursor else None
            if _too_old(pull.cursor, changed, kept, now):
                continue
            for one in _wanted(pull, item, connection.settings):
                yield await self._arrival(further, pull, one)
            latest = max(filter(None, (latest, changed)), default=None)
        if pull.cursor:
            moved = moved_to(pull.cursor, latest, datetime.fromisoformat(scope["ends"]), now)
            if moved and moved != kept:
                await self.cursors.set(self.name, moved)

    async def _arrival(self, further: Sequence[Step], pull: Pull, item: Any) -> Arrival:
        facts = {"map": pull.map, "kind": pull.kind, "syntax": "json", "topic": self.operation}
        if pull.updates == "ignore":
            facts["updates"] = "ignore"
        key = f"{self.operation}/{expand_text(pull.key, {'item': item})}"
        content = write_json(await self._shaped(further, pull, item))
        return Arrival(self.caller.connection.id, "poll", content, key, facts)

    async def _items(self, operation: Operation, pull: Pull, scope: dict[str, Any]) -> AsyncIterator[Any]:
        if operation.function:
            async for item in items_of(operation, self.operation, self.caller, scope.get("since")):
                yield item
            return
        ready, listing, _ = _parts(operation, pull)
        await take_steps(self.caller, ready, scope, Course(self.caller.progress, self.name, ready))
        async for item in sweep(self.caller, listing[0], pull, scope):
            yield item

    async def _shaped(self, further: Sequence[Step], pull: Pull, item: Any) -> Any:
        """The item as its map reads it. One that can't be shaped arrives as it is: what is wrong is then told of it,
        and the others go on."""
        if pull.shape is None:
            return await self._whole(further, item)
        scope = {"settings": self.caller.connection.settings}
        try:
            return expand(pull.shape, {**scope, "item": await self._whole(further, item)})
        except Rejected:
            return item

    async def _whole(self, further: Sequence[Step], item: Any) -> Any:
        """The item with what further steps ask for, each under its step's name; one that is no object is the `value`
        beside them."""
        for step in further:
            scope = {"settings": self.caller.connection.settings, "item": item}
            if holds(step.when, scope):
                tree, _ = await ask_step(self.caller, step, scope)
                item = {**(item if isinstance(item, Mapping) else {"value": item}), step.name: tree}
        return item


def _parts(operation: Operation, pull: Pull) -> tuple[Sequence[Step], Sequence[Step], Sequence[Step]]:
    """The steps that make the list ready, the one that asks for it, and those for each of its items."""
    names = [step.name for step in operation.steps]
    at = names.index(pull.list) if pull.list else 0
    return operation.steps[:at], operation.steps[at : at + 1], operation.steps[at + 1 :]


def _wanted(pull: Pull, item: Any, settings: Mapping[str, Any]) -> list[Any]:
    """The item, or each part of it that arrives by itself, as far as the pull wants it."""
    parts = [{**item, "part": part} for part in all_at(item, pull.each)] if pull.each else [item]
    return [one for one in parts if holds(pull.when, {"settings": settings, "item": one})]


def _asked(cursor: Cursor, kept: datetime | None, now: datetime) -> dict[str, str]:
    starts, ends = span(cursor, kept, now)
    return {"since": written(cursor, starts), "until": written(cursor, ends), "ends": ends.isoformat()}


def _too_old(cursor: Cursor | None, changed: datetime | None, kept: datetime | None, now: datetime) -> bool:
    """Whether an item was only told because the list can't be asked by time."""
    return cursor is not None and cursor.client_side and changed is not None and changed < span(cursor, kept, now)[0]


@dataclass(slots=True)
class ConnectionChore:
    """An operation that runs by itself, such as one that renews a subscription. It brings nothing.

    Its last success is kept, so that neither a restart nor a second process runs it too soon.
    """

    caller: Caller
    operation: str
    cursors: Cursors

    @property
    def name(self) -> str:
        """Connection and operation."""
        return f"{self.caller.connection.id}.{self.operation}"

    async def collect(self) -> AsyncIterator[Arrival]:
        """Run it when it is time. Raises `Unavailable`, `Rejected` or `Misconfigured`."""
        operation, now = self.caller.connection.manifest.operations[self.operation], self.caller.clock.now()
        last = await self.cursors.get(self.name)
        if operation.every and (last is None or now - last >= operation.every):
            with suppress(Unfinished):
                await run(self.caller, operation, {}, f"{self.name}/{last.isoformat() if last else ''}")
                await self.cursors.set(self.name, now)
        nothing: tuple[Arrival, ...] = ()
        for arrival in nothing:
            yield arrival


def pickups(
    callers: Mapping[str, Caller], cursors: Cursors, ages: Ages | None = None
) -> list[ConnectionPickup | ConnectionChore]:
    """A pickup for every list of every connection, and one for all that runs by itself.

    Without `ages` what is known of their age is kept in memory, for one process alone.
    """
    agenda = Agenda([caller.connection for caller in callers.values()], ages or MemoryAges())
    return [
        ConnectionPickup(caller, name, cursors, agenda) if operation.pull else ConnectionChore(caller, name, cursors)
        for caller in callers.values()
        for name, operation in caller.connection.manifest.operations.items()
        if (operation.pull or operation.every) and holds(operation.when, {"settings": caller.connection.settings})
    ]
