"""Routing: each order's waiting documents are decided in sequence, orders beside each other."""

import asyncio
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import accumulate, chain, groupby
from operator import itemgetter
from typing import NamedTuple, Protocol

from canonical import Document, Unavailable
from router.decision import Decision, Needs, StockRow, World
from router.flow.patience import patiently, patiently_all
from router.incoming import Ahead, IncomingRow
from router.lanes import Decided
from router.load import NodeLoad
from router.master_data import MasterData, asked_by
from router.order import Order
from router.policy import Policy
from router.ports import Clock, Facts, Lane, LaneEntry, Lanes, Stale
from router.transit import TransitRow

_RETRY = timedelta(milliseconds=200)
_FEW = 20
"""Items of an order that is decided on in the commit that brings its document."""

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
    transits: Sequence[TransitRow]
    ahead: Sequence[tuple[Ahead, ...]]
    """For each decision, as its serials are."""
    serials: Sequence[int | None]


@dataclass(slots=True)
class _Claimed:
    """A claimed lane on its way through its documents."""

    lane: Lane
    done: int = 0
    lost: int = 0
    """How often the decision on the next document lost its race."""
    released: bool = False

    @property
    def entry(self) -> LaneEntry:
        return self.lane.entries[self.done]

    @property
    def goes_on(self) -> bool:
        """Whether it takes part in another round."""
        return not self.released and self.done < len(self.lane.entries)

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
        """The lanes in which something waits, or comes to within `patience` seconds and is not decided at once."""
        return await self.lanes.claim(self.batch, patience=patience, at_once=self.at_once)

    def at_once(self, lane: Lane, facts: Callable[[Sequence[str]], Facts]) -> Decided | None:
        """The decision on the only document that came for a known order, if it reads but the stock of a few items."""
        claimed = _Claimed(lane)
        if lane.order is None or lane.told or len(lane.entries) > 1 or self.policy.network.limited:
            return None
        needs = self._needs(claimed, None)
        if needs.serials or needs.regions or len(needs.skus) > _FEW:
            return None
        found = facts(needs.skus)
        if found.incoming:
            return None
        read = _Read(_by_sku(found.stock), loads=(), incoming=(), transits=(), ahead=(), serials=())
        made = self._decided(claimed, self._world(needs, None, (), None, read))
        return made if isinstance(made, Decided) else None

    async def work(self, claimed: Sequence[Lane]) -> int:
        """Decide what waits in these lanes; how many they were."""
        active = [_Claimed(lane) for lane in claimed]
        while active:
            active = await self._round(active)
        return len(claimed)

    async def _round(self, active: Sequence[_Claimed]) -> list[_Claimed]:
        """Decide one document of each lane; the lanes that have another."""
        made = [self._decided(*each) for each in zip(active, await self._worlds(active), strict=True)]
        written = iter(await patiently_all(self.lanes.commit, [one for one in made if isinstance(one, Decided)]))
        broken: list[tuple[_Claimed, Exception]] = []
        for claimed, one in zip(active, made, strict=True):
            outcome = next(written) if isinstance(one, Decided) else one
            if isinstance(outcome, Exception):
                broken.append((claimed, outcome))
            else:
                claimed.move_on(outcome)
        await asyncio.gather(*(self._mend(*each) for each in broken))
        return [claimed for claimed in active if claimed.goes_on]

    def _decided(self, claimed: _Claimed, world: World | Exception) -> Decided | Exception:
        """The decision on a lane's next document; with the last one the lane is given back."""
        if isinstance(world, Exception):
            return world
        lane, entry = claimed.lane, claimed.entry
        try:
            made = self.decide(lane.order, entry.document, world, self.policy, sender=entry.sender)
        except Exception as error:  # noqa: BLE001 - one document must never stop the others
            return error
        return Decided(lane, entry, world, made, last=claimed.done + 1 == len(lane.entries))

    async def _mend(self, claimed: _Claimed, error: Exception) -> None:
        """Have a decision that came to nothing made again, at once or later, or put before a person."""
        claimed.lost += isinstance(error, Stale)
        if isinstance(error, Unavailable) or claimed.lost == self.tries:
            await self._release(claimed, _RETRY)
        elif not isinstance(error, Stale):
            await self._give_up(claimed, error)

    async def _give_up(self, claimed: _Claimed, error: Exception) -> None:
        """Put a document before a person on which the decision itself broke."""
        try:
            reason = f"{type(error).__name__}: {error}"
            await patiently(lambda: self.lanes.undecidable(claimed.lane, claimed.entry, reason))
        except (Stale, Unavailable):
            await self._release(claimed, _RETRY)
            return
        claimed.move_on(claimed.lane.order)
        if not claimed.goes_on:
            await self._release(claimed)

    async def _release(self, claimed: _Claimed, wait: timedelta | None = None) -> None:
        """Give the lane back: it takes no further part."""
        claimed.released = True
        retry_at = self.clock.now() + wait if wait else None
        await patiently(lambda: self.lanes.release(claimed.lane, retry_at=retry_at))

    async def _worlds(self, active: Sequence[_Claimed]) -> Sequence[World | Exception]:
        """Every fact that each next decision will read, of one reading of the stock, and the instant it is made at."""
        try:
            told = await self._told(active)
            wanted = [self._needs(*each) for each in zip(active, told, strict=True)]
            read = await self._read(active, wanted)
        except Unavailable as error:
            return [error] * len(active)
        return [self._world(*each, read) for each in zip(wanted, told, read.ahead, read.serials, strict=True)]

    async def _told(self, active: Sequence[_Claimed]) -> Sequence[MasterData | None]:
        """What documents have told of what each next decision asks; nobody is asked where they told nothing."""
        if not any(claimed.lane.told for claimed in active):
            return [None] * len(active)
        asked = [asked_by(one.lane.order, one.entry.document, one.entry.sender, self.policy) for one in active]
        return [facts or None for facts in await self.lanes.told(asked)]

    def _needs(self, claimed: _Claimed, told: MasterData | None) -> Needs:
        """What the next decision reads; nothing when it cannot be said, for then the decision breaks alone."""
        try:
            policy = self.policy.told(told, claimed.entry.sender)
            return self.needs(claimed.lane.order, claimed.entry.document, policy)
        except Exception:  # noqa: BLE001 - one document must never stop the others
            return Needs()

    async def _read(self, active: Sequence[_Claimed], wanted: Sequence[Needs]) -> _Read:
        skus = sorted({sku for needs in wanted for sku in needs.skus})
        facts = await self.lanes.facts(skus, loads=self.policy.network.limited)
        ahead: Sequence[tuple[Ahead, ...]] = [()] * len(active)
        if facts.incoming:
            coming = {row.sku for row in facts.incoming}
            ahead = await asyncio.gather(*(self._ahead(*each, coming) for each in zip(active, wanted, strict=True)))
        serials = await self._serials([needs.serials for needs in wanted])
        transits = await self._transits({region for needs in wanted for region in needs.regions})
        return _Read(_by_sku(facts.stock), tuple(facts.loads), facts.incoming, transits, ahead, serials)

    async def _transits(self, regions: Set[str]) -> Sequence[TransitRow]:
        """How long goods took to where the orders go, where transit is learned."""
        learn = self.policy.routing.carriers.learn
        if learn is None or not regions:
            return ()
        return await self.lanes.transits(sorted(regions), self.clock.now().date() - learn.window)

    async def _ahead(self, claimed: _Claimed, needs: Needs, coming: Set[str]) -> tuple[Ahead, ...]:
        """How much of what is on its way others wait for who come before this order."""
        lane, skus = claimed.lane, sorted(coming & {*needs.skus})
        priority = lane.order.priority if lane.order else self.policy.channel(claimed.entry.sender).priority
        return tuple(await self.lanes.ahead(lane.key, priority, skus)) if skus else ()

    async def _serials(self, wanted: Sequence[int]) -> Sequence[int | None]:
        """The first of as many serials as each wants: all of them are drawn at once."""
        first = await self.lanes.serials(sum(wanted)) if any(wanted) else 0
        return [first + upto - count if count else None for count, upto in zip(wanted, accumulate(wanted), strict=True)]

    def _world(
        self, needs: Needs, told: MasterData | None, ahead: tuple[Ahead, ...], first_serial: int | None, read: _Read
    ) -> World:
        return World.model_construct(
            now=self.clock.now(),
            configuration=self.policy.digest,
            stock=tuple(chain.from_iterable([read.stock.get(sku, ()) for sku in needs.skus])),
            loads=read.loads,
            incoming=tuple([row for row in read.incoming if row.sku in needs.skus]),
            transits=tuple([row for row in read.transits if row.region in needs.regions]),
            ahead=ahead,
            master_data=told,
            first_serial=first_serial,
        )


def _by_sku(rows: Sequence[StockRow]) -> Stock:
    return {sku: list(of_sku) for sku, of_sku in groupby(rows, key=itemgetter(0))}
