"""Routing: each order's waiting documents are decided in sequence, orders beside each other."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain, groupby
from operator import itemgetter
from typing import NamedTuple, Protocol

from canonical import Document, Unavailable
from router.decision import Decision, Needs, StockRow, World
from router.flow.patience import patiently
from router.incoming import IncomingRow
from router.load import NodeLoad
from router.order import Order
from router.policy import Policy
from router.ports import Clock, Lane, LaneEntry, Lanes, Stale

_RETRY = timedelta(milliseconds=200)

Stock = Mapping[str, Sequence[StockRow]]
"""The rows of each SKU."""


class Decide(Protocol):
    """The pure decision."""

    def __call__(
        self, order: Order | None, document: Document, world: World, policy: Policy, *, sender: str
    ) -> Decision: ...


class NeedsOf(Protocol):
    """Which facts a decision will read."""

    def __call__(self, order: Order | None, document: Document, policy: Policy) -> Needs: ...


class _Read(NamedTuple):
    """What a round of decisions reads."""

    stock: Stock
    loads: tuple[NodeLoad, ...]
    incoming: Sequence[IncomingRow]


@dataclass(slots=True)
class _Claimed:
    """A claimed lane on its way through its documents."""

    lane: Lane
    done: int = 0
    lost: int = 0
    """How often the decision on the next document lost its race."""

    @property
    def entry(self) -> LaneEntry:
        return self.lane.entries[self.done]

    def move_on(self, order: Order | None) -> None:
        """The document was decided and left the order like this."""
        self.lane, self.done, self.lost = replace(self.lane, order=order), self.done + 1, 0


@dataclass(frozen=True, slots=True)
class RouteOrders:
    """One batch of lanes at a time.

    In each round every lane's next document is decided on one reading of the stock, and the decisions are committed
    in the lanes' turn: who waited longest is served first, and whoever comes too late for the stock decides again.
    """

    lanes: Lanes
    decide: Decide
    needs: NeedsOf
    policy: Policy
    clock: Clock
    batch: int = 20
    tries: int = 5
    """How often a decision that lost its race is made before its order waits a little."""

    async def step(self) -> int:
        """Decide what waits; how many lanes that were."""
        return await self.work(await self.claim())

    async def claim(self, patience: float = 0) -> Sequence[Lane]:
        """The lanes in which something waits, or comes to within `patience` seconds."""
        return await self.lanes.claim(self.batch, patience=patience)

    async def work(self, claimed: Sequence[Lane]) -> int:
        """Decide what waits in these lanes; how many they were."""
        active = [_Claimed(lane) for lane in claimed]
        while active:
            active = await self._round(active)
        return len(claimed)

    async def _round(self, active: Sequence[_Claimed]) -> list[_Claimed]:
        """Decide one document of each lane; the lanes that have another."""
        wanted = [self._needs(claimed) for claimed in active]
        skus = sorted({sku for needs in wanted for sku in needs.skus})
        facts = await self.lanes.facts(skus, loads=self.policy.network.limited)
        read = _Read(_by_sku(facts.stock), tuple(facts.loads), facts.incoming)
        settled = await asyncio.gather(*(self._settle(*each, read) for each in zip(active, wanted, strict=True)))
        return [claimed for claimed, goes_on in zip(active, settled, strict=True) if goes_on]

    def _needs(self, claimed: _Claimed) -> Needs:
        """What the next decision reads; nothing when it cannot be told, for then the decision breaks alone."""
        try:
            return self.needs(claimed.lane.order, claimed.entry.document, self.policy)
        except Exception:  # noqa: BLE001 - one document must never stop the others
            return Needs()

    async def _settle(self, claimed: _Claimed, needs: Needs, read: _Read) -> bool:
        """Decide a lane's next document; whether the lane goes on to another round."""
        try:
            order = await self._decide(claimed, needs, read)
        except Stale:
            claimed.lost += 1
            return claimed.lost < self.tries or await self._release(claimed, _RETRY)
        except Unavailable:
            return await self._release(claimed, _RETRY)
        except Exception as error:  # noqa: BLE001 - one document must never stop the others
            return await self._give_up(claimed, error)
        claimed.move_on(order)
        return claimed.done < len(claimed.lane.entries)

    async def _give_up(self, claimed: _Claimed, error: Exception) -> bool:
        """Put a document before a person on which the decision itself broke; whether the lane goes on."""
        try:
            reason = f"{type(error).__name__}: {error}"
            await patiently(lambda: self.lanes.undecidable(claimed.lane, claimed.entry, reason))
        except (Stale, Unavailable):
            return await self._release(claimed, _RETRY)
        claimed.move_on(claimed.lane.order)
        return claimed.done < len(claimed.lane.entries) or await self._release(claimed)

    async def _release(self, claimed: _Claimed, wait: timedelta | None = None) -> bool:
        """Give the lane back: it takes no further part."""
        retry_at = self.clock.now() + wait if wait else None
        await patiently(lambda: self.lanes.release(claimed.lane, retry_at=retry_at))
        return False

    async def _decide(self, claimed: _Claimed, needs: Needs, read: _Read) -> Order | None:
        """Decide and commit. With its last document the lane is given back."""
        lane, entry = claimed.lane, claimed.entry
        world = await self._world(claimed, needs, read)
        decision = self.decide(lane.order, entry.document, world, self.policy, sender=entry.sender)
        last = claimed.done + 1 == len(lane.entries)
        return await patiently(lambda: self.lanes.commit(lane, entry, world, decision, last=last))

    async def _world(self, claimed: _Claimed, needs: Needs, read: _Read) -> World:
        """Every fact the decision will read, and the instant it is made at."""
        lane, incoming = claimed.lane, [row for row in read.incoming if row.sku in needs.skus]
        priority = lane.order.priority if lane.order else self.policy.channel(claimed.entry.sender).priority
        coming = sorted({row.sku for row in incoming})
        return World.model_construct(
            now=self.clock.now(),
            configuration=self.policy.digest,
            stock=tuple(chain.from_iterable([read.stock.get(sku, ()) for sku in needs.skus])),
            loads=read.loads,
            incoming=tuple(incoming),
            ahead=tuple(await self.lanes.ahead(lane.key, priority, coming)) if coming else (),
            first_serial=await self.lanes.serials(needs.serials) if needs.serials else None,
        )


def _by_sku(rows: Sequence[StockRow]) -> Stock:
    return {sku: list(of_sku) for sku, of_sku in groupby(rows, key=itemgetter(0))}
