"""A route from a node to a destination: its cost, when goods leave and arrive, or why it is closed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from canonical import Address, PurchaseOrder
from router.freight import band_of, place_of
from router.network import Node
from router.promise import AHEAD, day_of, delivery_date, departures, ship_date
from router.routing import CarrierDays, FreightBand, Routing

Room = Callable[[Node, date], bool]
"""Whether a node has room on a day."""


@dataclass(slots=True)
class Route:
    """A node seen from one destination of one order. `excluded` says why it may not ship there."""

    node: Node
    address: Address
    band: FreightBand
    ships_on: date
    arrives_on: date
    late_days: int
    excluded: str | None

    @property
    def shipment_cost(self) -> Decimal:
        """What the shipment costs before its weight."""
        return self.node.shipment_cost + self.band.shipment


def routes_to(
    nodes: Iterable[Node],
    address: Address,
    document: PurchaseOrder,
    now: datetime,
    routing: Routing,
    room: Room | None = None,
) -> dict[str, Route]:
    """The route from each node, judged against the order's dates in the node's time zone.

    From a node of limited capacity goods leave on the first day when it has room for them.
    """
    place = place_of(address, routing)
    zones = {node.time_zone for node in nodes}
    wanted = {zone: {name: day_of(at, zone) for name, at in document.dates.items()} for zone in zones}
    local = {zone: now.astimezone(ZoneInfo(zone)) for zone in zones}
    return {
        node.id: _route(
            node,
            address,
            band_of(node, place, routing),
            wanted[node.time_zone],
            local[node.time_zone],
            routing.carriers,
            room if node.capacity.limited else None,
        )
        for node in nodes
    }


def _route(
    node: Node,
    address: Address,
    band: FreightBand,
    wanted: Mapping[str, date],
    now: datetime,
    carriers: CarrierDays,
    room: Room | None,
) -> Route:
    first = ship_date(node, now, carriers, wanted.get("ship_not_before"))
    ships = (room and next((day for day in departures(node, first, carriers) if room(node, day)), None)) or first
    arrives = delivery_date(ships, band.transit_days, carriers.delivery)
    late = 0
    if wanted:
        late = max(
            _days_after(ships, wanted, ("requested_ship", "ship_not_later")),
            _days_after(arrives, wanted, ("requested_delivery", "delivery_not_later")),
        )
    excluded = node.serves.refuses(address)
    if excluded is None and room and not room(node, ships):
        excluded = f"has no capacity left on {first} and the {AHEAD - 1} departures after it"
    last = wanted.get("cancel_after")
    if excluded is None and last and ships > last:
        excluded = f"leaves on {ships}, after the order's cancel date {last}"
    return Route(node, address, band, ships, arrives, late, excluded)


def _days_after(day: date, wanted: Mapping[str, date], names: tuple[str, ...]) -> int:
    limits = [wanted[name] for name in names if name in wanted]
    return max((day - min(limits)).days, 0) if limits else 0
