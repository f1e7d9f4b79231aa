"""Shadow prices by subgradient, for problems too large to search through: a nearer bound, and sets worth trying.

Each round takes the nodes that the prices would open as a set, and moves every unit's price against what that set ships
too much or too little (M. Held, P. Wolfe, H. Crowder, Validation of subgradient optimization, Mathematical Programming
6, 1974). All numbers stay whole, so that every machine takes the same course.
"""

from collections.abc import Iterator

from router.allocation.costs import Costs, mask_of
from router.allocation.prices import Prices, at_prices

_FINE = 1024
"""The step's length is counted in such parts of the whole one."""
_PATIENCE = 2
"""So many rounds without a nearer bound, and the prices go back to the nearest one's, with a shorter step."""


def relaxed(costs: Costs, prices: Prices, best: int, rounds: int) -> Iterator[Prices]:
    """Every round's prices that come nearer than all before. `best` is a known cost."""
    now = kept = prices
    step, waited = 2 * _FINE, 0
    for _ in range(rounds):
        gaps = _gaps(costs, now)
        length = _FINE * sum([gap * gap for gap in gaps])
        if not length or not step or now.bound >= best:
            return
        stride = step * (best - now.bound)
        moved = [price + stride * gap // length for price, gap in zip(now.units, gaps, strict=True)]
        bounded = [max(0, min(price, most)) for price, most in zip(moved, prices.ceilings, strict=True)]
        now, waited = at_prices(costs, prices, bounded), waited + 1
        if now.bound > kept.bound:
            kept, waited = now, 0
            yield now
        elif waited > _PATIENCE:
            now, step, waited = kept, step // 4, 0


def opened(prices: Prices, limit: int) -> int:
    """The set of nodes that the prices would open."""
    ranked = sorted((over, node) for node, over in enumerate(prices.excess) if over <= 0)
    return mask_of([node for _, node in ranked[:limit]])


def _gaps(costs: Costs, prices: Prices) -> list[int]:
    """By how much the nodes that the prices would open ship too little of each demand at its price."""
    nodes = opened(prices, costs.problem.limit)
    return [
        wanted - sum([has for each, _, has, bit, _ in offers if each < price and nodes & bit])
        for price, wanted, offers in zip(prices.units, costs.wanted, costs.offers, strict=True)
    ]
