"""A route from a node to a destination: its cost, when goods leave and arrive, or why it is closed."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from canonical import Address, PurchaseOrder
from router.freight import band_of
from router.network import Node
from router.promise import day_of, delivery_date, ship_date
from router.routing import FreightBand, Routing


@dataclass(frozen=True, slots=True)
class Route:
    """A node seen from one destination of one order. `excluded` says why it may not ship there."""

    node: Node
    band: FreightBand
    ships_on: date
    arrives_on: date
    late_days: int
    excluded: str | None

    @property
    def shipment_cost(self) -> Decimal:
        """What the shipment costs before its weight."""
        return self.node.shipment_cost + self.band.shipment


def route_of(node: Node, address: Address, document: PurchaseOrder, now: datetime, routing: Routing) -> Route:
    """The route, judged against the order's dates in the node's time zone."""
    wanted = {name: day_of(moment, node.time_zone) for name, moment in document.dates.items()}
    band = band_of(node, address, routing)
    ships = ship_date(node, now, wanted.get("ship_not_before"))
    arrives = delivery_date(ships, band.transit_days)
    late = max(
        _days_after(ships, wanted, ("requested_ship", "ship_not_later")),
        _days_after(arrives, wanted, ("requested_delivery", "delivery_not_later")),
    )
    excluded = node.serves.refuses(address)
    last = wanted.get("cancel_after")
    if excluded is None and last and ships > last:
        excluded = f"leaves on {ships}, after the order's cancel date {last}"
    return Route(node, band, ships, arrives, late, excluded)


def _days_after(day: date, wanted: dict[str, date], names: tuple[str, ...]) -> int:
    limits = [wanted[name] for name in names if name in wanted]
    return max((day - min(limits)).days, 0) if limits else 0
