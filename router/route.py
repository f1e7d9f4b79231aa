"""A route from a node to a destination: its cost, when goods leave and arrive, or why it is closed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from canonical import Address, PurchaseOrder
from router.haul import Haul, Hauls
from router.network import Node
from router.promise import AHEAD, day_of, delivery_date, departures, ship_date
from router.routing import CarrierDays, FreightBand

Room = Callable[[Node, date], bool]
"""Whether a node has room on a day."""


@dataclass(slots=True)
class Route:
    """A node seen from one destination of one order. `excluded` says why it may not ship there."""

    node: Node
    address: Address
    band: FreightBand
    shipment_cost: Decimal
    """What the shipment costs before its weight."""
    ships_on: date
    arrives_on: date
    late_days: int
    excluded: str | None


def routes_to(
    hauls: Hauls,
    address: Address,
    document: PurchaseOrder,
    now: datetime,
    carriers: CarrierDays,
    room: Room | None = None,
) -> dict[str, Route]:
    """The route from each node, judged against the order's dates in the node's time zone.

    From a node of limited capacity goods leave on the first day when it has room for them.
    """
    zones = {haul.node.time_zone for haul in hauls.each}
    wanted = {zone: {name: day_of(at, zone) for name, at in document.dates.items()} for zone in zones}
    local = {zone: now.astimezone(ZoneInfo(zone)) for zone in zones}
    return {
        haul.node.id: _route(
            haul,
            address,
            wanted[haul.node.time_zone],
            local[haul.node.time_zone],
            carriers,
            room if room and haul.node.capacity.limited else None,
        )
        for haul in hauls.each
    }


def _route(
    haul: Haul,
    address: Address,
    wanted: Mapping[str, date],
    now: datetime,
    carriers: CarrierDays,
    room: Room | None,
) -> Route:
    node = haul.node
    first = ship_date(node, now, carriers, wanted.get("ship_not_before"))
    ships = (room and next((day for day in departures(node, first, carriers) if room(node, day)), None)) or first
    arrives = delivery_date(ships, haul.band.transit_days, carriers.delivery)
    late = 0
    if wanted:
        late = max(
            _days_after(ships, wanted, ("requested_ship", "ship_not_later")),
            _days_after(arrives, wanted, ("requested_delivery", "delivery_not_later")),
        )
    excluded = haul.refusal
    if excluded is None and room and not room(node, ships):
        excluded = f"has no capacity left on {first} and the {AHEAD - 1} departures after it"
    last = wanted.get("cancel_after")
    if excluded is None and last and ships > last:
        excluded = f"leaves on {ships}, after the order's cancel date {last}"
    return Route(node, address, haul.band, haul.shipment, ships, arrives, late, excluded)


def _days_after(day: date, wanted: Mapping[str, date], names: tuple[str, ...]) -> int:
    limits = [wanted[name] for name in names if name in wanted]
    return max((day - min(limits)).days, 0) if limits else 0
