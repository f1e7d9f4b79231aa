"""Past orders decided again by other rules: what changes, what it costs, and what the next order then finds."""

from datetime import date
from decimal import Decimal

import pytest

from canonical import PurchaseOrder
from router.decide import decide
from router.decision import StockRow, World
from router.load import Load, NodeLoad
from router.network import Capacity
from router.policy import Policy
from router.ports import MadeDecision
from router.routing import Routing
from router.sourcing_rule import SourcingRule
from router.whatif import Comparison, summary, what_if
from tests.router.documents import FONTANA, line, purchase_order, ship_to


def played(documents: list[PurchaseOrder], world: World, policy: Policy) -> list[MadeDecision]:
    """Orders decided one after the other, each on the stock that the earlier ones left."""
    made: list[MadeDecision] = []
    stock = {(row.sku, row.node): row for row in world.stock}
    loads: dict[tuple[str, date], NodeLoad] = {}
    for number, document in enumerate(documents):
        seen = world.model_copy(update={"stock": tuple(stock.values()), "loads": tuple(loads.values())})
        decision = decide(None, document, seen, policy, sender="northwind")
        for change in decision.stock:
            row = stock[change.sku, change.node]
            stock[change.sku, change.node] = row._replace(reserved=row.reserved + change.reserved)
        for taken in decision.loads:
            row_of_day = loads.get((taken.node, taken.day), NodeLoad(taken.node, taken.day, Load()))
            loads[taken.node, taken.day] = row_of_day._replace(load=row_of_day.load.plus(taken.more))
        made.append(MadeDecision(str(number), f"northwind/{document.number}", document, "northwind", seen, ""))
    return made


def tried(documents: list[PurchaseOrder], world: World, policy: Policy, routing: Routing) -> list[Comparison]:
    return what_if(played(documents, world, policy), {policy.digest: policy}, routing)


def split_order(number: str = "1") -> PurchaseOrder:
    return purchase_order(line("1", "CS-1005", "20"), number=number, parties=(ship_to(FONTANA),))


@pytest.fixture
def changed(policy: Policy) -> Routing:
    return policy.routing.model_copy(update={"split_limit": 1})


def test_the_same_rules_change_nothing(policy: Policy, world: World) -> None:
    documents = [split_order("1"), split_order("2"), purchase_order(line("1", "CS-1001", "5"), number="3")]
    told = summary(tried(documents, world, policy, policy.routing))
    assert (told["orders"], told["changed"], told["differences"]) == (3, 0, [])
    assert told["before"] == told["after"]


def test_the_cost_is_what_the_decision_said(policy: Policy, world: World) -> None:
    document = split_order()
    [one] = tried([document], world, policy, policy.routing)
    assert one.before.cost == decide(None, document, world, policy, sender="northwind").explanation.cost
    assert one.before.splits == 1


def test_fewer_splits_leave_more_unfilled(policy: Policy, world: World, changed: Routing) -> None:
    told = summary(tried([split_order()], world, policy, changed))
    [difference] = told["differences"]
    assert (difference["before"]["splits"], difference["after"]["splits"]) == (1, 0)
    assert (told["before"]["fill_rate"], told["after"]["fill_rate"]) == (1, Decimal("0.7000"))
    assert len(difference["after"]["nodes"]) == 1


def test_a_later_order_finds_what_the_other_rules_would_have_left(
    policy: Policy, world: World, changed: Routing
) -> None:
    stock = tuple(row for row in world.stock if row.sku == "CS-1005")
    first, second = tried(
        [split_order("1"), split_order("2")], world.model_copy(update={"stock": stock}), policy, changed
    )
    assert (first.before.filled, second.before.filled) == (20, 6)
    assert (first.after.filled, second.after.filled) == (14, 12)


def test_a_later_order_finds_the_capacity_that_the_other_rules_would_have_left(policy: Policy, world: World) -> None:
    capacity = Capacity(orders=1)
    nodes = tuple(node.model_copy(update={"capacity": capacity}) for node in policy.network.nodes)
    tight = policy.model_copy(update={"network": policy.network.model_copy(update={"nodes": nodes})})
    elsewhere = SourcingRule(name="not from there", nodes=("dc-reno",), effect="never")
    other = tight.routing.model_copy(update={"sourcing": (elsewhere,)})
    documents = [purchase_order(line("1", "CS-1001", "5"), number=number) for number in ("1", "2")]
    asked = [document.changed(dates={"requested_ship": date(2026, 11, 16)}) for document in documents]
    first, second = tried(asked, world.model_copy(update={"configuration": tight.digest}), tight, other)
    assert [first.nodes_before, first.nodes_after] == [("dc-reno",), ("dc-columbus",)]
    assert [first.after.late, second.after.late] == [Decimal(0), Decimal(5)]
    assert second.before.late == 5


def test_both_sides_are_weighed_by_either_rules(policy: Policy, world: World) -> None:
    dearer = policy.routing.model_copy(update={"costs": policy.routing.costs.model_copy(update={"split": Decimal(10)})})
    [one] = tried([split_order()], world, policy, dearer)
    assert one.before.cost == one.after.cost
    assert one.before.cost_by_new_rules - one.before.cost == Decimal(10) - policy.routing.costs.split


def test_tests_and_orders_of_unknown_configurations_are_left_out(policy: Policy, world: World) -> None:
    trial = split_order().changed(usage="test")
    assert tried([trial], world, policy, policy.routing) == []
    assert what_if(played([split_order()], world, policy), {}, policy.routing) == []


def test_worlds_as_they_were_are_not_touched(policy: Policy, world: World, changed: Routing) -> None:
    made = played([split_order("1"), split_order("2")], world, policy)
    before: list[tuple[StockRow, ...]] = [one.world.stock for one in made]
    what_if(made, {policy.digest: policy}, changed)
    assert [one.world.stock for one in made] == before
