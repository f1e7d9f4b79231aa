"""When backordered goods are expected to leave and arrive: from what is on its way, after those who wait longer."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from router.network import Node
from router.order_line import ZERO, Expected, LineState
from router.preorder import opens_on
from router.promise import day_of, delivery_date, ship_date
from router.route import Route
from router.rulings import forbidden, rulings
from router.sourcing import fell_short
from router.workings import Workings


class _Supply(NamedTuple):
    """When enough has come, and where the last of it comes."""

    day: date
    node: Node


def expect(work: Workings) -> None:
    """Note of each line that waits when it is expected; a change is told."""
    claimed: dict[str, Decimal] = {one.sku: one.units for one in work.world.ahead}
    waiting = [line for line in work.lines.values() if line.ledger.backordered or line.expected]
    found = {line.number: _expected(work, line, claimed) for line in waiting}
    if work.terms.ship_complete:
        found = _together(found)
    for line in waiting:
        expected = found[line.number]
        if expected != line.expected:
            work.lines[line.number] = line.model_copy(update={"expected": expected})
            facts = expected.model_dump(mode="json") if expected else {}
            work.tell("line_expected" if expected else "line_no_longer_expected", line=line.number, **facts)


def _expected(work: Workings, line: LineState, claimed: dict[str, Decimal]) -> Expected | None:
    """When a line is expected; what it waits for is then `claimed`."""
    if not line.ledger.backordered or line.sku is None:
        return None
    routes = list(_open_routes(work, line.sku, line.destination))
    before = claimed.get(line.sku, ZERO)
    claimed[line.sku] = before + line.ledger.backordered
    supply = _supply(work, line.sku, claimed[line.sku], routes)
    return _leaving(work, supply, line.destination) if supply else None


def _open_routes(work: Workings, sku: str, destination: int) -> Iterator[Route]:
    """The routes by which an item may come, the cheapest shipment first."""
    short = fell_short(work)
    routes = work.routes(destination).each
    found = rulings(work, sku, routes[0].region)
    for route in sorted(routes, key=lambda route: route.shipment_cost):
        if not route.excluded and not forbidden(found, route) and (sku, route.node.id) not in short:
            yield route


def _supply(work: Workings, sku: str, wanted: Decimal, routes: list[Route]) -> _Supply | None:
    """When so much of an item is there; a preorder's whole supply is there on its day, unless known otherwise."""
    nodes = {route.node.id: route.node for route in routes}
    first = opens_on(work, sku)
    rows = sorted((row for row in work.world.incoming if row.sku == sku and row.node in nodes), key=_by_day)
    has = sum((work.available(sku, node) for node in nodes), ZERO) if first or _ships_complete(work) else ZERO
    if has >= wanted and nodes:
        return _Supply(first or work.world.now.date(), routes[0].node)
    for row in rows:
        has += row.units
        if has >= wanted:
            return _Supply(max(row.day, first or row.day), nodes[row.node])
    return _Supply(first, routes[0].node) if first and nodes and not rows else None


def _by_day(row: tuple[str, str, date, Decimal]) -> tuple[date, str]:
    return row[2], row[1]


def _ships_complete(work: Workings) -> bool:
    return work.terms.ship_complete


def _leaving(work: Workings, supply: _Supply, destination: int) -> Expected | None:
    """When goods leave that come on a day; None when that is after the order's cancel date."""
    carriers, dates, node = work.policy.routing.carriers, work.order.document.dates, supply.node
    wanted = {name: day_of(at, node.time_zone) for name, at in dates.items()}
    not_before = max(supply.day, wanted.get("ship_not_before", supply.day))
    ships = ship_date(node, work.world.now, carriers, not_before)
    if "cancel_after" in wanted and ships > wanted["cancel_after"]:
        return None
    transit = work.route(node.id, destination).band.transit_days
    return Expected(node=node.id, ship_on=ships, deliver_on=delivery_date(ships, transit, carriers.delivery))


def _together(found: dict[str, Expected | None]) -> dict[str, Expected | None]:
    """An order that ships whole leaves with the last of its lines, or on a day that nobody knows."""
    known = [one for one in found.values() if one]
    last = max(known, key=lambda one: one.ship_on) if len(known) == len(found) and known else None
    return dict.fromkeys(found, last)
