"""Routing: each order's waiting documents are decided in sequence, orders beside each other."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from canonical import Document, Unavailable
from router.decision import Decision, Needs, World
from router.order import Order
from router.policy import Policy
from router.ports import Clock, Lane, LaneEntry, Lanes, Stale

_RETRY = timedelta(milliseconds=200)


class Decide(Protocol):
    """The pure decision."""

    def __call__(
        self, order: Order | None, document: Document, world: World, policy: Policy, *, sender: str
    ) -> Decision: ...


class NeedsOf(Protocol):
    """Which facts a decision will read."""

    def __call__(self, order: Order | None, document: Document, policy: Policy) -> Needs: ...


@dataclass(frozen=True, slots=True)
class RouteOrders:
    """One batch of lanes at a time."""

    lanes: Lanes
    decide: Decide
    needs: NeedsOf
    policy: Policy
    clock: Clock
    batch: int = 20
    tries: int = 5
    """How often a decision that lost its race is made again before its order waits a little."""

    async def step(self) -> int:
        """Decide what waits; how many lanes that were."""
        claimed = await self.lanes.claim(self.batch)
        await asyncio.gather(*(self._drain(lane) for lane in claimed))
        return len(claimed)

    async def _drain(self, lane: Lane) -> None:
        """Decide a lane's documents one after another, each on the order as the one before left it."""
        try:
            for entry in lane.entries:
                lane = replace(lane, order=await self._settle(lane, entry))
        except (Stale, Unavailable):
            await self.lanes.release(lane, retry_at=self.clock.now() + _RETRY)
            return
        await self.lanes.release(lane)

    async def _settle(self, lane: Lane, entry: LaneEntry) -> Order | None:
        """Decide one document, again when the world moved meanwhile. The order as it then stands."""
        for _ in range(self.tries - 1):
            try:
                return await self._decide(lane, entry)
            except Stale:
                continue
        return await self._decide(lane, entry)

    async def _decide(self, lane: Lane, entry: LaneEntry) -> Order | None:
        try:
            world = await self._world(self.needs(lane.order, entry.document, self.policy))
            decision = self.decide(lane.order, entry.document, world, self.policy, sender=entry.sender)
            return await self.lanes.commit(lane, entry, world, decision)
        except (Stale, Unavailable):
            raise
        except Exception as error:  # noqa: BLE001 - one document must never stop the others
            await self.lanes.undecidable(lane, entry, f"{type(error).__name__}: {error}")
            return lane.order

    async def _world(self, needs: Needs) -> World:
        """Every fact the decision will read, and the instant it is made at."""
        return World(
            now=self.clock.now(),
            configuration=self.policy.digest,
            stock=tuple(await self.lanes.stock(needs)),
            first_serial=await self.lanes.serials(needs.serials) if needs.serials else None,
        )
