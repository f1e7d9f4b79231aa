"""Which nodes ship what to one destination: the least total cost, exactly, in whole numbers.

A set of nodes is opened, each at its cost, and each beyond the first at the split penalty. A demand takes from the
open nodes: all from one, or the cheapest units first from several at the penalty for a split line; what nobody has
costs the unfilled penalty. Given the open set the demands are independent, so the search is over sets only:

    costs       what a set costs
    prices      shadow prices: a cost that no set can undercut, and what each node adds to it
    relaxation  nearer prices for large problems, round by round
    start       a good set to begin with
    search      depth first through what the bounds leave, until nothing cheaper can exist or the counted steps run out

Steps are counted, never timed; ties go to fewer nodes, then to the nodes that come first.
"""

from router.allocation.problem import Assignment, Demand, Problem, Take
from router.allocation.search import allocate, assignment_of

__all__ = ["Assignment", "Demand", "Problem", "Take", "allocate", "assignment_of"]
