"""Goods on their way: how many units, what they weigh and are worth, and what carrying them over a route costs."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from canonical import Item
from router.freight import pounds
from router.order_line import ZERO
from router.route import Route
from router.rulings import rulings, surcharge
from router.workings import Workings

_ONE = Decimal(1)


class Goods(NamedTuple):
    """What goes over one route: units, their pounds, and their price in all."""

    units: Decimal
    pounds: Decimal
    price: Decimal


def unit_goods(item: Item) -> Goods:
    """One unit of an item."""
    price = item.price
    if price is None:
        return Goods(_ONE, pounds(item), ZERO)
    return Goods(_ONE, pounds(item), price.amount / price.per.value if price.per else price.amount)


def total_of(parts: Sequence[tuple[Goods, Decimal]]) -> Goods:
    """So many times each, all of it together."""
    return Goods(
        sum([quantity for _, quantity in parts], ZERO),
        sum([each.pounds * quantity for each, quantity in parts], ZERO),
        sum([each.price * quantity for each, quantity in parts], ZERO),
    )


def goods_cost_terms(work: Workings, carried: Goods, route: Route) -> dict[str, Decimal]:
    """What goods cost over a route, by term; what the sourcing rules add is not among them."""
    costs, band = work.policy.routing.costs, route.band
    return {
        "freight": band.pound * carried.pounds,
        "picking": route.node.unit_cost * carried.units,
        "late": costs.late_day * route.late_days * carried.units,
        "transit": costs.transit_day * band.transit_days * carried.units,
        "load": costs.node_load * route.crowding * carried.units,
        "carbon": costs.carbon_kg * band.carbon_kg * carried.pounds,
        "fee": carried.price * route.node.fee_percent / 100,
    }


def unit_cost_terms(work: Workings, sku: str, route: Route) -> dict[str, Decimal]:
    """What one unit of an item costs over a route, by term."""
    terms = goods_cost_terms(work, unit_goods(work.item(sku)), route)
    return {**terms, "rules": surcharge(rulings(work, sku, route.region), route)}
