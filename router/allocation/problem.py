"""The problem and its answer, in whole numbers."""

from dataclasses import dataclass
from typing import NamedTuple

Take = tuple[tuple[int, int], ...]
"""What a demand takes: (node index, units), by rising index."""


class Demand(NamedTuple):
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
    steps: int = 600_000
    """The most demands that may be weighed; the best set known by then is kept."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What each demand takes and what the whole costs. `exact` is False when the counted steps ran out."""

    takes: tuple[Take, ...]
    cost: int
    nodes: tuple[int, ...]
    steps: int = 0
    exact: bool = True
    bound: int = 0
    """What no assignment can cost less than: `cost` itself where the search is exact."""
