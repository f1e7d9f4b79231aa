"""Sourcing: the nodes each open line is taken from, at the least total cost, reserved as it is decided."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from canonical import Item, made
from router.adjustment import goods_as_ordered
from router.allocation import Assignment, Demand, Problem, allocate
from router.freight import pounds
from router.haul import scaled
from router.order import ZERO, Allocation
from router.preorder import opens_on, preordered, wait_for_day
from router.route import Route
from router.routing import Channel
from router.rulings import forbidden, rulings, surcharge
from router.workings import Workings


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
        _solve(work, destination, wants, taken)
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


class Goods(NamedTuple):
    """What goes over one route: units, their pounds, and their price in all."""

    units: Decimal
    pounds: Decimal
    price: Decimal


def goods(item: Item, units: Decimal) -> Goods:
    """So many units of an item."""
    return Goods(units, pounds(item) * units, _price(item) * units)


def goods_cost_terms(work: Workings, carried: Goods, route: Route) -> dict[str, Decimal]:
    """What goods cost over a route, by term; what the sourcing rules add is not among them."""
    costs, band = work.policy.routing.costs, route.band
    return {
        "freight": band.pound * carried.pounds,
        "picking": route.node.unit_cost * carried.units,
        "late": costs.late_day * route.late_days * carried.units,
        "transit": costs.transit_day * band.transit_days * carried.units,
        "carbon": costs.carbon_kg * band.carbon_kg * carried.pounds,
        "fee": carried.price * route.node.fee_percent / 100,
    }


def unit_cost_terms(work: Workings, sku: str, route: Route) -> dict[str, Decimal]:
    """What one unit of an item costs over a route, by term."""
    terms = goods_cost_terms(work, goods(work.item(sku), Decimal(1)), route)
    return {**terms, "rules": surcharge(rulings(work, sku, route.address), route)}


def _price(item: Item) -> Decimal:
    return item.price.amount / (item.price.per.value if item.price.per else 1) if item.price else ZERO


def _wants(work: Workings, destination: int) -> tuple[Want, ...]:
    open_lines: dict[str, list[tuple[str, Decimal]]] = {}
    for line in work.lines.values():
        if line.sku and line.destination == destination and line.ledger.open and not opens_on(work, line.sku):
            open_lines.setdefault(line.sku, []).append((line.number, line.ledger.open))
    return tuple(Want(sku, tuple(lines)) for sku, lines in open_lines.items())


def _solve(
    work: Workings,
    destination: int,
    wants: tuple[Want, ...],
    taken: dict[tuple[str, str], Decimal],
) -> Sourced:
    """Solve one destination, and note in `taken` what it uses, so that the next finds only the rest."""
    routes = tuple(work.route(node, destination) for node in work.policy.network.nodes)
    has = _has(work, wants, routes, taken)
    costs = _unit_costs(work, destination, wants, routes)
    problem, scale = _problem(work, destination, wants, has, costs)
    outcome = Sourced(destination, routes, wants, problem, scale, allocate(problem))
    for index, want in enumerate(wants):
        for route, quantity in outcome.takes(index):
            key = (want.sku, route.node.id)
            taken[key] = taken.get(key, ZERO) + quantity
    return outcome


def _split_limit(work: Workings) -> int:
    """The most nodes for one destination: the channel's or the general one, fewer for what is worth less."""
    routing = work.policy.routing
    limit = work.policy.channel(work.order.channel).split_limit or routing.split_limit
    worth = goods_as_ordered(work) if routing.split_limits else ZERO
    return min([limit, *[fewer.nodes for fewer in routing.split_limits if worth < fewer.below]])


