"""Shadow prices by dual ascent: a cost that no set of nodes can undercut.

Give every unit of demand i a price a(i), at most the unfilled penalty, and its split a price b(i), at most the penalty
for a split line. A set S then costs at least

    sum (a(i) q(i) + b(i))  +  sum over n in S of r(n),
    r(n) = f(n) - sum over i of h(i,n) max(a(i) - c(i,n), 0) - sum over i that n has whole of b(i),

with q units wanted, h units a node can ship of them at c each, and f for opening it: the linear relaxation's dual, and
a node that has a demand whole spares its split. A node that has it all but g units must not undercut that by leaving
them unfilled, so b(i) is at most g times what an unfilled unit costs beyond a(i). The bound is the first sum and every
negative r, or as many of them as nodes may ship.

Each price in turn is moved to where the bound is highest while the others stand still; for a(i) that is the point where
the nodes that have been paid for hold all that is wanted (after D. Erlenkotter, A dual-based procedure for
uncapacitated facility location, Operations Research 26, 1978). Splits come first: they raise it at the least excess.
"""

from typing import NamedTuple

from router.allocation.costs import Costs


class Prices(NamedTuple):
    """No set costs less than `bound`; opening n adds `excess[n]` to it, or closing n where that is negative."""

    bound: int
    excess: list[int]
    units: list[int]
    """By demand the price of a unit."""
    ceilings: list[int]
    """By demand the highest price of a unit that its split's price leaves."""
    splits: list[int]
    """By demand its split's price."""


def shadow_prices(costs: Costs, sweeps: int) -> Prices:
    """The prices after so many sweeps over all demands, those with the fewest nodes first."""
    excess = costs.openings.copy()
    units = [0] * len(costs.wanted)
    order = sorted(range(len(units)), key=lambda index: len(costs.offers[index]))
    splits, ceilings = _split_prices(costs, order, excess)
    for _ in range(sweeps):
        costs.steps += len(order)
        for index in order:
            units[index] = _best_price(costs, index, units[index], ceilings[index], excess)
    return _bounded(costs, Prices(0, excess, units, ceilings, splits))


def at_prices(costs: Costs, prices: Prices, units: list[int]) -> Prices:
    """The same splits' prices with other prices of units."""
    excess = costs.openings.copy()
    costs.steps += len(units)
    for price, split, wanted, offers in zip(units, prices.splits, costs.wanted, costs.offers, strict=True):
        for each, node, has, _, _ in offers:
            if price > each:
                excess[node] -= has * (price - each)
            if has == wanted:
                excess[node] -= split
    return _bounded(costs, prices._replace(excess=excess, units=units))


def _bounded(costs: Costs, prices: Prices) -> Prices:
    """The bound. Where more nodes are worth opening than may ship, each opening has its own price, the limit's."""
    limit, excess = costs.problem.limit, prices.excess
    if limit < len(excess) and (last := sorted(excess)[limit - 1]) < 0:
        excess = [over - last for over in excess]
    else:
        last = 0
    spared = sum([over for over in excess if over < 0]) + limit * last
    goods = sum([price * units for price, units in zip(prices.units, costs.wanted, strict=True)])
    return prices._replace(bound=goods + sum(prices.splits) + spared - costs.problem.split, excess=excess)


def _split_prices(costs: Costs, order: list[int], excess: list[int]) -> tuple[list[int], list[int]]:
    """By demand its split's price, as far as the nodes that spare it have excess, and the highest price of its units.

    `excess` follows.
    """
    split, unfilled = costs.problem.split_line, costs.problem.unfilled
    splits, ceilings = [0] * len(order), [unfilled] * len(order)
    for index in order if split else ():
        units, offers = costs.wanted[index], costs.offers[index]
        whole = [offer[1] for offer in offers if offer[2] == units]
        price = min([split, *[excess[node] for node in whole]])
        if price > 0:
            gap = units - max([has for has in costs.rows[index] if has < units], default=0)
            splits[index], ceilings[index] = price, unfilled + -price // gap
            for node in whole:
                excess[node] -= price
    return splits, ceilings


def _best_price(costs: Costs, index: int, before: int, most: int, excess: list[int]) -> int:
    """Move one demand's price to where the bound is highest, and let `excess` follow.

    Offers come by rising cost: behind the price at which a node that has all of it is paid for, none counts.
    """
    paid_at: list[tuple[int, int, int, int, int]] = []
    wanted, enough = costs.wanted[index], most
    for price, node, has, _, _ in costs.offers[index]:
        if price >= enough and price >= before:
            break
        over = excess[node]
        if before > price:
            over += has * (before - price)
        at = price + over // has if over > 0 else price
        if has == wanted and at < enough:
            enough = at
        paid_at.append((at, price, node, has, over))
    paid_at.sort()
    now = most
    for at, _, _, has, _ in paid_at:
        wanted -= has
        if wanted <= 0:
            now = min(at, most)
            break
    for _, price, node, has, over in paid_at:
        excess[node] = over - has * (now - price) if now > price else over
    return now
