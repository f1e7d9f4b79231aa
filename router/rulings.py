"""The sourcing rules an order's goods fall under, and what they say of a route."""

from collections.abc import Sequence
from decimal import Decimal

from router.order_line import ZERO
from router.route import Route
from router.sourcing_rule import Ruling
from router.workings import Workings


def rulings(work: Workings, sku: str, region: str) -> list[Ruling]:
    """The rules that one item of the order falls under where it goes to a region."""
    found = work.sourcing_rules(region)
    if not found:
        return found
    classes = work.item(sku).classes.values()
    units = sum((line.ledger.ordered for line in work.lines.values() if line.sku == sku), ZERO)
    return [ruling for ruling in found if ruling.rule.covers(classes, units)]


def forbidden(found: Sequence[Ruling], route: Route) -> Ruling | None:
    """The first rule by which goods may not go over a route."""
    return next((ruling for ruling in found if ruling.rule.forbids(route.node)), None)


def surcharge(found: Sequence[Ruling], route: Route) -> Decimal:
    """What the rules add to a unit that goes over a route."""
    return sum((ruling.rule.adds(route.node) for ruling in found), ZERO)


def reason(work: Workings, ruling: Ruling) -> str:
    """A rule in words, with its place in the file."""
    return f"{ruling.rule.name}: {work.policy.rule(f'routing.sourcing.{ruling.place}')}"
