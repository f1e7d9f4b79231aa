"""The flow: the street's steps, run one after another until nothing is due, or side by side in loops by role."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field

from canonical import Unavailable
from router.flow.deliver import Deliver
from router.flow.render import Render
from router.flow.route import RouteOrders
from router.flow.schedule import Schedule
from router.flow.translate import Translate
from router.ports import Peers

_log = logging.getLogger(__name__)

ROLES = frozenset({"web", "intake", "route", "deliver", "schedule"})
_POLL = 0.5
"""Seconds after which a loop looks for work that nobody told it of: another process's, or a retry now due."""


@dataclass(slots=True)
class Bell:
    """Wakes a loop at once when there is work for it."""

    _rung: asyncio.Event = field(default_factory=asyncio.Event)

    def ring(self) -> None:
        """Say that there is work."""
        self._rung.set()

    async def wait(self) -> None:
        """Until it rings, or long enough to look anyway."""
        try:
            async with asyncio.timeout(_POLL):
                await self._rung.wait()
        except TimeoutError:
            return
        finally:
            self._rung.clear()


@dataclass(slots=True)
class Bells:
    """One bell for each loop."""

    translate: Bell = field(default_factory=Bell)
    route: Bell = field(default_factory=Bell)
    render: Bell = field(default_factory=Bell)
    deliver: Bell = field(default_factory=Bell)

    def ring(self) -> None:
        """Wake every loop."""
        for bell in (self.translate, self.route, self.render, self.deliver):
            bell.ring()


@dataclass(frozen=True, slots=True)
class Flow:
    """The street as one: translate, route, render, deliver."""

    translate: Translate
    route: RouteOrders
    render: Render
    deliver: Deliver
    schedule: Schedule
    bells: Bells
    peers: Peers

    async def drain(self) -> None:
        """Work until nothing is due."""
        while await self.translate.step() + await self.route.step() + await self._send():
            pass

    async def _send(self) -> int:
        return await self.render.step() + await self.deliver.step()

    async def run(self, roles: frozenset[str] = ROLES) -> None:
        """Work by role until cancelled, then finish the deliveries under way."""
        await self.peers.give_back()
        try:
            async with asyncio.TaskGroup() as loops:
                for loop in self._loops(roles):
                    loops.create_task(loop)
                loops.create_task(self.peers.listen(self.bells.ring))
        finally:
            await self.deliver.finish()

    def _loops(self, roles: frozenset[str]) -> list[Coroutine[None, None, None]]:
        bells = self.bells
        by_role: dict[str, list[Callable[[], Coroutine[None, None, None]]]] = {
            "intake": [lambda: _keep_at(self.translate.step, bells.translate, [bells.route, bells.deliver])],
            "route": [lambda: _keep_at(self.route.step, bells.route, [bells.render])],
            "deliver": [
                lambda: _keep_at(self.render.step, bells.render, [bells.deliver]),
                lambda: _keep_at(self.deliver.start, bells.deliver, []),
            ],
            "schedule": [self.schedule.run],
        }
        return [loop() for role in sorted(roles) for loop in by_role.get(role, [])]


async def _keep_at(step: Callable[[], Awaitable[int]], bell: Bell, next_bells: list[Bell]) -> None:
    """Run one step for ever, telling the next ones when there is something for them."""
    while True:
        try:
            done = await step()
        except Unavailable as error:
            _log.warning("the store is away, waiting for it: %s", error.message)
            done = 0
        except Exception:  # noqa: BLE001 - a loop must outlive whatever one step runs into
            _log.exception("a step of the flow broke off")
            done = 0
        if not done:
            await bell.wait()
            continue
        for following in next_bells:
            following.ring()
