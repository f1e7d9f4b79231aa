"""The demo's play: a story in YAML, stand-ins that act it out, and beats that tell what the hub made of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, Self

from pydantic import Field, model_validator

from canonical import Model, Text, Unavailable
from console.desk import Beat, Hub
from console.web.server import serve
from console.wording import identity

Row = Mapping[str, Any]

_LOOKS = 300
_PAUSE = 0.1
"""How often, and how many seconds apart, it is looked for a dropped file before the play is given up."""

_WORDS = {
    ("in", "PurchaseOrder"): "received",
    ("in", "ShipmentAdvice"): "shipped",
    ("in", "ReturnReceipt"): "returned",
    ("out", "CreditMemo"): "credited",
    ("out", "Acknowledgment"): "answered",
    ("out", "OrderAcknowledgment"): "answered",
    ("out", "JournalEntry"): "posted",
}


class Step(Model):
    """A file that a partner drops, or that a shop pushes under a topic, or a carrier that delivers what it labelled."""

    drop: Text | None = None
    partner: Text | None = None
    push: Text | None = None
    connection: Text | None = None
    topic: Text | None = None
    carry: Text | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        ways = (self.drop, self.partner), (self.push, self.connection, self.topic), (self.carry,)
        if [all(way) for way in ways if any(way)] != [True]:
            raise ValueError("a step is {drop, partner}, {push, connection, topic} or {carry}")
        return self


class Act(Model):
    """What happens under one heading."""

    title: Text
    steps: tuple[Step, ...] = Field(min_length=1)


class Story(Model):
    """The whole play. `expected_exceptions` counts those it provokes on purpose, by code."""

    acts: tuple[Act, ...] = Field(min_length=1)
    expected_exceptions: dict[str, int] = Field(default_factory=dict)


class World(Protocol):
    """The stand-ins."""

    async def drop(self, partner: str, filename: str) -> None: ...

    async def push(self, connection: str, topic: str, filename: str, url: str) -> int: ...

    async def ship(self) -> Sequence[Any]: ...

    async def carry(self, connection: str, url: str) -> int: ...

    def spoil(self) -> AbstractContextManager[str]: ...


class Rehearsal:
    """Plays a story on a hub. `look` has the hub look into its watched places once, and says how much it took."""

    def __init__(self, story: Story, world: World, look: Callable[[], Awaitable[int]]) -> None:
        self._story, self._world, self._look = story, world, look
        self._told: set[str] = set()

    def acts(self) -> Sequence[Mapping[str, str]]:
        """In order: `{title, door, file}`."""
        return [
            {"title": act.title, "door": step.partner or step.connection or step.carry or "", "file": file}
            for act in self._story.acts
            for step in act.steps
            for file in [step.drop or step.push or ""]
        ]

    def expected_exceptions(self) -> Mapping[str, int]:
        """Exception code -> how many."""
        return self._story.expected_exceptions

    def spoil(self) -> AbstractContextManager[str]:
        """Until the block ends an entry is missing from an ERP's books; what was done to them, in words."""
        return self._world.spoil()

    async def play(self, hub: Hub) -> AsyncIterator[Beat]:
        """Play it until nothing is due, yielding what happened."""
        async with serve(hub, "127.0.0.1", 0) as served:
            for act in self._story.acts:
                yield Beat(what="act", detail=act.title)
                for step in act.steps:
                    yield await self._take(step, served.url)
                async for beat in self._settle(hub):
                    yield beat

    async def _take(self, step: Step, url: str) -> Beat:
        if step.drop and step.partner:
            await self._world.drop(step.partner, step.drop)
            await self._taken()
            return Beat(what="received", detail="a file in the watched directory", door=step.partner, file=step.drop)
        if step.carry:
            told = await self._world.carry(step.carry, f"{url}/hooks/{step.carry}")
            return Beat(what="received", detail=f"{told} events of the packages that it carries", door=step.carry)
        assert step.push and step.connection and step.topic  # noqa: PT018 - the model says so
        hook = f"{url}/hooks/{step.connection}"
        status = await self._world.push(step.connection, step.topic, step.push, hook)
        what = "received" if status < 300 else "refused"
        return Beat(what=what, detail=f"a signed webhook, answered {status}", door=step.connection, file=step.push)

    async def _taken(self) -> None:
        """Look until the dropped file was taken: it must first have stood still for a while."""
        for _ in range(_LOOKS):
            if await self._look():
                return
            await asyncio.sleep(_PAUSE)
        raise Unavailable("a dropped file was not taken; is another hub at work on this data directory?")

    async def _settle(self, hub: Hub) -> AsyncIterator[Beat]:
        """Work until nothing is due anywhere, the warehouses included."""
        while True:
            await hub.drain()
            async for beat in self._news(hub):
                yield beat
            if not await self._world.ship():
                return
            await self._look()

    async def _news(self, hub: Hub) -> AsyncIterator[Beat]:
        """What the hub has come to hold since the last time, in the sequence it happened."""
        for row in reversed(await hub.archive.documents(limit=1000)):
            if self._is_news(row["id"]):
                async for beat in self._document(hub, row):
                    yield beat
        for row in await hub.archive.exceptions():
            if self._is_news(row["id"]):
                yield Beat(what="refused", detail=f"{row['code']}: {row['reason']}")

    def _is_news(self, row_id: str) -> bool:
        known = row_id in self._told
        self._told.add(row_id)
        return not known

    async def _document(self, hub: Hub, row: Row) -> AsyncIterator[Beat]:
        name = f"{row['kind']} {identity(row['identity'])}"
        if row["status"] in ("duplicate", "conflict", "rejected"):
            yield Beat(
                what="duplicate" if row["status"] == "duplicate" else "refused", detail=f"{name}: {row['status']}"
            )
            return
        way = "from" if row["direction"] == "in" else "to"
        usage = "" if row["usage"] == "production" else f" ({row['usage']})"
        if row["status"] in ("declined", "withheld"):
            yield Beat(what="noted", detail=f"{name} for {row['partner']}: {row['status']}{usage}")
            return
        what = _WORDS.get((row["direction"], row["kind"]), "sent" if row["direction"] == "out" else "received")
        yield Beat(what=what, detail=f"{name} {way} {row['partner']}{usage}")
        if row["direction"] == "in" and row["order"] and (order := await hub.archive.order(row["order"])):
            for told in (one for one in order["explanations"] if one["document"] == row["id"]):
                yield Beat(what="decided", detail=told["explanation"]["summary"], order=order["number"])
