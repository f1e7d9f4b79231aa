"""Sourcing: the nodes each open line is taken from, at the least total cost, reserved as it is decided."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from canonical import made
from router.adjustment import goods_as_ordered
from router.allocation import Assignment, Demand, Problem, allocate
from router.goods import Goods, unit_goods
from router.haul import scaled
from router.load import loads_of
from router.order_line import ZERO, Allocation
from router.preorder import opens_on, preordered, wait_for_day
from router.route import Route, Routes
from router.routing import Channel
from router.rulings import forbidden, rulings, surcharge
from router.sourcing_rule import Ruling
from router.workings import Workings

Row = list[Decimal | int]
"""Quantities of one item, one for each node; what is nothing is the number 0, which is told apart at once."""


class Want(NamedTuple):
    """All that one destination still wants of one SKU, by line."""

    sku: str
    lines: tuple[tuple[str, Decimal], ...]
    quantity: Decimal
    """The sum over the lines."""
    unit: Goods
    rulings: Sequence[Ruling]
    """The sourcing rules it falls under."""


@dataclass(frozen=True)
class Sourced:
    """One destination's outcome: the problem as it was put, and its solution."""

    destination: int
    routes: Routes
    wants: tuple[Want, ...]
    problem: Problem
    scale: int
    """Units in the search for one of the item's own unit: above 1 only where quantities have decimals."""
    assignment: Assignment

    @cached_property
    def takes(self) -> list[list[tuple[Route, Decimal]]]:
        """(route, quantity) by want."""
        routes, scale = self.routes.each, self.scale
        takes = [[(routes[node], Decimal(units)) for node, units in take] for take in self.assignment.takes]
        return takes if scale == 1 else [[(route, units / scale) for route, units in take] for take in takes]

    @cached_property
    def allocations(self) -> list[Allocation]:
        """Each line's part of what its SKU is allocated, lines in their order."""
        return [
            made(
                Allocation,
                line=line,
                node=route.node.id,
                sku=want.sku,
                quantity=quantity,
                destination=self.destination,
                day=route.promise.ship_on if route.node.capacity.limited else None,
                ship_on=route.promise.ship_on,
                deliver_on=route.promise.deliver_on,
            )
            for want, takes in zip(self.wants, self.takes, strict=True)
            for line, route, quantity in _portions(want.lines, takes)
        ]

    @cached_property
    def unfilled(self) -> list[Decimal]:
        """What nobody ships, by want."""
        return [
            want.quantity - sum([quantity for _, quantity in takes])
            for want, takes in zip(self.wants, self.takes, strict=True)
        ]


def source(work: Workings) -> list[Sourced]:
    """Allocate and reserve what is open on every line; what nobody has is backordered, or cancelled by the terms."""
    terms = work.terms
    outcomes = list(_solved(work))
    if terms.ship_complete and any(missing for outcome in outcomes for missing in outcome.unfilled):
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


def _solved(work: Workings) -> Iterator[Sourced]:
    """Each destination solved in turn, out of what those before it leave."""
    taken: dict[tuple[str, str], Decimal] = {}
    before: list[Allocation] = []
    for destination in range(len(work.order.destinations)):
        if wants := _wants(work, destination):
            if before and work.policy.network.limited:
                work.claim(loads_of(before))
            outcome = _solve(work, destination, wants, taken)
            yield outcome
            before += outcome.allocations
            for one in outcome.allocations:
                taken[one.sku, one.node] = taken.get((one.sku, one.node), ZERO) + one.quantity
    if before and work.policy.network.limited:
        work.claim({})


def _wants(work: Workings, destination: int) -> tuple[Want, ...]:
    open_lines: dict[str, list[tuple[str, Decimal]]] = {}
    for line in work.lines.values():
        units, sku = line.ledger.open, line.sku
        if units and sku and line.destination == destination and not opens_on(work, sku):
            open_lines.setdefault(sku, []).append((line.number, units))
    region = work.hauls(destination).region
    return tuple([_want(work, sku, tuple(lines), region) for sku, lines in open_lines.items()])


def _want(work: Workings, sku: str, lines: tuple[tuple[str, Decimal], ...], region: str) -> Want:
    quantity = lines[0][1] if len(lines) == 1 else sum([units for _, units in lines], ZERO)
    return Want(sku, lines, quantity, unit_goods(work.item(sku)), rulings(work, sku, region))


def _solve(
    work: Workings, destination: int, wants: tuple[Want, ...], taken: Mapping[tuple[str, str], Decimal]
) -> Sourced:
    """Solve one destination. `taken` is what those before it use."""
    routes = work.routes(destination)
    has = _has(work, wants, routes, taken)
    problem, scale = _problem(work, destination, wants, has, _unit_costs(work, destination, wants, routes))
    return Sourced(destination, routes, wants, problem, scale, allocate(problem))


