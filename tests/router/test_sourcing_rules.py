"""What may come from where: sourcing rules, limits for small orders, and the terms a cost is made of."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical import Address, Carrier, Freight, PurchaseOrder
from router.decide import decide
from router.decision import Decision, Explanation, StockRow, World
from router.policy import Policy
from router.routing import SplitLimit
from router.sourcing_rule import SourcingRule
from tests.router.documents import DALLAS, FONTANA, line, purchase_order, ship_to

NODES = ("dc-reno", "dc-columbus", "store-austin")
PICKED_UP = SourcingRule(name="picked up in a store", services=("PICKUP",), kinds=("store",), effect="only")
BULK = SourcingRule(name="bulk leaves a warehouse", units_from=Decimal(24), kinds=("store",), effect="never")


@dataclass(frozen=True)
class Desk:
    """Decides an order on 50 of everything at each node."""

    policy: Policy
    world: World

    def routed(self, **changes: Any) -> "Desk":
        return Desk(
            self.policy.model_copy(update={"routing": self.policy.routing.model_copy(update=changes)}), self.world
        )

    def weighed(self, **weights: Decimal) -> "Desk":
        return self.routed(costs=self.policy.routing.costs.model_copy(update=weights))

    def decided(self, document: PurchaseOrder) -> Decision:
        return decide(None, document, self.world, self.policy, sender="northwind", explaining=True)

    def nodes(self, document: PurchaseOrder) -> list[str]:
        order = self.decided(document).order
        return sorted({allocation.node for allocation in order.allocations}) if order else []

    def told(self, document: PurchaseOrder) -> Explanation:
        return self.decided(document).explanation


@pytest.fixture
def desk(policy: Policy, world: World) -> Desk:
    skus = sorted({row.sku for row in world.stock})
    rows = tuple(StockRow(sku=sku, node=node, on_hand=Decimal(50)) for sku in skus for node in NODES)
    return Desk(policy, world.model_copy(update={"stock": rows})).routed(sourcing=())


def wanting(units: str, to: Address = DALLAS, service: str | None = None) -> PurchaseOrder:
    freight = Freight(carrier=Carrier(service=service)) if service else None
    return purchase_order(line("1", "CS-1001", units), parties=(ship_to(to),), freight=freight)


def test_what_is_picked_up_comes_from_a_store_and_the_explanation_names_the_rule(desk: Desk) -> None:
    ruled = desk.routed(sourcing=(PICKED_UP,))
    ruled = Desk(ruled.policy.model_copy(update={"origins": {"routing.sourcing.0": "routing.yaml:31"}}), desk.world)
    asked = wanting("30", service="PICKUP")
    assert desk.nodes(asked) == ["dc-columbus"]
    assert ruled.nodes(asked) == ["store-austin"]
    assert ruled.nodes(wanting("30")) == ["dc-columbus"]
    why = {one.node: one.excluded for one in ruled.told(asked).lines[0].candidates}
    rule = "may not ship it by picked up in a store: routing.sourcing.0 (routing.yaml:31)"
    assert why == {"dc-reno": rule, "dc-columbus": rule, "store-austin": None}


def test_what_a_rule_forbids_is_named_as_what_would_have_filled_the_line(desk: Desk) -> None:
    [told] = desk.routed(sourcing=(PICKED_UP,)).told(wanting("60", service="PICKUP")).lines
    assert told.unfilled == 10
    assert told.would_have_filled == "dc-reno has it but may not ship it by picked up in a store: routing.sourcing.0"


def test_bulk_leaves_a_warehouse(desk: Desk) -> None:
    stores = tuple(node for node in desk.policy.network.nodes if node.kind == "store")
    cheap = tuple(node.model_copy(update={"shipment_cost": 0, "unit_cost": 0}) for node in stores)
    others = tuple(node for node in desk.policy.network.nodes if node.kind != "store")
    network = desk.policy.network.model_copy(update={"nodes": (*others, *cheap)})
    near = Desk(desk.policy.model_copy(update={"network": network}), desk.world).routed(sourcing=(BULK,))
    assert near.nodes(wanting("23")) == ["store-austin"]
    assert "store-austin" not in near.nodes(wanting("24"))


def test_the_long_tail_ships_from_its_supplier(desk: Desk) -> None:
    item = desk.policy.catalogue.by_sku["CS-1001"]
    rule = SourcingRule(
        name="the long tail", classes=tuple(item.classes.values()), nodes=("dc-columbus",), effect="only"
    )
    document = purchase_order(line("1", "CS-1001", "2"), parties=(ship_to(FONTANA),))
    assert desk.nodes(document) == ["dc-reno"]
    assert desk.routed(sourcing=(rule,)).nodes(document) == ["dc-columbus"]


def test_what_may_not_go_to_a_region_goes_from_nowhere(desk: Desk) -> None:
    rule = SourcingRule(name="not sold there", classes=("kitchen",), regions=("US-TX",), effect="never")
    assert desk.routed(sourcing=(rule,)).nodes(wanting("2")) == []
    assert desk.routed(sourcing=(rule,)).nodes(wanting("2", FONTANA)) == ["dc-reno"]


def test_a_surcharge_turns_the_choice_only_where_the_other_node_is_not_dearer_by_more(desk: Desk) -> None:
    def sparing(cost: str) -> Desk:
        return desk.routed(
            sourcing=(SourcingRule(name="x", nodes=("dc-reno",), effect="cost", unit_cost=Decimal(cost)),)
        )

    document = wanting("4", FONTANA)
    assert sparing("0.10").nodes(document) == ["dc-reno"]
    assert sparing("0.10").told(document).cost_terms["rules"] == Decimal("0.40")
    assert sparing("9").nodes(document) == ["dc-columbus"]


def test_small_orders_are_split_less(desk: Desk) -> None:
    document = purchase_order(line("1", "CS-1001", "60", price="2.00"))
    assert len(desk.nodes(document)) == 2
    fewer = (SplitLimit(below=Decimal("500.00"), nodes=2), SplitLimit(below=Decimal("120.01"), nodes=1))
    assert len(desk.routed(split_limits=fewer).nodes(document)) == 1
    dearer = purchase_order(line("1", "CS-1001", "60", price="2.01"))
    assert len(desk.routed(split_limits=fewer).nodes(dearer)) == 2


def test_days_on_the_way_carbon_and_fees_are_terms_of_the_cost(desk: Desk) -> None:
    document = wanting("10", FONTANA)
    weight = Decimal("0.55")
    assert desk.weighed(transit_day=Decimal("0.10")).told(document).cost_terms["transit"] == Decimal("2.00")
    bands = tuple(band.model_copy(update={"carbon_kg": Decimal("0.2")}) for band in desk.policy.routing.freight)
    green = desk.routed(freight=bands).weighed(carbon_kg=Decimal("0.05"))
    assert green.told(document).cost_terms["carbon"] == 10 * weight * Decimal("0.2") * Decimal("0.05")


def test_a_node_that_keeps_a_share_of_the_price_comes_after_one_that_does_not(desk: Desk) -> None:
    keeps = tuple(
        node.model_copy(update={"fee_percent": Decimal(20)}) if node.id == "dc-reno" else node
        for node in desk.policy.network.nodes
    )
    network = desk.policy.network.model_copy(update={"nodes": keeps})
    kept = Desk(desk.policy.model_copy(update={"network": network}), desk.world)
    assert desk.nodes(wanting("10", FONTANA)) == ["dc-reno"]
    assert kept.nodes(wanting("10", FONTANA)) == ["dc-columbus"]


def test_the_runner_ups_terms_are_told_beside_the_chosen_ones(desk: Desk) -> None:
    told = desk.told(wanting("4", FONTANA))
    assert told.runner_up
    assert told.cost
    terms = {name: Decimal(amount) for name, amount in told.runner_up["cost_terms"].items()}
    assert sum(terms.values()) == told.cost + Decimal(told.runner_up["dearer_by"])


rules = st.builds(
    SourcingRule,
    name=st.just("any"),
    services=st.sampled_from(((), ("PICKUP",))),
    regions=st.sampled_from(((), ("US-TX",), ("US-CA",))),
    units_from=st.sampled_from((Decimal(0), Decimal(20))),
    nodes=st.lists(st.sampled_from(NODES), max_size=2, unique=True).map(tuple),
    kinds=st.sampled_from(((), ("store",), ("dc",))),
    effect=st.sampled_from(("only", "never", "cost")),
    unit_cost=st.sampled_from((Decimal(0), Decimal("1.25"))),
)


@settings(max_examples=80, deadline=None)
@given(
    sourcing=st.lists(rules, max_size=3).map(tuple),
    units=st.integers(1, 160),
    to=st.sampled_from((DALLAS, FONTANA)),
    service=st.sampled_from((None, "PICKUP")),
)
def test_nothing_comes_from_where_a_rule_forbids_it(
    policy: Policy,
    world: World,
    sourcing: tuple[SourcingRule, ...],
    units: int,
    to: Address,
    service: str | None,
) -> None:
    rows = tuple(StockRow(sku="CS-1001", node=node, on_hand=Decimal(50)) for node in NODES)
    desk = Desk(policy, world.model_copy(update={"stock": rows})).routed(sourcing=sourcing)
    used = desk.nodes(wanting(str(units), to, service))
    for rule in sourcing:
        region = f"US-{to.region}"
        falls = service in (rule.services or (service,)) and region in (rule.regions or (region,))
        for node in (policy.network.by_id[name] for name in used) if falls and units >= rule.units_from else ():
            named = node.id in (rule.nodes or (node.id,)) and node.kind in (rule.kinds or (node.kind,))
            assert rule.effect == "cost" or named == (rule.effect == "only")


def test_a_rule_that_names_nobody_is_found(policy: Policy) -> None:
    rule = SourcingRule(name="x", nodes=("dc-nowhere",), kinds=("locker",), effect="never")
    found = Desk(policy, World.model_construct()).routed(sourcing=(rule,)).policy.check()
    assert [(finding.code, finding.severity) for finding in found] == [
        ("node-unknown", "error"),
        ("node-kind-unknown", "warning"),
    ]
