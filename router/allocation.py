"""Which nodes ship what to one destination: the least total cost, exactly, in whole numbers.

A set of nodes is opened, each at its cost, and each beyond the first at the split penalty. A demand takes from the
open nodes: all from one, or the cheapest units first from several at the penalty for a split line; what nobody has
costs the unfilled penalty. Given the open set the demands are independent, so the search is over sets only: depth
first, opening or closing one node at a time, cut off where the decided costs plus each demand's best over all nodes
that are not closed cannot beat the best set known. Steps are counted, never timed; ties go to fewer nodes, then to the
nodes that come first.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

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
    steps: int = 200_000


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


Rank = tuple[int, int, tuple[int, ...]]
"""Cost, number of nodes, nodes: smaller is better."""


@dataclass(slots=True)
class _Search:
    problem: Problem
    best: Rank = (0, 0, ())
    steps: int = 0
    exact: bool = True
    cheapest: list[list[tuple[int, int, int]]] = field(default_factory=list)
    """For each demand its useful nodes as (bit, units it can use, unit cost), cheapest first, then by index."""
    useful: list[int] = field(default_factory=list)
    """For each demand the bit set of its useful nodes."""
    undecided: list[int] = field(default_factory=list)
    """By depth, the bit set of the nodes not yet decided on, and the cheapest of them to open."""
    cheapest_opening: list[int] = field(default_factory=list)
    known: list[dict[int, int]] = field(default_factory=list)
    """For each demand the cost by set of open useful nodes."""

    def __post_init__(self) -> None:
        for demand in self.problem.demands:
            by_cost = sorted((demand.unit_costs[n], n, has) for n, has in enumerate(demand.available) if has > 0)
            self.cheapest.append([(1 << n, min(has, demand.units), price) for price, n, has in by_cost])
            self.useful.append(sum(bit for bit, _, _ in self.cheapest[-1]))
            self.known.append({})

    def run(self) -> None:
        """Leave the best rank in `best`."""
        anyone = 0
        for useful in self.useful:
            anyone |= useful
        self.best = self.rank(0)
        self._improve(0, anyone)
        order = sorted(_bits(anyone), key=lambda n: (-self._wanted(n, anyone), self.problem.open_costs[n], n))
        for depth in range(len(order)):
            self.undecided.append(sum(1 << n for n in order[depth:]))
            self.cheapest_opening.append(min(self.problem.open_costs[n] for n in order[depth:]))
        self._descend(0, 0, order, 0)

    def rank(self, opened: int) -> Rank:
        """The rank of an open set."""
        nodes = tuple(_bits(opened))
        return self._opening(opened) + self._demanded(opened), len(nodes), nodes

    def _opening(self, opened: int) -> int:
        count = opened.bit_count()
        return sum(self.problem.open_costs[n] for n in _bits(opened)) + self.problem.split * max(count - 1, 0)

    def _demanded(self, nodes: int) -> int:
        total = 0
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
        for bit, has, price in self.cheapest[index]:
            if mask & bit:
                if has == units:
                    alone = min(alone, units * price)
                    many, left = many + left * price, 0
                    pieces += 1
                    break
                alone = min(alone, has * price + (units - has) * unfilled)
                if left:
                    part = min(has, left)
                    many, left, pieces = many + part * price, left - part, pieces + 1
        return alone if pieces < 2 else min(alone, many + left * unfilled + self.problem.split_line)

    def _wanted(self, node: int, anyone: int) -> int:
        """How much dearer the demands become without the node."""
        return self._demanded(anyone & ~(1 << node)) - self._demanded(anyone)

    def _improve(self, opened: int, anyone: int) -> None:
        """Add or drop one node while that helps: the first bound of the search."""
        while True:
            moves = [opened ^ 1 << n for n in _bits(anyone)]
            ranks = [(self.rank(mask), mask) for mask in moves if mask.bit_count() <= self.problem.limit]
            if not ranks or min(ranks)[0] >= self.best:
                return
            self.best, opened = min(ranks)

    def _descend(self, opened: int, cost: int, order: list[int], depth: int) -> None:
        """Search below a partly decided set: `opened` is in at `cost`, `order[depth:]` is undecided, the rest is out.

        The set itself is ranked when its last node is opened, so here at least one more node must follow.
        """
        if depth == len(order) or opened.bit_count() == self.problem.limit:
            return
        if self.steps >= self.problem.steps:
            self.exact = False
            return
        self.steps += 1
        split = self.problem.split if opened else 0
        bound = cost + split + self.cheapest_opening[depth] + self._demanded(opened | self.undecided[depth])
        if (bound, opened.bit_count() + 1) > self.best[:2]:
            return
        node = order[depth]
        wider = opened | 1 << node
        self.best = min(self.best, self.rank(wider))
        self._descend(wider, cost + split + self.problem.open_costs[node], order, depth + 1)
        self._descend(opened, cost, order, depth + 1)

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


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
