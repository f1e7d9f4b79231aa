"""The search: depth first over sets of nodes, each time adding one of those that come later in the order.

Nodes come in the order of what the shadow prices make them add, the most wanted first. Three bounds cut it off:

    prices   what the shadow prices say that this set and the nodes passed over cost at least
    reach    the open nodes, one more, and each demand's best over all that may still open
    gains    units that so few more nodes cannot ship, where the limit is near

A set that leaves more than `allowed` units unshipped cannot beat the best known, since each costs the unfilled penalty.
"""

from itertools import accumulate, compress
from operator import floordiv, ge, mul, neg
from typing import NamedTuple

from router.allocation.costs import LIGHT, Costs, Rank, Reach, mask_of, nodes_of
from router.allocation.prices import Prices, at_prices, shadow_prices
from router.allocation.problem import Assignment, Problem
from router.allocation.start import first_set, improved

_SWEEPS = 1
_LARGE = 2_500
"""Demands times nodes above which the first set is improved before the search, which may not end."""
_NEAR = 3
"""With so few nodes left to open, what they can still ship is weighed."""


def allocate(problem: Problem) -> Assignment:
    """The cheapest assignment, or the cheapest found within the counted steps."""
    if alone := _alone(problem):
        return alone
    costs = Costs(problem)
    prices = shadow_prices(costs, _SWEEPS)
    best, bound = first_set(costs, prices.excess), prices.bound
    if len(costs.wanted) * len(costs.openings) > _LARGE:
        best, prices = improved(costs, best, prices)
        bound = prices.bound
    search = _Search(costs, prices, best)
    if search.allowed and len(best[2]) == problem.limit:
        prices = at_prices(costs, prices, prices.ceilings)
        search = _Search(costs, prices, best)
    search.run()
    best = search.best if search.exact else min(search.best, costs.rank(_used(costs, search.best)))
    bound = best[0] if search.exact else min(max(bound, prices.bound), best[0])
    return Assignment(costs.takes(mask_of(best[2])), best[0], best[2], costs.steps, search.exact, bound)


def _alone(problem: Problem) -> Assignment | None:
    """All from the best node that has everything, where nothing else can be as cheap: neither two nodes, were each
    demand at its cheapest anywhere, nor one that leaves a unit unshipped."""
    demands, openings = problem.demands, problem.open_costs
    wanted = [demand.units for demand in demands]
    by_node = zip(*(demand.available for demand in demands), strict=True)
    full = [n for n, has in enumerate(by_node) if all(map(ge, has, wanted))]
    if not full:
        return None
    goods = {n: sum([demand.unit_costs[n] * demand.units for demand in demands]) for n in full}
    cost, node = min((openings[n] + goods[n], n) for n in full)
    cheapest = [min(compress(demand.unit_costs, demand.available)) for demand in demands]
    first, *second = sorted(openings)[:2]
    more = min([problem.unfilled - max(cheapest), *(opening + problem.split for opening in second)])
    least = first + sum(map(mul, cheapest, wanted)) + more
    if cost >= min(least, problem.unfilled * sum(wanted)):
        return None
    return Assignment(tuple([((node, units),) for units in wanted]), cost, (node,), bound=cost)


def assignment_of(problem: Problem, nodes: tuple[int, ...]) -> Assignment:
    """The assignment when exactly these nodes are open."""
    costs = Costs(problem)
    opened = mask_of(nodes)
    cost, _, nodes = costs.rank(opened)
    return Assignment(costs.takes(opened), cost, nodes, costs.steps, bound=cost)


def _used(costs: Costs, best: Rank) -> int:
    """The nodes of a set that ship something."""
    return mask_of({node for takes in costs.takes(mask_of(best[2])) for node, _ in takes})


