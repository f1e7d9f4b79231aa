"""A route from a node to a destination: its cost, when goods leave and arrive, or why it is closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from canonical import Moment
from router.haul import PLACES, Clock, Haul, Hauls
from router.load import Room
from router.network import Node
from router.order_line import ZERO
from router.promise import AHEAD, day_of, delivery_date, departures, first_departure, ready_on
from router.routing import FreightBand


class Promise(NamedTuple):
    """When goods leave and arrive; None where nothing is promised."""

    ship_on: date | None
    deliver_on: date | None


@dataclass(frozen=True, slots=True)
class Route:
    """A node seen from one destination of one order. `excluded` says why it may not ship there."""

    node: Node
    region: str
    """Where it leads, such as `US-CA`."""
    band: FreightBand
    shipment_cost: Decimal
    """What the shipment costs before its weight."""
    promise: Promise
    late_days: int
    crowding: Decimal
    """How near its node is to its capacity of the day goods leave: the part of `node_load` that a unit costs."""
    excluded: str | None


class Routes(NamedTuple):
    """The routes from every node to one place."""

    each: tuple[Route, ...]
    """In the nodes' order."""
    by_node: Mapping[str, Route]
    open: Mapping[str, int]
    """By node the place in `each` of the routes that are not excluded."""
    late_days: tuple[int, ...]
    crowding: tuple[Decimal, ...]
    """Nothing where no node is crowded."""


class Setting(NamedTuple):
    """An order as nodes of one clock see it, on their own calendar."""

    ready: date
    """The first day on which they can work on it."""
    wanted: tuple[tuple[str, date], ...]
    """The dates it names."""


def routes_to(hauls: Hauls, dates: Mapping[str, Moment], now: datetime, room: Room | None = None) -> Routes:
    """The route from each node, judged against the order's dates in the node's time zone.

    From a node of limited capacity goods leave on the first day when it has `room` for them. Without limits a place's
    routes are the same all day, and remembered.
    """
    settings = tuple([_setting(clock, dates, now) for clock in hauls.clocks])
    return _routes(hauls, settings, room) if room else _known_routes(hauls, settings)


def _setting(clock: Clock, dates: Mapping[str, Moment], now: datetime) -> Setting:
    ready = ready_on(clock.time_zone, clock.last_call, now)
    return Setting(ready, tuple([(name, day_of(at, clock.time_zone)) for name, at in dates.items()]))


def _routes(hauls: Hauls, settings: tuple[Setting, ...], room: Room | None = None) -> Routes:
    each = tuple(
        _route(haul, hauls, settings[haul.clock], room if haul.node.capacity.limited else None) for haul in hauls.each
    )
    by_node = {route.node.id: route for route in each}
    places = {route.node.id: place for place, route in enumerate(each) if not route.excluded}
    crowding = tuple(route.crowding for route in each) if any(route.crowding for route in each) else ()
    return Routes(each, by_node, places, tuple(route.late_days for route in each), crowding)


_known_routes = lru_cache(PLACES)(_routes)


def _route(haul: Haul, hauls: Hauls, setting: Setting, room: Room | None) -> Route:
    node, carriers, wanted = haul.node, hauls.carriers, dict(setting.wanted)
    first = first_departure(node, carriers, max(setting.ready, wanted.get("ship_not_before", setting.ready)))
    ships = (room and next((day for day in departures(node, first, carriers) if room.has(node, day)), None)) or first
    arrives = delivery_date(ships, haul.band.transit_days, carriers.delivery)
    late = max(
        _days_after(ships, wanted, ("requested_ship", "ship_not_later")),
        _days_after(arrives, wanted, ("requested_delivery", "delivery_not_later")),
    )
    excluded = haul.refusal
    if excluded is None and room and not room.has(node, ships):
        excluded = f"has no capacity left on {first} and the {AHEAD - 1} departures after it"
    last = wanted.get("cancel_after")
    if excluded is None and last and ships > last:
        excluded = f"leaves on {ships}, after the order's cancel date {last}"
    crowding = hauls.costs.crowding(room.used(node, ships)) if room else ZERO
    return Route(node, hauls.region, haul.band, haul.shipment, Promise(ships, arrives), late, crowding, excluded)


def _days_after(day: date, wanted: Mapping[str, date], names: tuple[str, ...]) -> int:
    limits = [wanted[name] for name in names if name in wanted]
    return max((day - min(limits)).days, 0) if limits else 0
