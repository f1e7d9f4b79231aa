"""Freight by zone: how far a node is from a destination, and what a shipment and a pound cost over that distance."""

from decimal import Decimal
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt

from canonical import Address, Item
from router.network import Node, Place
from router.order_line import ZERO
from router.routing import FreightBand, Routing

_EARTH_MILES = 3958.8
PREFIX = 3
"""So many characters of a postal code say where it lies."""
_POUNDS = {
    "LB": Decimal(1),
    "OZ": Decimal("0.0625"),
    "KG": Decimal("2.20462262"),
    "GR": Decimal("0.00220462262"),
}


def place_of(address: Address, routing: Routing) -> Place | None:
    """Where an address lies: by country and postal prefix, else by country and region."""
    for part in ((address.postal_code or "")[:PREFIX], address.region or ""):
        if part and (place := routing.places.get(f"{address.country}-{part}")):
            return place
    return None


def band_of(node: Node, place: Place | None, routing: Routing) -> FreightBand:
    """The freight band between a node and a place; the last one where nobody knows the place."""
    if place is not None:
        miles = miles_between(node.place, place)
        for band in routing.freight:
            if band.miles is None or miles <= band.miles:
                return band
    return routing.freight[-1]


def miles_between(one: Place, other: Place) -> int:
    """The great circle distance in whole miles (haversine): rounded, so that every machine gets the same zone."""
    return _miles(float(one.latitude), float(one.longitude), float(other.latitude), float(other.longitude))


@lru_cache(maxsize=65536)
def _miles(lat: float, lon: float, other_lat: float, other_lon: float) -> int:
    rise, run = radians(other_lat - lat) / 2, radians(other_lon - lon) / 2
    arc = sin(rise) ** 2 + cos(radians(lat)) * cos(radians(other_lat)) * sin(run) ** 2
    return round(2 * _EARTH_MILES * asin(sqrt(arc)))


def pounds(item: Item) -> Decimal:
    """What one unit of an item weighs in pounds; zero when nobody says."""
    if item.weight is None or item.weight.unit not in _POUNDS:
        return ZERO
    return item.weight.value * _POUNDS[item.weight.unit]
