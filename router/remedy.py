"""The smallest change that would have filled a line: each that might is tried by solving the destination with it."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from router.allocation import Problem, allocate
from router.order_line import ZERO
from router.rulings import reason
from router.sourcing import Sourced, fell_short
from router.sourcing_rule import Ruling
from router.workings import Workings

_LARGE = 2_500
"""Demands times nodes above which nothing is tried, since each solution takes long."""


class _Change(NamedTuple):
    words: str
    problem: Problem
    """The destination's, with the change."""


def remedy(work: Workings, outcome: Sourced, index: int) -> str:
    """What would have filled a want, of which something is missing: stock that is spared, a node or a rule that stands
    in its way, another split limit, or more stock where it costs least."""
    if len(outcome.wants) * len(outcome.routes.each) <= _LARGE:
        for change in _changes(work, outcome, index):
            if _fills(change.problem, index):
                return change.words
    places = _most_wanted(work, outcome, index)
    if places:
        return _more(work, outcome, index, places[0]).words
    return f"{outcome.unfilled[index]} more of {outcome.wants[index].sku}"


def _fills(problem: Problem, index: int) -> bool:
    return sum(units for _, units in allocate(problem).takes[index]) == problem.demands[index].units


def _changes(work: Workings, outcome: Sourced, index: int) -> Iterator[_Change]:
    """What might fill it, the smallest change first."""
    sku, missing = outcome.wants[index].sku, outcome.unfilled[index]
    for place in _may_ship(work, outcome, index):
        row = work.row(sku, outcome.routes.each[place].node.id)
        if row and missing <= row.safety <= row.on_hand - row.reserved:
            words = f"safety stock of {sku} at {row.node} lower by {missing}"
            yield _Change(words, _with_more(outcome, index, place, missing))
    for place, route in enumerate(outcome.routes.each):
        has, rules = work.available(sku, route.node.id), _forbidding(outcome, index, place)
        if has <= 0 or (route.excluded and rules):
            continue
        if route.excluded:
            yield _Change(f"{route.node.id} has {has} but {route.excluded}", _opened(work, outcome, place, []))
        elif rules:
            named = " and ".join(reason(work, ruling) for ruling in rules)
            words = f"{route.node.id} has it but may not ship it by {named}"
            yield _Change(words, _opened(work, outcome, place, rules))
    yield from _wider(outcome, index)
    for place in _most_wanted(work, outcome, index):
        yield _more(work, outcome, index, place)


def _forbidding(outcome: Sourced, index: int, place: int) -> list[Ruling]:
    """The rules by which a node may not ship a want."""
    node = outcome.routes.each[place].node
    return [ruling for ruling in outcome.wants[index].rulings if ruling.rule.forbids(node)]


def _opened(work: Workings, outcome: Sourced, place: int, lifted: list[Ruling]) -> Problem:
    """The problem where a node is open to the order, and some rules do not bind it."""
    node, out = outcome.routes.each[place].node, fell_short(work)
    problem = outcome.problem
    for index, want in enumerate(outcome.wants):
        bound = any(ruling not in lifted for ruling in _forbidding(outcome, index, place))
        if not bound and (want.sku, node.id) not in out and not problem.demands[index].available[place]:
            problem = _with_more(replace(outcome, problem=problem), index, place, work.available(want.sku, node.id))
    return problem


def _wider(outcome: Sourced, index: int) -> Iterator[_Change]:
    """The least split limit that would do."""
    problem = outcome.problem
    widest = replace(problem, limit=len(problem.open_costs))
    found = allocate(widest)
    if problem.limit < len(found.nodes) and _fills(widest, index):
        for limit in range(problem.limit + 1, len(found.nodes) + 1):
            yield _Change(f"a split limit of {limit}", replace(problem, limit=limit))


def _more(work: Workings, outcome: Sourced, index: int, place: int) -> _Change:
    """More stock at a node; what is promised there beyond what it has is made good first."""
    sku, missing, node = outcome.wants[index].sku, outcome.unfilled[index], outcome.routes.each[place].node.id
    row = work.row(sku, node)
    owed = max(row.reserved + row.safety - row.on_hand, ZERO) if row else ZERO
    return _Change(f"{missing + owed} more of {sku} at {node}", _with_more(outcome, index, place, missing))


def _may_ship(work: Workings, outcome: Sourced, index: int) -> list[int]:
    """The places of the nodes that could ship the want if they had it."""
    sku, out = outcome.wants[index].sku, fell_short(work)
    return [
        place
        for place, route in enumerate(outcome.routes.each)
        if not route.excluded and not _forbidding(outcome, index, place) and (sku, route.node.id) not in out
    ]


def _most_wanted(work: Workings, outcome: Sourced, index: int) -> list[int]:
    """The same, those first that ship something of the order, and of these the cheapest."""
    chosen, routes = outcome.assignment.nodes, outcome.routes.each
    return sorted(
        _may_ship(work, outcome, index), key=lambda place: (place not in chosen, routes[place].shipment_cost, place)
    )


def _with_more(outcome: Sourced, index: int, place: int, more: Decimal) -> Problem:
    """The problem where one node has so much more of a want."""
    demands = list(outcome.problem.demands)
    available = list(demands[index].available)
    available[place] += int(more * outcome.scale)
    demands[index] = demands[index]._replace(available=tuple(available))
    return replace(outcome.problem, demands=tuple(demands))
