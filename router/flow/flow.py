"""The flow: the street's steps, run one after another until nothing is due, or side by side in loops by role."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

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

Step = Callable[[], Coroutine[object, object, int]]
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
    pulse: Pulse = field(default_factory=Pulse)

    async def drain(self) -> None:
        """Work until nothing is due."""
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
                loops.create_task(self.peers.listen(self.bells.ring))
        finally:
            await self.deliver.finish(GRACE)
            with contextlib.suppress(Unavailable):  # then the claims run out by themselves
                await self.peers.let_go()

    def _loops(self, roles: frozenset[str]) -> list[Coroutine[None, None, None]]:
        bells = self.bells
        by_role: dict[str, list[Callable[[], Coroutine[None, None, None]]]] = {
            "intake": [lambda: self._keep_at("translate", self.translate.step, [bells.route, bells.deliver])],
            "route": [lambda: self._keep_at("route", self.route.step, [bells.render])],
            "deliver": [
                lambda: self._keep_at("render", self.render.step, [bells.deliver]),
                lambda: self._keep_at("deliver", self.deliver.start, []),
            ],
            "schedule": [self.schedule.run],
        }
        return [loop() for role in sorted(roles) for loop in by_role.get(role, [])]

    async def _keep_at(self, name: str, step: Step, next_bells: list[Bell]) -> None:
        """Run one step for ever, telling the next ones when there is something for them."""
        bell: Bell = getattr(self.bells, name)
        while True:
            self.pulse.beat(name)
            if not await finished(_outlived(step)):
                await bell.wait()
                continue
            for following in next_bells:
                following.ring()


async def _outlived(step: Step) -> int:
    """What one step did; nothing when it broke off, which the loop outlives."""
    try:
        return await step()
    except Unavailable as error:
        _log.warning("the store is away, waiting for it: %s", error.message)
    except Exception:  # noqa: BLE001 - a loop must outlive whatever one step runs into
        _log.exception("a step of the flow broke off")
    return 0
