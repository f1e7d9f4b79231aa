"""What it takes to carry goods from each node to a place: what does not depend on an order is worked out once."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

from canonical import Address
from router.freight import PREFIX, band_of, place_of
from router.network import Node
from router.routing import FreightBand, Routing

COST_SCALE = 10_000
"""The search counts money in ten-thousandths, so that no cost is a fraction."""
_PLACES = 1024
"""Of so many places the hauls are remembered, and for each what so many kinds of goods cost over them."""


class Haul(NamedTuple):
    """A node as a place sees it, on whatever day. Costs are in the company's currency."""

    node: Node
    band: FreightBand
    refusal: str | None
    """Why the node does not serve the place."""
    shipment: Decimal
    """What a shipment costs before its weight."""
    opening: int
    """The same as the search counts it."""
    pound: Decimal
    unit: Decimal
    """What a unit costs that is not late."""
    fee: Decimal
    """The share of a unit's price that is lost."""


class Hauls:
    """The hauls from every node to one place."""

    def __init__(self, nodes: tuple[Node, ...], routing: Routing, address: Address) -> None:
        place = place_of(address, routing)
        self.each = tuple(_haul(node, band_of(node, place, routing), routing, address) for node in nodes)
        self._late_day = routing.costs.late_day
        self.unit_costs = lru_cache(_PLACES)(self._unit_costs)

    def _unit_costs(self, late_days: tuple[int, ...], weight: Decimal, price: Decimal) -> tuple[int, ...]:
        """What a unit of so many pounds and such a price costs over each haul, as the search counts it."""
        return tuple(
            [
                scaled(weight * haul.pound + price * haul.fee + haul.unit + self._late_day * late)
                for haul, late in zip(self.each, late_days, strict=True)
            ]
        )


def _haul(node: Node, band: FreightBand, routing: Routing, address: Address) -> Haul:
    costs, shipment = routing.costs, node.shipment_cost + band.shipment
    pound = band.pound + costs.carbon_kg * band.carbon_kg
    unit = node.unit_cost + costs.transit_day * band.transit_days
    refusal = node.serves.refuses(address)
    return Haul(node, band, refusal, shipment, scaled(shipment), pound, unit, node.fee_percent / 100)


def hauls_from(nodes: tuple[Node, ...], routing: Routing) -> Callable[[Address], Hauls]:
    """The hauls to an address. Of an address only the country, the region and the postal prefix count."""

    @lru_cache(_PLACES)
    def to_place(country: str | None, region: str | None, prefix: str) -> Hauls:
        return Hauls(nodes, routing, Address(country=country, region=region, postal_code=prefix or None))

    return lambda address: to_place(address.country, address.region, (address.postal_code or "")[:PREFIX])


@lru_cache(maxsize=16384)
def scaled(amount: Decimal) -> int:
    """Money as the search counts it."""
    return int((amount * COST_SCALE).to_integral_value(ROUND_HALF_UP))
