"""The street from the door to the queue of outgoing documents, as the benchmarks work it."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.flow_rows import Spent
from benchmarks.flow_trade import Trade
from canonical.exchange import Arrival
from connectors.surroundings import SystemClock
from router.decide import decide
from router.flow import RouteOrders, Translate
from router.needs import needs
from store import Store

GROUP = 50


class Line:
    """The street from the door to the queue of outgoing documents, a group of orders at a time."""

    def __init__(self, store: Store, trade: Trade, group: int = GROUP) -> None:
        self.store = store
        self.translate = Translate(store.inbox, trade.translator, trade.policy, batch=group)
        self.route = RouteOrders(store.lanes, decide, needs, trade.policy, SystemClock(), batch=group)

    async def run(self, arrivals: Sequence[Arrival]) -> Spent:
        """Take all of them through. While one group is decided, the next ones come in."""
        began = Spent.now()
        groups = [arrivals[at : at + GROUP] for at in range(0, len(arrivals), GROUP)]
        for group in [*groups, (), ()]:
            await asyncio.gather(self._keep(group), self.translate.step(), self.route.step())
        while await self.translate.step() + await self.route.step():
            pass
        return Spent.now() - began

    async def _keep(self, group: Sequence[Arrival]) -> None:
        await asyncio.gather(*(self.store.inbox.keep(arrival) for arrival in group))
