"""What it takes to carry goods from each node to a place: what does not depend on an order is worked out once."""

from datetime import time
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple, Protocol

from canonical import Address
from router.freight import PREFIX, band_of, place_of
from router.network import Node
from router.order_line import ZERO
from router.promise import last_call
from router.routing import FreightBand, Routing
from router.transit import Lanes, Learned

COST_SCALE = 10_000
"""The search counts money in ten-thousandths, so that no cost is a fraction."""
PLACES = 1024
"""Of so many places the hauls are remembered, and for each what so many kinds of goods cost over them."""


class Clock(NamedTuple):
    """When days begin and end for a node: nodes of one clock see an instant alike."""

    time_zone: str
    last_call: time


class Haul(NamedTuple):
    """A node as a place sees it, on whatever day. Costs are in the company's currency."""

    node: Node
    clock: int
    """The place of its clock."""
    band: FreightBand
    """With the transit time that is learned of the lane, where one is."""
    learned: Learned | None
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

    def __init__(self, nodes: tuple[Node, ...], routing: Routing, address: Address, lanes: Lanes = ()) -> None:
        clocks = {node.id: Clock(node.time_zone, last_call(node, routing.carriers)) for node in nodes}
        self.clocks = tuple(dict.fromkeys(clocks.values()))
        self.carriers = routing.carriers
        self.region = f"{address.country}-{address.region}"
        place, known = place_of(address, routing), dict(lanes)
        hauls = (
            _haul(
                node,
                self.clocks.index(clocks[node.id]),
                _learned(band_of(node, place, routing), known.get(node.id)),
                known.get(node.id),
                routing,
                address,
            )
            for node in nodes
        )
        self.each = tuple(hauls)
        self.costs = routing.costs
        self.unit_costs = lru_cache(PLACES)(self._unit_costs)

    def _unit_costs(
        self, late_days: tuple[int, ...], crowding: tuple[Decimal, ...], weight: Decimal, price: Decimal
    ) -> tuple[int, ...]:
        """What a unit of so many pounds and such a price costs over each haul, as the search counts it. No `crowding`
        is none anywhere."""
        late_day, node_load = self.costs.late_day, self.costs.node_load
        days = zip(self.each, late_days, crowding or [ZERO] * len(late_days), strict=True)
        return tuple(
            [
                scaled(weight * haul.pound + price * haul.fee + haul.unit + late_day * late + node_load * crowded)
                for haul, late, crowded in days
            ]
        )


def _learned(band: FreightBand, known: Learned | None) -> FreightBand:
    return band.model_copy(update={"transit_days": known.days}) if known else band


def _haul(
    node: Node, clock: int, band: FreightBand, learned: Learned | None, routing: Routing, address: Address
) -> Haul:
    costs, shipment = routing.costs, node.shipment_cost + band.shipment
    pound = band.pound + costs.carbon_kg * band.carbon_kg
    unit = node.unit_cost + costs.transit_day * band.transit_days
    refusal = node.serves.refuses(address)
    return Haul(node, clock, band, learned, refusal, shipment, scaled(shipment), pound, unit, node.fee_percent / 100)


class HaulsTo(Protocol):
    def __call__(self, address: Address, lanes: Lanes = ()) -> Hauls:
        """The hauls to an address, with what is learned of the lanes to its region."""
        ...


def hauls_from(nodes: tuple[Node, ...], routing: Routing, home: str) -> HaulsTo:
    """The hauls to an address, which lies in the country `home` where it names none. Of an address only the country,
    the region and the postal prefix count."""

    @lru_cache(PLACES)
    def to_place(country: str, region: str | None, prefix: str, lanes: Lanes) -> Hauls:
        return Hauls(nodes, routing, Address(country=country, region=region, postal_code=prefix or None), lanes)

    def to_address(address: Address, lanes: Lanes = ()) -> Hauls:
        return to_place(address.country or home, address.region, (address.postal_code or "")[:PREFIX], lanes)

    return to_address


@lru_cache(maxsize=16384)
def scaled(amount: Decimal) -> int:
    """Money as the search counts it."""
    return int((amount * COST_SCALE).to_integral_value(ROUND_HALF_UP))