def _problem(
    work: Workings, destination: int, wants: tuple[Want, ...], has: list[list[Decimal]], prices: list[tuple[int, ...]]
) -> tuple[Problem, int]:
    wanted = [want.quantity for want in wants]
    whole = [list(map(int, row)) for row in has]
    scale = 1
    if whole != has or any(units % 1 for units in wanted):
        scale = _scale([*wanted, *(units for row in has for units in row)])
        whole = [[int(units * scale) for units in row] for row in has]
    demands = [
        Demand(int(units * scale), tuple(row), price) for units, row, price in zip(wanted, whole, prices, strict=True)
    ]
    costs = work.policy.routing.costs
    problem = Problem(
        open_costs=tuple([haul.opening * scale for haul in work.hauls(destination).each]),
        demands=tuple(demands),
        split=scaled(costs.split) * scale,
        split_line=scaled(costs.split_line) * scale,
        unfilled=max(scaled(costs.unfilled), *map(max, prices)),
        limit=_split_limit(work),
        steps=work.policy.routing.search_steps,
    )
    return problem, scale


def _has(
    work: Workings, wants: tuple[Want, ...], routes: tuple[Route, ...], taken: dict[tuple[str, str], Decimal]
) -> list[list[Decimal]]:
    """For each want what each route's node can ship of it."""
    places = {route.node.id: place for place, route in enumerate(routes) if not route.excluded}
    rows = {want.sku: [ZERO] * len(routes) for want in wants}
    for sku, node, units in work.availability():
        row, place = rows.get(sku), places.get(node)
        if row is not None and place is not None:
            row[place] = units
    for sku, node in fell_short(work) | taken.keys():
        if sku in rows and node in places:
            left = work.available(sku, node) - taken.get((sku, node), ZERO)
            rows[sku][places[node]] = ZERO if (sku, node) in fell_short(work) else max(left, ZERO)
    if work.policy.routing.sourcing:
        _leave_out_forbidden(work, routes, rows)
    return list(rows.values())


def _leave_out_forbidden(work: Workings, routes: tuple[Route, ...], rows: dict[str, list[Decimal]]) -> None:
    """A node has nothing of what the sourcing rules say may not come from it."""
    for sku, row in rows.items():
        found = rulings(work, sku, routes[0].address)
        for place, route in enumerate(routes):
            if found and row[place] and forbidden(found, route):
                row[place] = ZERO


def _unit_costs(
    work: Workings, destination: int, wants: tuple[Want, ...], routes: tuple[Route, ...]
) -> list[tuple[int, ...]]:
    """For each want what a unit costs over each route: the sum of `unit_cost_terms`, in whole numbers."""
    hauls, late = work.hauls(destination), tuple([route.late_days for route in routes])
    items = [work.item(want.sku) for want in wants]
    costs = [hauls.unit_costs(late, pounds(item), _price(item)) for item in items]
    if work.policy.routing.sourcing:
        return [_with_surcharges(work, want, routes, row) for want, row in zip(wants, costs, strict=True)]
    return costs


def _with_surcharges(work: Workings, want: Want, routes: tuple[Route, ...], row: tuple[int, ...]) -> tuple[int, ...]:
    found = rulings(work, want.sku, routes[0].address)
    if not found:
        return row
    return tuple(cost + scaled(surcharge(found, route)) for cost, route in zip(row, routes, strict=True))


def _scale(quantities: Iterable[Decimal]) -> int:
    """The power of ten that makes all of them whole."""
    return int("1" + "0" * max(map(_places, quantities)))


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
                day = route.ships_on if route.node.capacity.limited else None
                _allocate(
                    work,
                    made(
                        Allocation, line=line, node=node, sku=want.sku, quantity=part, destination=destination, day=day
                    ),
                )
                wanted, has = wanted - part, has - part
                if not has:
                    route, has = next(portions, (None, ZERO))


def _allocate(work: Workings, allocation: Allocation) -> None:
    work.allocations.append(allocation)
    work.move(allocation.line, "allocate", allocation.quantity, node=allocation.node)
    work.reserve(allocation, allocation.quantity)


def _leave_unfilled(work: Workings, terms: Channel) -> None:
    for line in list(work.lines.values()):
        if line.ledger.open and (terms.backorders or preordered(work, line.sku)):
            wait_for_day(work, line.sku)
            work.move(line.number, "backorder", line.ledger.open)
        elif line.ledger.open:
            work.move(line.number, "cancel_open", line.ledger.open, rule=terms_rule(work, "backorders"))
