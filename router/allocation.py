"""Which nodes ship what to one destination: the least total cost, exactly, in whole numbers.

A set of nodes is opened, each at its cost, and each beyond the first at the split penalty. A demand takes from the
open nodes: all from one, or the cheapest units first from several at the penalty for a split line; what nobody has
costs the unfilled penalty. Given the open set the demands are independent, so the search is over sets only: depth
first, opening or closing one node at a time, cut off where the decided costs plus each demand's best over all nodes
that are not closed cannot beat the best set known. Steps are counted, never timed; ties go to fewer nodes, then to the
nodes that come first.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import accumulate

_SPARSE = 32
"""A demand's offers are picked out rather than gone through when fewer than one in so many is open."""
_LARGE = 1_000
"""Demands times nodes above which a greedy set is made first, since the search may not end."""

Take = tuple[tuple[int, int], ...]
"""What a demand takes: (node index, units), by rising index."""


@dataclass(frozen=True, slots=True)
class Demand:
    """Units wanted of one item, and what each node could give at which cost a unit."""

    units: int
    available: tuple[int, ...]
    unit_costs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One destination's demands over the candidate nodes. Costs are whole numbers of one small unit of money."""

    open_costs: tuple[int, ...]
    demands: tuple[Demand, ...]
    split: int = 0
    split_line: int = 0
    unfilled: int = 1_000_000
    """For each unit that nobody ships: at least as much as the dearest unit."""
    limit: int = 20
    """The most nodes that may ship."""
    steps: int = 500_000
    """The most demands that may be weighed; the best set known by then is kept."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What each demand takes and what the whole costs. `exact` is False when the counted steps ran out."""

    takes: tuple[Take, ...]
    cost: int
    nodes: tuple[int, ...]
    steps: int = 0
    exact: bool = True


def allocate(problem: Problem) -> Assignment:
    """The cheapest assignment."""
    search = _Search(problem)
    search.run()
    return search.assignment()


def assignment_of(problem: Problem, nodes: tuple[int, ...]) -> Assignment:
    """The assignment when exactly these nodes are open."""
    search = _Search(problem)
    opened = sum(1 << node for node in nodes)
    search.best = search.rank(opened)
    return search.assignment()


Offer = tuple[int, int, int]
"""A node's bit, the units of a demand it can ship, and its unit cost."""

Rank = tuple[int, int, tuple[int, ...]]
"""Cost, number of nodes, nodes: smaller is better."""


