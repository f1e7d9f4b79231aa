"""A good set of nodes to begin a search with: greedy by units for the money; in large problems its neighbours too."""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

from router.allocation.costs import LIGHT, Costs, Rank, mask_of
from router.allocation.prices import Prices
from router.allocation.relaxation import opened, relaxed

_FINE = 10**9
"""Units for the money are whole numbers too."""


def first_set(costs: Costs, excess: list[int]) -> Rank:
    """None, or the greedy set."""
    problem = costs.problem
    weights = [cost + max(over, 0) + 1 for cost, over in zip(costs.openings, excess, strict=True)]
    greedy, left = _greedy(costs, weights)
    if left and greedy.bit_count() == problem.limit:
        greedy, _ = _greedy(costs, [1] * len(weights))
    return min(costs.nothing, costs.rank(greedy))


def _greedy(costs: Costs, weights: list[int]) -> tuple[int, int]:
    """Open whichever node ships most of what is left for its weight, until all that can be shipped is, or the limit.

    The nodes and the units that others would ship. What a node adds never grows as others open, so it is counted again
    only when it comes first.
    """
    left, short, opened = costs.wanted, sum(costs.shippable), 0
    queue = [(-_FINE * sum(costs.usable[n]) // weight, n) for n, weight in enumerate(weights)]
    heapify(queue)
    while queue and short and opened.bit_count() < costs.problem.limit:
        _, node = heappop(queue)
        costs.steps += len(left) // LIGHT
        gain = sum(map(min, left, costs.usable[node]))
        again = (-_FINE * gain // weights[node], node)
        if queue and again > queue[0]:
            heappush(queue, again)
        elif not gain:
            break
        else:
            opened |= 1 << node
            short -= gain
            left = [units - has if units > has else 0 for units, has in zip(left, costs.usable[node], strict=True)]
    return opened, short


def improved(costs: Costs, best: Rank, prices: Prices) -> tuple[Rank, Prices]:
    """A better set, and nearer prices: half the steps at most, a fifth of them on the prices."""
    rounds = max(min(costs.problem.steps // 5 // (len(costs.wanted) + 1), _ROUNDS_OF // sum(map(len, costs.offers))), 1)
    for nearer in relaxed(costs, prices, best[0], rounds):
        prices, best = nearer, min(best, costs.rank(opened(nearer, costs.problem.limit)))
    return _climbed(costs, best, prices.excess, costs.problem.steps // 2), prices


_ROUNDS_OF = 500_000
"""So many offers are priced in all rounds together."""


def _climbed(costs: Costs, best: Rank, excess: list[int], steps: int) -> Rank:
    """Try promising nodes, each beside the set and in each one's place, until none helps.

    They are those that the shadow prices like best; where the limit lets the set ship too little, those that ship most.
    """
    promising = sorted(range(len(excess)), key=lambda n: (excess[n], n))[:_TRIED]
    if len(best[2]) == costs.problem.limit:
        promising += sorted(range(len(excess)), key=lambda n: (-sum(costs.usable[n]), n))[:_TRIED]
    better = True
    while better:
        better = False
        for nodes in _neighbours(best[2], promising, costs.problem.limit):
            if costs.steps + len(costs.wanted) > steps:
                return best
            rank = costs.rank(nodes)
            if rank < best:
                best, better = rank, True
                break
    return best


_TRIED = 20
"""So many promising nodes of a kind are tried."""


def _neighbours(nodes: tuple[int, ...], promising: list[int], limit: int) -> Iterator[int]:
    now = mask_of(nodes)
    others = [n for n in promising if not now >> n & 1]
    yield from (now & ~(1 << out) for out in nodes if len(nodes) > 1)
    yield from (now | 1 << new for new in others if len(nodes) < limit)
    yield from (now & ~(1 << out) | 1 << new for new in others for out in nodes)
