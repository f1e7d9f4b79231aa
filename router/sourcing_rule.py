"""Which nodes some goods come from: one rule of `sourcing` in config/routing.yaml."""

from collections.abc import Container
from decimal import Decimal
from typing import Literal, NamedTuple

from pydantic import Field

from canonical import Amount, Text
from router.network import Node
from router.order_line import ZERO
from router.rule import Rule


class SourcingRule(Rule):
    """Goods it takes come `only` from the nodes it names, `never` from them, or from them at `unit_cost` more a unit.

    An empty list takes every order, and names every node.
    """

    name: Text
    channels: tuple[Text, ...] = ()
    services: tuple[Text, ...] = ()
    regions: tuple[Text, ...] = ()
    classes: tuple[Text, ...] = ()
    units_from: Amount = Field(default=ZERO, ge=0)
    units_below: Amount | None = Field(default=None, gt=0)
    nodes: tuple[Text, ...] = ()
    kinds: tuple[Text, ...] = ()
    effect: Literal["only", "never", "cost"]
    unit_cost: Amount = Field(default=ZERO, ge=0)
    """What `cost` adds for each unit, so that other nodes come first as long as they are not dearer by more."""

    def takes(self, channel: str, service: str, region: str) -> bool:
        """Whether an order may fall under the rule: by who sent it, how it is carried (such as PICKUP), and where it
        goes (such as `US-CA`)."""
        named = ((channel, self.channels), (service, self.services), (region, self.regions))
        return all(not names or value in names for value, names in named)

    def covers(self, classes: Container[str], units: Decimal) -> bool:
        """Whether an item of such an order does: by its classes, and its own units on the whole order."""
        return (
            (not self.classes or any(name in classes for name in self.classes))
            and self.units_from <= units
            and (self.units_below is None or units < self.units_below)
        )

    def names(self, node: Node) -> bool:
        """Whether the rule speaks of a node."""
        return (not self.nodes or node.id in self.nodes) and (not self.kinds or node.kind in self.kinds)

    def forbids(self, node: Node) -> bool:
        """Whether goods that fall under the rule may not come from a node."""
        return self.effect != "cost" and self.names(node) == (self.effect == "never")

    def adds(self, node: Node) -> Decimal:
        """What a unit costs more from a node."""
        return self.unit_cost if self.effect == "cost" and self.names(node) else ZERO


class Ruling(NamedTuple):
    """A rule that goods fall under, and its place in `sourcing`."""

    place: int
    rule: SourcingRule
