"""Shadow prices by dual ascent: a cost that no set of nodes can undercut.

Give every unit of demand i a price a(i), at most the unfilled penalty. A set S then costs at least

    sum a(i) q(i)  +  sum over n in S of r(n),     r(n) = f(n) - sum over i of h(i,n) max(a(i) - c(i,n), 0),

with q units wanted, h units a node can ship of them at c each, and f for opening it: the linear relaxation's dual with
`split_line` left out. The bound is the first sum and every negative r. Each price in turn is moved to where the bound
is highest while the others stand still: the point where the nodes that have been paid for hold all that is wanted
(after D. Erlenkotter, A dual-based procedure for uncapacitated facility location, Operations Research 26, 1978).
"""

from typing import NamedTuple

from router.allocation.costs import Costs


class Prices(NamedTuple):
    """No set costs less than `bound`; opening n adds `excess[n]` to it, or closing n where that is negative."""

    bound: int
    excess: list[int]


def shadow_prices(costs: Costs, sweeps: int) -> Prices:
    """The prices after so many sweeps over all demands, those with the fewest nodes first."""
    excess = costs.openings.copy()
    prices = [0] * len(costs.wanted)
    order = sorted(range(len(prices)), key=lambda index: len(costs.offers[index]))
    for _ in range(sweeps):
        costs.steps += len(order)
        for index in order:
            prices[index] = _best_price(costs, index, prices[index], excess)
    bound = sum(price * units for price, units in zip(prices, costs.wanted, strict=True))
    return Prices(bound + sum(over for over in excess if over < 0) - costs.problem.split, excess)


def _best_price(costs: Costs, index: int, before: int, excess: list[int]) -> int:
    """Move one demand's price to where the bound is highest, and let `excess` follow."""
    paid_at: list[tuple[int, int, int, int, int]] = []
    for price, node, has, _, _ in costs.offers[index]:
        over = excess[node]
        if before > price:
            over += has * (before - price)
        paid_at.append((price + over // has if over > 0 else price, price, node, has, over))
    paid_at.sort()
    left, most = costs.wanted[index], costs.problem.unfilled
    now = most
    for at, _, _, has, _ in paid_at:
        left -= has
        if left <= 0:
            now = min(at, most)
            break
    for _, price, node, has, over in paid_at:
        excess[node] = over - has * (now - price) if now > price else over
    return now
