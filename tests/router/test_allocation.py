"""The search finds the cheapest assignment, and the same one every time."""

from dataclasses import replace
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.highs import solve
from router.allocation import Assignment, Demand, Problem, allocate, assignment_of

UNFILLED = 100_000


@st.composite
def problems(draw: st.DrawFn, most_nodes: int = 6, most_demands: int = 5) -> Problem:
    nodes = draw(st.integers(1, most_nodes))
    plentiful = draw(st.booleans())
    stock = st.integers(0, 60 if plentiful else 12)

    def demand() -> Demand:
        has = tuple(draw(st.lists(stock, min_size=nodes, max_size=nodes)))
        costs = tuple(draw(st.lists(st.integers(0, 90), min_size=nodes, max_size=nodes)))
        return Demand(draw(st.integers(1, 30)), has, costs)

    return Problem(
        open_costs=tuple(draw(st.lists(st.integers(0, 900), min_size=nodes, max_size=nodes))),
        demands=tuple(demand() for _ in range(draw(st.integers(1, most_demands)))),
        split=draw(st.integers(0, 300)),
        split_line=draw(st.integers(0, 300)),
        unfilled=UNFILLED,
        limit=draw(st.integers(1, nodes)),
    )


def best_by_trying_every_set(problem: Problem) -> Assignment:
    nodes = range(len(problem.open_costs))
    sets = [chosen for size in range(problem.limit + 1) for chosen in combinations(nodes, size)]
    return min(
        (assignment_of(problem, chosen) for chosen in sets), key=lambda one: (one.cost, len(one.nodes), one.nodes)
    )


def cost_of(problem: Problem, assignment: Assignment) -> int:
    """The cost counted from the takes alone."""
    used = {node for takes in assignment.takes for node, _ in takes}
    cost = sum(problem.open_costs[node] for node in used) + problem.split * max(len(used) - 1, 0)
    for demand, takes in zip(problem.demands, assignment.takes, strict=True):
        shipped = sum(units for _, units in takes)
        cost += sum(units * demand.unit_costs[node] for node, units in takes)
        cost += (demand.units - shipped) * problem.unfilled + problem.split_line * (len(takes) > 1)
    return cost


@settings(max_examples=300, deadline=None)
@given(problems())
def test_no_set_of_nodes_is_cheaper(problem: Problem) -> None:
    found = allocate(problem)
    assert found.exact
    best = best_by_trying_every_set(problem)
    assert (found.cost, found.nodes, found.takes) == (best.cost, best.nodes, best.takes)


@settings(max_examples=60, deadline=None)
@given(problems(most_nodes=12, most_demands=8))
def test_another_solver_finds_nothing_cheaper(problem: Problem) -> None:
    found = allocate(problem)
    solved = solve(problem)
    assert found.exact
    assert solved.proved
    assert found.cost == round(solved.cost)


@settings(max_examples=60, deadline=None)
@given(problems(most_nodes=12, most_demands=8), st.integers(1, 200))
def test_what_is_proved_holds_however_early_the_search_ends(problem: Problem, steps: int) -> None:
    found = allocate(replace(problem, steps=steps))
    assert found.bound <= allocate(problem).cost <= found.cost
    assert cost_of(problem, found) == found.cost


def test_a_penalty_no_larger_than_the_dearest_unit_is_weighed_exactly() -> None:
    demands = tuple(Demand(6, (4, 2, 6, 5), (n, 90, 60 - n, 45)) for n in range(5))
    problem = Problem((300, 20, 150, 90), demands, split=10, split_line=15, unfilled=90)
    assert allocate(problem).cost == best_by_trying_every_set(replace(problem, limit=4)).cost


@settings(max_examples=200, deadline=None)
@given(problems())
def test_takes_cost_what_they_say_and_stay_within_what_nodes_have(problem: Problem) -> None:
    found = allocate(problem)
    assert cost_of(problem, found) == found.cost
    assert len(found.nodes) <= problem.limit
    for demand, takes in zip(problem.demands, found.takes, strict=True):
        assert sum(units for _, units in takes) <= demand.units
        assert all(0 < units <= demand.available[node] for node, units in takes)


def test_equal_costs_go_to_the_node_that_comes_first() -> None:
    demand = Demand(5, (9, 9, 9), (10, 10, 10))
    assert allocate(Problem((100, 100, 100), (demand,))).nodes == (0,)


def test_one_node_is_kept_when_a_second_costs_more_than_it_saves() -> None:
    near, far = Demand(1, (5, 5), (0, 90)), Demand(1, (5, 5), (90, 0))
    assert allocate(Problem((50, 50), (near, far), split=60)).nodes == (0,)
    assert allocate(Problem((10, 10), (near, far), split=10)).nodes == (0, 1)


def test_a_line_is_split_only_when_that_is_cheaper_than_leaving_it_unfilled() -> None:
    demand = Demand(10, (6, 7), (1, 1))
    problem = Problem((5, 5), (demand,), split=3, split_line=4, unfilled=1000)
    assert allocate(problem).takes == (((0, 6), (1, 4)),)
    assert allocate(Problem((5, 5), (demand,), unfilled=1000, limit=1)).takes == (((1, 7),),)


def test_a_large_problem_is_solved_greedily_within_its_steps() -> None:
    demands = tuple(Demand(4, tuple((n * 7 + d) % 5 for n in range(40)), tuple((n * d) % 11 for n in range(40)))
                    for d in range(60))  # fmt: skip
    problem = Problem(tuple(20 + n for n in range(40)), demands, split=5, unfilled=5000, limit=12, steps=600)
    found = allocate(problem)
    assert not found.exact
    assert cost_of(problem, found) == found.cost
    assert found.cost < assignment_of(problem, (0, 1, 2)).cost
    assert allocate(problem) == found


def test_a_search_that_runs_out_of_steps_says_so() -> None:
    demands = tuple(Demand(3, (2, 2, 2, 2), (n, 5, 5, n)) for n in range(4))
    found = allocate(Problem((3, 3, 3, 3), demands, split=1, unfilled=50, steps=1))
    assert not found.exact
    assert cost_of(Problem((3, 3, 3, 3), demands, split=1, unfilled=50), found) == found.cost