@dataclass(slots=True)
class _Search:
    problem: Problem
    best: Rank = (0, 0, ())
    steps: int = 0
    exact: bool = True
    cheapest: list[list[Offer]] = field(default_factory=list)
    """For each demand its useful nodes as (bit, units it can use, unit cost), cheapest first, then by index."""
    offers: list[dict[int, Offer]] = field(default_factory=list)
    """The same by bit."""
    useful: list[int] = field(default_factory=list)
    """For each demand the bit set of its useful nodes."""
    order: list[int] = field(default_factory=list)
    """The nodes in the order they are decided on: first those the demands would miss most."""
    undecided: list[int] = field(default_factory=list)
    """By depth, the bit set of the nodes not yet decided on."""
    openings: list[list[int]] = field(default_factory=list)
    """By depth, what it costs at least to open so many of them."""
    fewest: list[tuple[int, int]] = field(default_factory=list)
    """(nodes it takes at least, its useful nodes) of the demands that take several."""
    all_shipped: int = 0
    """A set that costs less ships all that can be shipped."""
    known: list[dict[int, int]] = field(default_factory=list)
    """For each demand the cost by set of open useful nodes."""

    def __post_init__(self) -> None:
        for demand in self.problem.demands:
            by_cost = sorted((demand.unit_costs[n], n, has) for n, has in enumerate(demand.available) if has > 0)
            self.cheapest.append([(1 << n, min(has, demand.units), price) for price, n, has in by_cost])
            self.offers.append({offer[0]: offer for offer in self.cheapest[-1]})
            self.useful.append(sum(bit for bit, _, _ in self.cheapest[-1]))
            self.known.append({})

    def run(self) -> None:
        """Leave the best rank in `best`."""
        anyone = 0
        for useful in self.useful:
            anyone |= useful
        self.best = self.rank(0)
        if len(self.known) * len(self.problem.open_costs) > _LARGE:
            self._add_greedily(anyone)
        if self.steps + anyone.bit_count() * len(self.known) > self.problem.steps:
            self.exact = False
            return
        reach = self._demanded(anyone)
        wanted = {n: self._demanded(anyone & ~(1 << n)) - reach for n in _bits(anyone)}
        self.order = sorted(wanted, key=lambda n: (-wanted[n], self.problem.open_costs[n], n))
        for depth in range(len(self.order) + 1):
            self.undecided.append(sum(1 << n for n in self.order[depth:]))
            openings = sorted(self.problem.open_costs[n] + self.problem.split for n in self.order[depth:])
            self.openings.append([0, *accumulate(openings)])
        self._note_fewest()
        self._descend(0, 0, reach, 0)

    def _note_fewest(self) -> None:
        """How many nodes each demand takes at least, once a set is known that ships all that can be shipped.

        Then a set that ships a unit less is dearer by more than everything else costs.
        """
        missing = 0
        for demand, nodes, useful in zip(self.problem.demands, self.cheapest, self.useful, strict=True):
            most = list(accumulate(sorted((has for _, has, _ in nodes), reverse=True)))
            fillable = min(demand.units, most[-1]) if most else 0
            missing += demand.units - fillable
            fewest = bisect_left(most, fillable) + 1 if most else 0
            if fewest > 1:
                self.fewest.append((fewest, useful))
        self.all_shipped = (missing + 1) * self.problem.unfilled

    def _still(self, opened: int, depth: int) -> int:
        """How many more nodes must be opened at least."""
        least = 1
        for fewest, useful in self.fewest if self.best[0] < self.all_shipped else ():
            more = fewest - (opened & useful).bit_count()
            least = max(least, more)
        return min(least, len(self.order) - depth)

    def rank(self, opened: int) -> Rank:
        """The rank of an open set."""
        nodes = tuple(_bits(opened))
        return self._opening(opened) + self._demanded(opened), len(nodes), nodes

    def _opening(self, opened: int) -> int:
        count = opened.bit_count()
        return sum(self.problem.open_costs[n] for n in _bits(opened)) + self.problem.split * max(count - 1, 0)

    def _demanded(self, nodes: int) -> int:
        total = 0
        self.steps += len(self.known)
        for index, known in enumerate(self.known):
            mask = nodes & self.useful[index]
            cost = known.get(mask)
            if cost is None:
                cost = known[mask] = self._cost(index, mask)
            total += cost
        return total

    def _cost(self, index: int, mask: int) -> int:
        """The demand's cheapest cost when the nodes of `mask` are open.

        Units are taken cheapest first; the first node that has them all ends it, since every later one is dearer.
        """
        units, unfilled = self.problem.demands[index].units, self.problem.unfilled
        alone, many, left, pieces = units * unfilled, 0, units, 0
        offers = self.cheapest[index]
        if mask.bit_count() * _SPARSE < len(offers):
            offers = sorted((self.offers[index][1 << n] for n in _bits(mask)), key=_cheapest_first)
        for bit, has, price in offers:
            if mask & bit:
                cost = has * price + (units - has) * unfilled
                alone = min(alone, cost)
                if left:
                    part = min(left, has)
                    many, left, pieces = many + part * price, left - part, pieces + 1
                if has == units:
                    break
        return alone if pieces < 2 else min(alone, many + left * unfilled + self.problem.split_line)

    def _add_greedily(self, anyone: int) -> None:
        """Open whichever node lowers the cost most, again and again, then close what has become idle.

        A node rarely saves more after others have opened, so gains are looked at again only when they come first.
        """
        opened, costs = 0, [self._cost(index, 0) for index in range(len(self.known))]
        queue = [(self._change(n, opened, costs), n) for n in _bits(anyone)]
        heapify(queue)
        while queue and opened.bit_count() < self.problem.limit:
            _, node = heappop(queue)
            change = self._change(node, opened, costs)
            if queue and change > queue[0][0]:
                heappush(queue, (change, node))
            elif change >= 0:
                break
            else:
                opened |= 1 << node
                costs = [self._cost(index, opened & useful) for index, useful in enumerate(self.useful)]
        self.best = min(self.best, self.rank(opened))
        for node in _bits(opened):
            self.best = min(self.best, self.rank(sum(1 << n for n in self.best[2] if n != node)))

    def _change(self, node: int, opened: int, costs: list[int]) -> int:
        """What opening the node changes, when the demands cost `costs` now; at most, where it has all of a demand."""
        bit = 1 << node
        change = self.problem.open_costs[node] + (self.problem.split if opened else 0)
        self.steps += len(costs)
        for index, offers in enumerate(self.offers):
            offer = offers.get(bit)
            if offer:
                _, has, price = offer
                whole = has == self.problem.demands[index].units
                cost = has * price if whole else self._cost(index, (opened | bit) & self.useful[index])
                change += min(cost - costs[index], 0)
        return change

    def _descend(self, opened: int, cost: int, reach: int, depth: int) -> None:
        """Search below a partly decided set: `opened` is in at `cost`, `order[depth:]` is undecided, the rest is out.

        `reach` is what the demands cost when all that is undecided is open. The set itself has been ranked, so at
        least one more node must follow.
        """
        count = opened.bit_count()
        if depth == len(self.order) or count == self.problem.limit:
            return
        if self.steps >= self.problem.steps:
            self.exact = False
            return
        more = self._still(opened, depth)
        split = self.problem.split if opened else 0
        bound = cost + self.openings[depth][more] - self.problem.split + split + reach
        if (bound, count + more) > self.best[:2]:
            return
        node = self.order[depth]
        wider, through = opened | 1 << node, cost + split + self.problem.open_costs[node]
        if (through + reach, count + 1) <= self.best[:2]:
            whole = through + self._demanded(wider)
            if (whole, count + 1) <= self.best[:2]:
                self.best = min(self.best, (whole, count + 1, tuple(_bits(wider))))
            self._descend(wider, through, reach, depth + 1)
        self._descend(opened, cost, self._demanded(opened | self.undecided[depth + 1]), depth + 1)

    def assignment(self) -> Assignment:
        """The best set's takes."""
        cost, _, nodes = self.best
        opened = sum(1 << n for n in nodes)
        takes = tuple(self._take(index, opened & self.useful[index]) for index in range(len(self.useful)))
        return Assignment(takes, cost, nodes, self.steps, self.exact)

    def _take(self, index: int, mask: int) -> Take:
        units, goal = self.problem.demands[index].units, self._cost(index, mask)
        nodes = [(bit.bit_length() - 1, has, price) for bit, has, price in self.cheapest[index] if mask & bit]
        for node, has, price in nodes:
            if has * price + (units - has) * self.problem.unfilled == goal:
                return ((node, has),)
        left, taken = units, []
        for node, has, _ in nodes:
            part = min(has, left)
            if part:
                taken.append((node, part))
            left -= part
        return tuple(sorted(taken))


def _cheapest_first(offer: Offer) -> tuple[int, int]:
    return offer[2], offer[0]


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