def _split_limit(work: Workings) -> int:
    """The most nodes for one destination: the channel's or the general one, fewer for what is worth less."""
    routing = work.policy.routing
    limit = work.terms.split_limit or routing.split_limit
    worth = goods_as_ordered(work) if routing.split_limits else ZERO
    return min([limit, *[fewer.nodes for fewer in routing.split_limits if worth < fewer.below]])


def _problem(
    work: Workings, destination: int, wants: tuple[Want, ...], has: list[Row], prices: list[tuple[int, ...]]
) -> tuple[Problem, int]:
    wanted: Row = [want.quantity for want in wants]
    scale = 1
    units, rows = _whole(wanted), [_whole(row) for row in has]
    if units != wanted or rows != has:
        scale = _scale(filter(None, [*wanted, *chain.from_iterable(has)]))
        units, rows = [int(one * scale) for one in wanted], [[int(one * scale) for one in row] for row in has]
    costs = work.policy.routing.costs
    problem = Problem(
        open_costs=tuple([haul.opening * scale for haul in work.hauls(destination).each]),
        demands=tuple(map(Demand, units, map(tuple, rows), prices)),
        split=scaled(costs.split) * scale,
        split_line=scaled(costs.split_line) * scale,
        unfilled=max(scaled(costs.unfilled), *map(max, prices)),
        limit=_split_limit(work),
        steps=work.policy.routing.search_steps,
    )
    return problem, scale


def _has(
    work: Workings, wants: tuple[Want, ...], routes: Routes, taken: Mapping[tuple[str, str], Decimal]
) -> list[Row]:
    """For each want what each route's node can ship of it."""
    places, short = routes.open, fell_short(work)
    rows: dict[str, Row] = {want.sku: [0] * len(routes.each) for want in wants}
    for sku, node, on_hand, reserved, safety, _ in work.world.stock:
        if node in places and sku in rows and (units := on_hand - reserved - safety) > ZERO:
            rows[sku][places[node]] = units
    for sku, node in work.touched:
        if node in places and sku in rows:
            rows[sku][places[node]] = work.available(sku, node)
    for sku, node in short | taken.keys():
        if sku in rows and node in places:
            left = work.available(sku, node) - taken.get((sku, node), ZERO)
            rows[sku][places[node]] = 0 if (sku, node) in short else max(left, ZERO)
    for want in wants:
        if want.rulings:
            _leave_out_forbidden(want, routes, rows[want.sku])
    return list(rows.values())


def _leave_out_forbidden(want: Want, routes: Routes, row: Row) -> None:
    """A node has nothing of what the sourcing rules say may not come from it."""
    for place, route in enumerate(routes.each):
        if row[place] and forbidden(want.rulings, route):
            row[place] = 0


def _unit_costs(work: Workings, destination: int, wants: tuple[Want, ...], routes: Routes) -> list[tuple[int, ...]]:
    """For each want what a unit costs over each route: the sum of `unit_cost_terms`, in whole numbers."""
    unit_costs, late_days, crowding = work.hauls(destination).unit_costs, routes.late_days, routes.crowding
    costs = [unit_costs(late_days, crowding, want.unit.pounds, want.unit.price) for want in wants]
    return [
        _with_surcharges(want, routes, row) if want.rulings else row for want, row in zip(wants, costs, strict=True)
    ]


def _with_surcharges(want: Want, routes: Routes, row: tuple[int, ...]) -> tuple[int, ...]:
    added = (scaled(surcharge(want.rulings, route)) for route in routes.each)
    return tuple([cost + more for cost, more in zip(row, added, strict=True)])


def _whole(row: Row) -> list[int]:
    """The whole part of each."""
    return [int(units) if units else 0 for units in row]


def _scale(quantities: Iterable[Decimal | int]) -> int:
    """The power of ten that makes all of them whole."""
    return int("1" + "0" * max(map(_places, quantities)))


def _places(value: Decimal | int) -> int:
    exponent = Decimal(value).normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _reserve(work: Workings, outcome: Sourced) -> None:
    for allocation in outcome.allocations:
        work.allocations.append(allocation)
        work.move(allocation.line, "allocate", allocation.quantity, node=allocation.node)
        work.reserve(allocation, allocation.quantity)


def _portions(
    lines: tuple[tuple[str, Decimal], ...], takes: list[tuple[Route, Decimal]]
) -> Iterator[tuple[str, Route, Decimal]]:
    """(line, route, quantity) of each line's part, until nothing is left of one of both."""
    sources = iter(takes)
    has = ZERO
    for line, units in lines:
        wanted = units
        while wanted:
            if not has:
                route, has = next(sources, (None, ZERO))
            if route is None:
                return
            part = min(has, wanted)
            yield line, route, part
            wanted, has = wanted - part, has - part


def _leave_unfilled(work: Workings, terms: Channel) -> None:
    for line in list(work.lines.values()):
        if line.ledger.open and (terms.backorders or preordered(work, line.sku)):
            wait_for_day(work, line.sku)
            work.move(line.number, "backorder", line.ledger.open)
        elif line.ledger.open:
            work.move(line.number, "cancel_open", line.ledger.open, rule=terms_rule(work, "backorders"))
