"""What if: past orders decided again by other routing rules, on the stock as it was, and held against what was decided.

An order's first decision is made twice from the world that was kept with it: by the policy that was in force, and by
the same policy with the other routing. What the other routing promised from elsewhere is carried along, so that a
later order finds at each node what the earlier ones would have left there. What happened after the first decision
(shipments, shortages, changes) is not played again: it answered the fulfilment orders that were really sent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from canonical import PurchaseOrder
from router.decide import decide
from router.decision import Decision, StockRow, World
from router.goods import unit_cost_terms
from router.kpis import share
from router.load import Load, NodeLoad
from router.order_line import ZERO, Allocation
from router.policy import Policy
from router.ports import MadeDecision
from router.route import Route
from router.routing import Routing
from router.workings import Workings


@dataclass(frozen=True, slots=True)
class Promised:
    """What the other routing has promised more than was, or less."""

    stock: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    """By SKU and node."""
    loads: dict[tuple[str, date], Load] = field(default_factory=dict)
    """By node and day."""

    def note(self, decision: Decision, sign: Literal[1, -1]) -> None:
        """Count in what a decision promises, or out."""
        for change in decision.stock:
            key = (change.sku, change.node)
            self.stock[key] = self.stock.get(key, ZERO) + sign * change.reserved
        for taken in decision.loads:
            place = (taken.node, taken.day)
            self.loads[place] = self.loads.get(place, Load()).plus(taken.more, sign)

    def left_of(self, world: World) -> World:
        """A world as the other routing would have left it."""
        loads = {(row.node, row.day): row for row in world.loads}
        for (node, day), more in self.loads.items():
            row = loads.get((node, day), NodeLoad(node, day, Load()))
            loads[node, day] = row._replace(load=row.load.plus(more))
        stock = tuple(_left(row, self.stock.get((row.sku, row.node))) for row in world.stock)
        return world.model_copy(update={"stock": stock, "loads": tuple(loads.values())})


class Outcome(NamedTuple):
    """What a first decision made of an order."""

    ordered: Decimal
    """Units of the lines that were taken."""
    filled: Decimal
    """Of these, the units some node was found for."""
    late: Decimal
    """Of these, the units that leave or arrive after the day the order asks for."""
    cost: Decimal
    """By the weights that were in force, without what is unfilled."""
    cost_by_new_rules: Decimal
    """The same goods from the same nodes by the weights that are tried."""
    shipments: int
    splits: int
    """Shipments beyond one for each destination."""


class Comparison(NamedTuple):
    """One order, as it was decided and as it would have been."""

    order: str
    channel: str
    before: Outcome
    after: Outcome
    nodes_before: tuple[str, ...]
    nodes_after: tuple[str, ...]


def what_if(made: Iterable[MadeDecision], policies: Mapping[str, Policy], routing: Routing) -> list[Comparison]:
    """Each order of `made`, its first decision first, in the sequence the orders came.

    `policies` holds the policy of each configuration digest; a decision whose policy is not there is left out.
    """
    promised = Promised()
    compared: list[Comparison] = []
    first = {one.order: one for one in reversed(list(made)) if one.world.configuration in policies}
    for one in sorted(first.values(), key=lambda one: (one.world.now, one.id)):
        if isinstance(one.document, PurchaseOrder) and one.document.usage == "production":
            then = policies[one.world.configuration]
            compared.append(_compare(one, then, then.model_copy(update={"routing": routing}), promised))
    return compared


def _compare(one: MadeDecision, then: Policy, other: Policy, promised: Promised) -> Comparison:
    world = promised.left_of(one.world)
    before = decide(None, one.document, one.world, then, sender=one.sender)
    after = decide(None, one.document, world, other, sender=one.sender)
    promised.note(before, -1)
    promised.note(after, 1)
    channel = before.order.channel if before.order else one.sender
    policies = then, other
    return Comparison(
        one.order, channel, _outcome(before, one.world, policies), _outcome(after, world, policies),
        _nodes(before), _nodes(after),
    )  # fmt: skip


def _left(row: StockRow, more: Decimal | None) -> StockRow:
    return row._replace(reserved=row.reserved + more) if more else row


def _outcome(decision: Decision, world: World, policies: tuple[Policy, Policy]) -> Outcome:
    """Both sides are judged alike: what is late by the rules in force, what it costs by either."""
    order = decision.order
    assert order is not None
    then, other = (Workings(order, world, policy.told(world.master_data, order.channel)) for policy in policies)
    late = [allocation for allocation in order.allocations if route_of(then, allocation).late_days]
    shipments = {(allocation.node, allocation.destination) for allocation in order.allocations}
    return Outcome(
        ordered=sum((line.ledger.ordered for line in order.lines if not line.fault), ZERO),
        filled=sum((allocation.quantity for allocation in order.allocations), ZERO),
        late=sum((allocation.quantity for allocation in late), ZERO),
        cost=_weighed(then),
        cost_by_new_rules=_weighed(other),
        shipments=len(shipments),
        splits=len(shipments) - len({destination for _, destination in shipments}),
    )


def _weighed(work: Workings) -> Decimal:
    """What an order's allocations cost by a policy's weights."""
    costs, shipments = work.policy.routing.costs, dict[tuple[str, int], Decimal]()
    sources: dict[tuple[str, int], set[str]] = {}
    total = ZERO
    for allocation in work.order.allocations:
        route = route_of(work, allocation)
        shipments[allocation.node, allocation.destination] = route.shipment_cost
        sources.setdefault((allocation.sku, allocation.destination), set()).add(allocation.node)
        total += allocation.quantity * sum(unit_cost_terms(work, allocation.sku, route).values(), ZERO)
    splits = len(shipments) - len({destination for _, destination in shipments})
    split_lines = sum(len(nodes) > 1 for nodes in sources.values())
    return total + sum(shipments.values(), ZERO) + costs.split * splits + costs.split_line * split_lines


def route_of(work: Workings, allocation: Allocation) -> Route:
    """The route an allocation goes."""
    return work.route(allocation.node, allocation.destination)


def _nodes(decision: Decision) -> tuple[str, ...]:
    return tuple(sorted({allocation.node for allocation in decision.order.allocations})) if decision.order else ()


def summary(compared: Sequence[Comparison]) -> dict[str, Any]:
    """Totals of both sides, and each order that would have gone otherwise; plain values for a report."""
    changed = [one for one in compared if one.before != one.after or one.nodes_before != one.nodes_after]
    return {
        "orders": len(compared),
        "changed": len(changed),
        "before": _totals([one.before for one in compared]),
        "after": _totals([one.after for one in compared]),
        "differences": [_difference(one) for one in changed],
    }


def _totals(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    ordered, filled, late, cost, cost_by_new_rules = (
        sum((getattr(outcome, name) for outcome in outcomes), ZERO) for name in Outcome._fields[:5]
    )
    return {
        "cost": cost,
        "cost_by_new_rules": cost_by_new_rules,
        "cost_per_order": share(cost, len(outcomes), 2),
        "shipments": sum(outcome.shipments for outcome in outcomes),
        "splits": sum(outcome.splits for outcome in outcomes),
        "units_ordered": ordered,
        "units_filled": filled,
        "fill_rate": share(filled, ordered),
        "orders_filled": sum(outcome.filled == outcome.ordered for outcome in outcomes),
        "units_late": late,
        "promise_kept": share(filled - late, filled),
    }


def _difference(one: Comparison) -> dict[str, Any]:
    return {
        "order": one.order,
        "channel": one.channel,
        "before": {**one.before._asdict(), "nodes": one.nodes_before},
        "after": {**one.after._asdict(), "nodes": one.nodes_after},
    }
