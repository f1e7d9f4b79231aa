"""What a set of open nodes costs. A set is a bit mask: bit n is node n."""

from collections.abc import Iterable, Iterator
from itertools import count
from typing import NamedTuple

from router.allocation.problem import Problem, Take

Rank = tuple[int, int, tuple[int, ...]]
"""Cost, number of nodes, nodes: smaller is better."""

Part = tuple[int, int]
"""A demand's cost over some open nodes, and those of them it hangs on: without any other it costs the same."""

Offer = tuple[int, int, int, int, int]
"""A node's offer: unit cost, node, units the demand can use, the node's bit, what the demand costs from it alone."""

LIGHT = 8
"""So many look-ups or sums are as much work as weighing one demand."""
_SPARSE = 16
"""A demand's offers are picked out rather than gone through when fewer than one in so many is open; going through so
many more is as much work as weighing one demand."""


class Costs:
    """Weighs sets of nodes for one problem, and remembers each demand's part in them."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.steps = 0
        self.openings = [cost + problem.split for cost in problem.open_costs]
        """What opening a node costs; the first one's split penalty is taken off the whole."""
        self.wanted = [demand.units for demand in problem.demands]
        self.offers: list[list[Offer]] = []
        """For each demand what the nodes offer, cheapest first, then by node."""
        self.useful: list[int] = []
        """For each demand the set of the nodes that have some of it."""
        unfilled, bits = problem.unfilled, [(n, 1 << n) for n in range(len(self.openings))]
        self.rows: list[list[int]] = []
        """For each demand the units that each node can ship."""
        for demand in problem.demands:
            wanted = demand.units
            row = [has if has < wanted else wanted for has in demand.available]  # noqa: FURB136 - min() takes longer
            lost = wanted * unfilled
            offers = [
                (price, n, has, bit, lost - has * (unfilled - price))
                for price, (n, bit), has in zip(demand.unit_costs, bits, row, strict=True)
                if has
            ]
            offers.sort()
            self.rows.append(row)
            self.offers.append(offers)
            self.useful.append(sum([offer[3] for offer in offers]))
        self.usable = list(zip(*self.rows, strict=True))
        """For each node the units of each demand that it can ship."""
        self.shippable = [min(sum(row), units) for row, units in zip(self.rows, self.wanted, strict=True)]
        """What can be shipped of each demand; the rest nobody has."""
        self.most = [max(row) or 1 for row in self.rows]
        """For each demand the most that one node can ship, at least 1."""
        self._known: list[dict[int, Part]] = [{} for _ in self.wanted]
        self._memory = list(zip(count(), self.useful, self._known))
        self._work = [1 + len(offers) // _SPARSE for offers in self.offers]
        self._wide = len(problem.open_costs) > 2 * _SPARSE
        self._by_node: list[dict[int, Offer]] = []

    @property
    def nothing(self) -> Rank:
        """The rank of no node at all."""
        return sum(self.wanted) * self.problem.unfilled, 0, ()

    def demands(self, nodes: int, reach: "Reach", most: int) -> int:
        """What all demands cost when these nodes are open, each at least what it costs by `reach`; weighed until that
        is more than `most`."""
        total = reach.cost
        self.steps += len(self.wanted) // LIGHT
        for (index, useful, known), least in zip(self._memory, reach.parts):  # noqa: B905 - called too often
            mask = nodes & useful
            part = known.get(mask)
            if part is None:
                part = known[mask] = self._part(index, mask)
            total += part[0] - least[0]
            if total > most:
                break
        return total

    def reach(self, nodes: int) -> "Reach":
        """What all demands cost when these nodes are open, part by part."""
        self.steps += len(self.wanted) // LIGHT
        parts = [self._known_part(index, nodes & useful) for index, useful in enumerate(self.useful)]
        return Reach(nodes, parts, sum([part[0] for part in parts]))

    def narrowed(self, reach: "Reach", nodes: int) -> "Reach":
        """The same when only these of its nodes are left: the parts that hang on another are weighed again."""
        gone, parts, cost = reach.nodes & ~nodes, reach.parts.copy(), reach.cost
        self.steps += len(parts) // LIGHT
        for index, before in enumerate(reach.parts):
            if before[1] & gone:
                mask, known = nodes & self.useful[index], self._known[index]
                part = known.get(mask)
                if part is None:
                    part = known[mask] = self._part(index, mask)
                parts[index] = part
                cost += part[0] - before[0]
        return Reach(nodes, parts, cost)

    def opening(self, nodes: int) -> int:
        """What opening these nodes costs."""
        return sum(self.openings[n] for n in nodes_of(nodes)) - (self.problem.split if nodes else 0)

    def rank(self, nodes: int) -> Rank:
        """The rank of an open set."""
        indexes = tuple(nodes_of(nodes))
        return self.opening(nodes) + self.reach(nodes).cost, len(indexes), indexes

    def _known_part(self, index: int, mask: int) -> Part:
        known = self._known[index]
        if mask not in known:
            known[mask] = self._part(index, mask)
        return known[mask]

    def _part(self, index: int, mask: int) -> Part:
        """A demand's cheapest cost when the nodes of `mask`, all of use to it, are open.

        Units are taken cheapest first; the first node that has them all ends it, since every later one is dearer. So
        does a price at which one node alone would cost more than the parts that have been found.
        """
        self.steps += self._work[index]
        units, split_line = self.wanted[index], self.problem.split_line
        alone, many, left, pieces, hangs_on = units * self.problem.unfilled, 0, units, 0, 0
        for price, _, has, bit, by_itself in self._offers(index, mask) if self._wide else self.offers[index]:
            if mask & bit:
                if not left and price * units >= many + split_line:
                    break
                hangs_on |= bit
                if by_itself < alone:  # noqa: PLR1730 - min() takes longer, and most time goes here
                    alone = by_itself
                if left:
                    part = has if has < left else left  # noqa: FURB136 - as above
                    many += part * price
                    left -= part
                    pieces += 1
                if has == units:
                    break
        if pieces < 2:
            return alone, hangs_on
        return min(alone, many + left * self.problem.unfilled + split_line), hangs_on

    def _offers(self, index: int, mask: int) -> list[Offer]:
        offers = self.offers[index]
        if mask.bit_count() * _SPARSE >= len(offers):
            return offers
        if not self._by_node:
            self._by_node = [{offer[1]: offer for offer in offers} for offers in self.offers]
        by_node = self._by_node[index]
        return sorted(by_node[n] for n in nodes_of(mask))

    def takes(self, nodes: int) -> tuple[Take, ...]:
        """What each demand takes at that cost."""
        return tuple(self._take(index, nodes & useful) for index, useful in enumerate(self.useful))

    def _take(self, index: int, mask: int) -> Take:
        units, goal = self.wanted[index], self._known_part(index, mask)[0]
        offers = [offer for offer in self.offers[index] if mask & offer[3]]
        for _, node, has, _, by_itself in offers:
            if by_itself == goal:
                return ((node, has),)
        left, taken = units, []
        for _, node, has, _, _ in offers:
            part = min(has, left)
            if part:
                taken.append((node, part))
            left -= part
        return tuple(sorted(taken))


class Reach(NamedTuple):
    """All demands' parts over some open nodes, and their sum."""

    nodes: int
    parts: list[Part]
    cost: int


def mask_of(nodes: Iterable[int]) -> int:
    """The set of some nodes."""
    mask = 0
    for node in nodes:
        mask |= 1 << node
    return mask


def nodes_of(mask: int) -> Iterator[int]:
    """The nodes of a set, by rising index."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