class _Search:
    """A search from a first set on."""

    def __init__(self, costs: Costs, prices: Prices, best: Rank) -> None:
        self.costs, self.excess, self.best = costs, prices.excess, best
        self.exact = True
        self.work = len(costs.wanted) // LIGHT
        spare = best[0] - prices.bound
        useful = [n for n, row in enumerate(costs.usable) if self.excess[n] <= spare and any(row)]
        self.order = sorted(useful, key=lambda n: (self.excess[n], n))
        """The nodes that a better set may open, the most wanted first."""
        openings = [costs.openings[node] for node in reversed(self.order)]
        self.cheapest = list(accumulate(openings, min))[::-1]
        """By place in the order, the least that opening one of the nodes from there on costs."""
        self.later = [(costs.openings[node], self.excess[node], 1 << node, costs.usable[node]) for node in self.order]
        self.rises = [*(max(self.excess[node], 0) for node in self.order), best[0] + 1]
        """By place what opening the next node adds to the bound at least; more than is left where there is none."""
        self.allowed = 0
        self._allow()
        self.bound = prices.bound

    def _allow(self) -> None:
        """Count the units that a better set may leave unshipped of what can be shipped."""
        self.allowed = self.best[0] // self.costs.problem.unfilled - sum(self.costs.wanted) + sum(self.costs.shippable)

    def run(self) -> None:
        """Leave the best rank in `best`."""
        everyone, shippable = mask_of(self.order), self.costs.shippable
        paid, reach = -self.costs.problem.split, self.costs.reach(everyone)
        self._extend(_Partial(0, 0, 0, paid, shippable, sum(shippable), reach, everyone, self.bound))

    def _extend(self, at: "_Partial") -> None:
        """Search the sets that add to `at` some of the nodes from its place on."""
        limit, more = self.costs.problem.limit, self._more(at.left)
        if at.size + more > limit:
            return
        near = self.allowed and limit - at.size <= _NEAR
        gains, within = self._gains(at) if near else ([], [])
        if gains and at.size + 1 == limit:
            self._finish(at, gains)
        else:
            self._go_through(at, more, gains, within)

    def _go_through(self, at: "_Partial", more: int, gains: list[int], within: list[int]) -> None:
        """Open each later node in turn, then pass it over. `more` nodes are needed at least.

        Both the excess and what a few nodes could still ship get worse along the order: one bound ends all the rest.
        """
        costs, cheapest, short = self.costs, self.cheapest, at.short
        size, paid, reachable, reach, bound = at.size + 1, at.paid, at.reachable, at.reach, at.bound
        for place in range(at.place, len(self.order)):
            opening, over, bit, ships = self.later[place]
            rise = over if over > 0 else 0  # noqa: FURB136 - max() takes longer, and most time goes here
            most = self.best[0]
            if bound + more * rise > most or (within and short - within[place] > self.allowed) or self._spent():
                return
            if reach.nodes != reachable and not gains:
                reach = costs.narrowed(reach, reachable)
            least = paid if gains else paid + reach.cost
            if least + more * cheapest[place] > most:
                return
            if least + opening <= most and (not gains or gains[place] >= 0):
                left = [units - has if units > has else 0 for units, has in zip(at.left, ships)]  # noqa: B905
                at_next = place + 1, size, at.opened | bit, paid + opening, left, sum(left), reach, reachable
                self._open(_Partial(*at_next, bound + rise, gains))
            bound += rise - over
            reachable ^= bit

    def _finish(self, at: "_Partial", gains: list[int]) -> None:
        """Rank the sets that one last node makes ship enough."""
        openings = self.costs.openings
        for place in range(at.place, len(gains)):
            node = self.order[place]
            if at.short - gains[place] <= self.allowed and at.bound + max(self.excess[node], 0) <= self.best[0]:
                self._rank(at.opened | 1 << node, at.paid + openings[node], at.size + 1, at.reach)

    def _spent(self) -> bool:
        """Count the work of one more node, and say whether it is too much."""
        self.costs.steps += self.work
        if self.costs.steps < self.costs.problem.steps:
            return False
        self.exact = False
        return True

    def _more(self, left: list[int]) -> int:
        """How many more nodes it takes at least to ship what is left."""
        fullest: int = 1 if self.allowed else -min(map(floordiv, map(neg, left), self.costs.most))
        return max(fullest, 1)

    def _open(self, at: "_Partial") -> None:
        """Rank a set, and search those that add to it."""
        if at.short <= self.allowed:
            self._rank(at.opened, at.paid, at.size, at.reach)
        if at.bound + self.rises[at.place] <= self.best[0]:
            self._extend(at)

    def _rank(self, opened: int, paid: int, count: int, reach: Reach) -> None:
        cost = paid + self.costs.demands(opened, reach, self.best[0] - paid)
        if (cost, count) <= self.best[:2]:
            self.best = min(self.best, (cost, count, tuple(nodes_of(opened))))
            self._allow()

    def _gains(self, at: "_Partial") -> tuple[list[int], list[int]]:
        """By place, the units each later node would ship, and the most that the few from there on could together.

        Neither where nothing is lacking. A gain never grows as nodes open, so one that was too
        small before is not weighed again: it is -1.
        """
        few = self.costs.problem.limit - at.size
        lacking = at.short - self.allowed
        if lacking <= 0:
            return [], []
        usable, left, before = self.costs.usable, at.left, at.gains
        least = lacking - (few - 1) * max(before[at.place :], default=0) if before else 0
        gains = [-1] * len(self.order)
        within = gains.copy()
        top: list[int] = []
        for place in range(len(gains) - 1, at.place - 1, -1):
            if not before or before[place] >= least:
                gains[place] = gain = sum(map(min, left, usable[self.order[place]]))
                top = sorted((*top, gain))[-few:]
            within[place] = sum(top)
        self.costs.steps += len(left) * (len(gains) - at.place) // LIGHT
        return gains, within


class _Partial(NamedTuple):
    """A set on its way: `opened` is in, the nodes before `place` that are not in it are out."""

    place: int
    size: int
    opened: int
    paid: int
    left: list[int]
    """The units of each demand that the open nodes do not have."""
    short: int
    """Their sum."""
    reach: Reach
    """What the demands cost when all that was reachable is open, as it was last counted."""
    reachable: int
    bound: int
    gains: list[int] = []  # noqa: RUF012 - never changed
