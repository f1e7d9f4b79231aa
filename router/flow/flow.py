"""The flow: the street's steps, run one after another until nothing is due, or side by side in loops by role."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from canonical import Unavailable
from router.flow.deliver import Deliver
from router.flow.ending import GRACE, finished
from router.flow.pulse import Pulse
from router.flow.render import Render
from router.flow.route import RouteOrders
from router.flow.schedule import Schedule
from router.flow.translate import Translate
from router.ports import Peers

_log = logging.getLogger(__name__)

ROLES = frozenset({"web", "intake", "route", "deliver", "schedule"})
_POLL = 0.5
"""Seconds after which a loop looks for work that nobody told it of, such as a retry now due."""


class Step(Protocol):
    """A step of the flow, as its loop takes it."""

    async def claim(self, patience: float = 0) -> Sequence[Any]:
        """What is due; with nothing due, what comes to be within `patience` seconds."""
        ...

    async def work(self, claimed: Sequence[Any]) -> int:
        """Do what was claimed."""
        ...


@dataclass(frozen=True, slots=True)
class Flow:
    """The street as one: translate, route, render, deliver."""

    translate: Translate
    route: RouteOrders
    render: Render
    deliver: Deliver
    schedule: Schedule
    peers: Peers
    pulse: Pulse = field(default_factory=Pulse)

    async def drain(self) -> None:
        """Work until nothing is due; what processes had claimed that are gone is."""
        await self.peers.give_back()
        while await self.translate.step() + await self.route.step() + await self._send():
            pass

    async def _send(self) -> int:
        return await self.render.step() + await self.deliver.step()

    async def run(self, roles: frozenset[str] = ROLES) -> None:
        """Work by role until cancelled, then finish what is under way and give back the rest."""
        await self.peers.give_back()
        try:
            async with asyncio.TaskGroup() as loops:
                for loop in self._loops(roles):
                    loops.create_task(loop)
                loops.create_task(self.peers.listen())
        finally:
            await self.deliver.finish(GRACE)
            with contextlib.suppress(Unavailable):  # then the claims run out by themselves
                await self.peers.let_go()

    def _loops(self, roles: frozenset[str]) -> list[Coroutine[None, None, None]]:
        by_role: dict[str, list[Callable[[], Coroutine[None, None, None]]]] = {
            "intake": [lambda: self._keep_at("translate", self.translate)],
            "route": [lambda: self._keep_at("route", self.route)],
            "deliver": [
                lambda: self._keep_at("render", self.render),
                lambda: self._keep_at("deliver", self.deliver),
            ],
            "schedule": [self.schedule.run],
        }
        return [loop() for role in sorted(roles) for loop in by_role.get(role, [])]

    async def _keep_at(self, name: str, step: Step) -> None:
        """Take one step for ever. It outlives whatever it runs into."""
        while True:
            self.pulse.beat(name)
            try:
                await finished(step.work(await step.claim(_POLL)))
            except Unavailable as error:
                _log.warning("the store is away, waiting for it: %s", error.message)
                await asyncio.sleep(_POLL)
            except Exception:  # noqa: BLE001 - a loop must outlive whatever one step runs into
                _log.exception("a step of the flow broke off")
                await asyncio.sleep(_POLL)
