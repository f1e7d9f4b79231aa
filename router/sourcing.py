"""Sourcing: the nodes each open line is taken from, at the least total cost, reserved as it is decided."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from router.allocation import Assignment, Demand, Problem, allocate
from router.freight import pounds
from router.order import ZERO, Allocation
from router.route import Route
from router.routing import Channel
from router.workings import Workings

COST_SCALE = 10_000
"""The search counts money in ten-thousandths, so that no cost is a fraction."""


@dataclass(frozen=True, slots=True)
class Want:
    """All that one destination still wants of one SKU, by line."""

    sku: str
    lines: tuple[tuple[str, Decimal], ...]

    @property
    def quantity(self) -> Decimal:
        """The sum over the lines."""
        return sum((quantity for _, quantity in self.lines), ZERO)


@dataclass(frozen=True, slots=True)
class Sourced:
    """One destination's outcome: the problem as it was put, and its solution."""

    destination: int
    routes: tuple[Route, ...]
    wants: tuple[Want, ...]
    problem: Problem
    scale: int
    """Units in the search for one of the item's own unit: above 1 only where quantities have decimals."""
    assignment: Assignment

    def takes(self, index: int) -> list[tuple[Route, Decimal]]:
        """(route, quantity) for one want."""
        return [(self.routes[node], Decimal(units) / self.scale) for node, units in self.assignment.takes[index]]

    def unfilled(self, index: int) -> Decimal:
        """What nobody ships of one want."""
        return self.wants[index].quantity - sum((quantity for _, quantity in self.takes(index)), ZERO)


def source(work: Workings) -> list[Sourced]:
    """Allocate and reserve what is open on every line; what nobody has is backordered, or cancelled by the terms."""
    terms = work.policy.channel(work.order.channel)
    taken: dict[tuple[str, str], Decimal] = {}
    outcomes = [
        _solve(work, destination, wants, terms, taken)
        for destination in range(len(work.order.destinations))
        if (wants := _wants(work, destination))
    ]
    complete = not any(outcome.unfilled(index) for outcome in outcomes for index in range(len(outcome.wants)))
    if terms.ship_complete and not complete:
        work.tell("ship_complete_waits", rule=terms_rule(work, "ship_complete"))
    else:
        for outcome in outcomes:
            _reserve(work, outcome)
    _leave_unfilled(work, terms)
    return outcomes


def terms_rule(work: Workings, name: str) -> str:
    """The name of one of the channel's terms, with its place."""
    channels = work.policy.routing.channels
    place = f"channels.{work.order.channel}" if work.order.channel in channels else "otherwise"
    return work.policy.rule(f"routing.{place}.{name}")


def fell_short(work: Workings) -> set[tuple[str, str]]:
    """(SKU, node) of what nodes have said that they cannot ship for this order."""
    return {(allocation.sku, allocation.node) for allocation in work.allocations if allocation.short}


def unit_cost_terms(work: Workings, sku: str, route: Route) -> dict[str, Decimal]:
    """What one unit of an item costs over a route, by term."""
    return {
        "freight": route.band.pound * pounds(work.item(sku)),
        "picking": route.node.unit_cost,
        "late": work.policy.routing.costs.late_day * route.late_days,
    }


def _wants(work: Workings, destination: int) -> tuple[Want, ...]:
    open_lines: dict[str, list[tuple[str, Decimal]]] = {}
    for line in work.lines.values():
        if line.sku and line.destination == destination and line.ledger.open:
            open_lines.setdefault(line.sku, []).append((line.number, line.ledger.open))
    return tuple(Want(sku, tuple(lines)) for sku, lines in open_lines.items())


def _solve(
    work: Workings,
    destination: int,
    wants: tuple[Want, ...],
    terms: Channel,
    taken: dict[tuple[str, str], Decimal],
) -> Sourced:
    """Solve one destination, and note in `taken` what it uses, so that the next finds only the rest."""
    routing = work.policy.routing
    routes = tuple(work.route(node, destination) for node in work.policy.network.nodes)
    out = fell_short(work)
    has = [
        [ZERO if (want.sku, route.node.id) in out else _has(work, want.sku, route, taken) for route in routes]
        for want in wants
    ]
    problem, scale = _problem(work, wants, routes, has, terms.split_limit or routing.split_limit)
    outcome = Sourced(destination, routes, wants, problem, scale, allocate(problem))
    for index, want in enumerate(wants):
        for route, quantity in outcome.takes(index):
            key = (want.sku, route.node.id)
            taken[key] = taken.get(key, ZERO) + quantity
    return outcome


def _problem(
    work: Workings, wants: tuple[Want, ...], routes: tuple[Route, ...], has: list[list[Decimal]], limit: int
) -> tuple[Problem, int]:
    scale: int = 10 ** max(
        _places(value) for row, want in zip(has, wants, strict=True) for value in (*row, want.quantity)
    )
    demands = tuple(
        Demand(
            int(want.quantity * scale),
            tuple(int(value * scale) for value in row),
            tuple(_money(sum(unit_cost_terms(work, want.sku, route).values(), ZERO)) for route in routes),
        )
        for want, row in zip(wants, has, strict=True)
    )
    costs = work.policy.routing.costs
    problem = Problem(
        open_costs=tuple(_money(route.shipment_cost) * scale for route in routes),
        demands=demands,
        split=_money(costs.split) * scale,
        split_line=_money(costs.split_line) * scale,
        unfilled=max(_money(costs.unfilled), *(cost for demand in demands for cost in demand.unit_costs)),
        limit=limit,
        steps=work.policy.routing.search_steps,
    )
    return problem, scale


def _has(work: Workings, sku: str, route: Route, taken: dict[tuple[str, str], Decimal]) -> Decimal:
    if route.excluded:
        return ZERO
    return max(work.available(sku, route.node.id) - taken.get((sku, route.node.id), ZERO), ZERO)


def _money(amount: Decimal) -> int:
    return int((amount * COST_SCALE).to_integral_value(ROUND_HALF_UP))


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _reserve(work: Workings, outcome: Sourced) -> None:
    """Give each line its part of what its SKU was allocated, lines in their order."""
    for index, want in enumerate(outcome.wants):
        portions = iter(outcome.takes(index))
        route, has = next(portions, (None, ZERO))
        for line, quantity in want.lines:
            wanted = quantity
            while wanted and route:
                part = min(has, wanted)
                node, destination = route.node.id, outcome.destination
                _allocate(work, Allocation(line=line, node=node, sku=want.sku, quantity=part, destination=destination))
                wanted, has = wanted - part, has - part
                if not has:
                    route, has = next(portions, (None, ZERO))


def _allocate(work: Workings, allocation: Allocation) -> None:
    work.allocations.append(allocation)
    work.move(allocation.line, "allocate", allocation.quantity, node=allocation.node)
    work.reserve(allocation, allocation.quantity)


def _leave_unfilled(work: Workings, terms: Channel) -> None:
    for line in list(work.lines.values()):
        if line.ledger.open and terms.backorders:
            work.move(line.number, "backorder", line.ledger.open)
        elif line.ledger.open:
            work.move(line.number, "cancel_open", line.ledger.open, rule=terms_rule(work, "backorders"))
