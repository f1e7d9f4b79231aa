"""The same problem put to HiGHS, a mixed integer solver of others' making, as a referee.

With large penalties its relative gap forgives real money: constants go into the objective's offset, and `mip_rel_gap`
is 1e-6.
"""

from concurrent.futures import ProcessPoolExecutor
from concurrent.futures import TimeoutError as TooLong
from functools import partial
from multiprocessing import get_context
from typing import NamedTuple

import highspy

from router.allocation import Problem


class Solved(NamedTuple):
    """What HiGHS found, and what it proved that nothing costs less than."""

    nodes: tuple[int, ...]
    cost: float
    bound: float
    proved: bool


def solve(problem: Problem, seconds: float = 60, *, split_lines: bool = True) -> Solved:
    """Its answer. Without `split_lines` that penalty is left out of the model, which makes it smaller by far."""
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("time_limit", float(seconds))
    model.setOptionValue("mip_rel_gap", 1e-6)
    opened = [_binary(model, cost + problem.split) for cost in problem.open_costs]
    _at_most(model, opened, [1.0] * len(opened), problem.limit)
    first = _binary(model, -problem.split)
    _at_most(model, [first, *opened], [1.0] + [-1.0] * len(opened), 0)
    for index in range(len(problem.demands)):
        _add_demand(model, problem, index, opened, split_lines=split_lines)
    unfilled = sum(demand.units for demand in problem.demands) * problem.unfilled
    model.changeObjectiveOffset(float(unfilled))
    model.run()
    info, values = model.getInfo(), model.getSolution().col_value
    proved = model.getModelStatus() == highspy.HighsModelStatus.kOptimal
    nodes = tuple(n for n, column in enumerate(opened) if values and values[column] > 0.5)
    return Solved(nodes, info.objective_function_value, info.mip_dual_bound, proved)


def solve_within(problem: Problem, seconds: float, *, split_lines: bool = True) -> Solved | None:
    """The same in a process of its own, ended after twice the seconds: HiGHS looks at its clock only now and then."""
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        solving = pool.submit(partial(solve, problem, seconds, split_lines=split_lines))
        try:
            return solving.result(2 * seconds + 10)
        except TooLong:
            for process in list(pool._processes.values()):  # noqa: SLF001 - the pool offers no way to end its work
                process.terminate()
            return None


def _add_demand(model: highspy.Highs, problem: Problem, index: int, opened: list[int], *, split_lines: bool) -> None:
    """Units from each node, cheaper than unfilled by so much; from more than one only where the line is split."""
    demand, taken, sources = problem.demands[index], [], []
    for node, (has, price) in enumerate(zip(demand.available, demand.unit_costs, strict=True)):
        most = min(has, demand.units)
        if most:
            units = model.getNumCol()
            model.addCol(float(price - problem.unfilled), 0.0, float(most), 0, [], [])
            source = _binary(model, 0) if split_lines else opened[node]
            _at_most(model, [units, source], [1.0, -float(most)], 0)
            if split_lines:
                _at_most(model, [source, opened[node]], [1.0, -1.0], 0)
            taken.append(units)
            sources.append(source)
    _at_most(model, taken, [1.0] * len(taken), demand.units)
    if split_lines and len(sources) > 1:
        split = _binary(model, problem.split_line)
        _at_most(model, [*sources, split], [1.0] * len(sources) + [1.0 - len(sources)], 1)


def _binary(model: highspy.Highs, cost: int) -> int:
    column: int = model.getNumCol()
    model.addCol(float(cost), 0.0, 1.0, 0, [], [])
    model.changeColIntegrality(column, highspy.HighsVarType.kInteger)
    return column


def _at_most(model: highspy.Highs, columns: list[int], factors: list[float], most: float) -> None:
    model.addRow(-highspy.kHighsInf, float(most), len(columns), columns, factors)
