"""Whatever the rules and the stock: nothing costs less than what is chosen, and the explanation is true of it."""

import random
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from canonical import PurchaseOrder
from router.acceptance import open_order
from router.decide import decide
from router.decision import Explanation, LineExplanation, StockRow, World
from router.goods import unit_cost_terms
from router.load import Load, NodeLoad
from router.network import Capacity, Network, Node, Place, Serves
from router.order_line import ZERO
from router.policy import Policy
from router.route import Route
from router.routing import Costs
from router.sourcing_rule import SourcingRule
from router.workings import Workings
from tests.router.documents import line, purchase_order

SKUS = ("CS-1001", "CS-1002", "CS-1003")
NODES = ("one", "two", "three")
MONDAY = date(2026, 11, 16)
NOW = datetime(2026, 11, 16, 17, tzinfo=UTC)
UNFILLED = Decimal(1000)


@dataclass(frozen=True)
class Desk:
    """An order, and all that decides where it ships from."""

    policy: Policy
    document: PurchaseOrder
    world: World

    def told(self) -> Explanation:
        return decide(None, self.document, self.world, self.policy, sender="anybody", explaining=True).explanation

    def with_world(self, **changes: object) -> "Desk":
        return Desk(self.policy, self.document, self.world.model_copy(update=changes))

    def with_routing(self, **changes: object) -> "Desk":
        routing = self.policy.routing.model_copy(update=changes)
        return Desk(self.policy.model_copy(update={"routing": routing}), self.document, self.world)


def amounts(most: int) -> st.SearchStrategy[Decimal]:
    return st.integers(0, most).map(lambda cents: Decimal(cents) / 100)


@st.composite
def desks(draw: st.DrawFn, policy: Policy) -> Desk:
    costs = Costs(
        split=draw(amounts(400)), split_line=draw(amounts(300)), late_day=draw(amounts(50)), unfilled=UNFILLED,
        node_load=draw(amounts(200)), node_load_from_percent=draw(st.sampled_from((Decimal(0), Decimal(60)))),
    )  # fmt: skip
    rule = SourcingRule(
        name="kept back", nodes=(draw(st.sampled_from(NODES)),), effect=draw(st.sampled_from(("never", "cost"))),
        unit_cost=draw(amounts(200)),
    )  # fmt: skip
    changes = {
        "costs": costs,
        "split_limit": draw(st.integers(1, 3)),
        "sourcing": draw(st.sampled_from(((), (rule,)))),
        "substitutes": {},
    }
    network = Network(nodes=tuple(draw(nodes(policy.network.nodes[0], name)) for name in NODES))
    chosen = policy.model_copy(update={"network": network, "routing": policy.routing.model_copy(update=changes)})
    wanted = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    dates = {"requested_ship": MONDAY} if draw(st.booleans()) else {}
    document = purchase_order(*(line(str(n), SKUS[n], str(units)) for n, units in enumerate(wanted)), dates=dates)
    units = st.sampled_from((0, 0, 1, 2, 3, 6))
    stock = [
        StockRow(sku, node, Decimal(draw(units)), Decimal(draw(st.integers(0, 1))), Decimal(draw(st.integers(0, 2))))
        for sku in SKUS[: len(wanted)]
        for node in NODES
    ]
    loads = tuple(NodeLoad(node, MONDAY, Load(draw(st.integers(0, 4)), 4, Decimal(4))) for node in NODES)
    return Desk(chosen, document, World(now=NOW, configuration=chosen.digest, stock=tuple(stock), loads=loads))


@st.composite
def nodes(draw: st.DrawFn, like: Node, name: str) -> Node:
    return like.model_copy(
        update={
            "id": name,
            "place": Place(latitude=Decimal(39), longitude=Decimal(draw(st.sampled_from((-119, -100, -80))))),
            "serves": draw(st.sampled_from((Serves(), Serves(), Serves(except_regions=("CA",))))),
            "capacity": draw(st.sampled_from((Capacity(), Capacity(orders=5), Capacity(orders=4)))),
            "shipment_cost": draw(amounts(300)),
            "unit_cost": draw(amounts(100)),
            "fee_percent": Decimal(draw(st.integers(0, 5))),
        }
    )


def cheapest(desk: Desk, without: tuple[str, ...] = ()) -> Decimal:
    """The least that any way to ship the order costs, what is unfilled counted; of those that do not use all of the
    nodes `without`. Every way is tried, and costs what the explanation's own terms say."""
    work = Workings(open_order(desk.document, "anybody", desk.policy), desk.world, desk.policy)
    routes = [route for route in work.routes(0).each if not route.excluded]
    costs = desk.policy.routing.costs
    sets = [
        chosen
        for size in range(min(desk.policy.routing.split_limit, len(routes)) + 1)
        for chosen in combinations(routes, size)
        if not without or not {route.node.id for route in chosen} >= set(without)
    ]

    def line_cost(sku: str, wanted: Decimal, chosen: tuple[Route, ...]) -> Decimal:
        forbidden = {rule.nodes[0] for rule in desk.policy.routing.sourcing if rule.effect == "never"}
        has = [0 if route.node.id in forbidden else int(work.available(sku, route.node.id)) for route in chosen]
        each = [sum(unit_cost_terms(work, sku, route).values(), ZERO) for route in chosen]
        ways = product(*(range(min(most, int(wanted)) + 1) for most in has))
        return min(
            sum((cost * units for cost, units in zip(each, way, strict=True)), ZERO)
            + (wanted - sum(way)) * costs.unfilled
            + costs.split_line * (sum(map(bool, way)) > 1)
            for way in ways
            if sum(way) <= wanted
        )

    return min(
        sum((route.shipment_cost for route in chosen), ZERO)
        + costs.split * max(len(chosen) - 1, 0)
        + sum((line_cost(one.sku or "", one.ledger.open, chosen) for one in work.lines.values()), ZERO)
        for chosen in sets
    )


def lacking(told: Explanation) -> Decimal:
    return sum((one.unfilled for one in told.lines), ZERO)


def rounding(desk: Desk) -> Decimal:
    """The search counts a unit's cost to a ten-thousandth."""
    return sum((one.quantity.value for one in desk.document.lines), ZERO) / 10_000


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_nothing_costs_less_than_what_is_chosen_and_its_terms_add_up(policy: Policy, data: st.DataObject) -> None:
    desk = data.draw(desks(policy))
    told = desk.told()
    assert told.cost == sum(told.cost_terms.values(), ZERO)
    total = (told.cost or ZERO) + lacking(told) * UNFILLED
    assert abs(total - cheapest(desk)) <= rounding(desk)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_runner_up_is_the_best_that_does_without_a_chosen_node(policy: Policy, data: st.DataObject) -> None:
    desk = data.draw(desks(policy))
    told = desk.told()
    chosen = tuple({node for one in told.lines for node in one.chosen})
    assert (told.runner_up is None) == (not chosen)
    if told.runner_up and told.cost is not None:
        terms = sum(map(Decimal, told.runner_up["cost_terms"].values()), ZERO)
        fewer = Decimal(told.runner_up["fewer_units"])
        assert abs(told.cost + Decimal(told.runner_up["dearer_by"]) - terms) <= rounding(desk)
        second = terms + (lacking(told) + fewer) * UNFILLED
        assert abs(second - cheapest(desk, without=chosen)) <= rounding(desk)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_what_is_said_to_have_filled_a_line_fills_it(policy: Policy, data: st.DataObject) -> None:
    desk = data.draw(desks(policy))
    for one in desk.told().lines:
        if one.unfilled:
            [again] = [after for after in changed(desk, one).told().lines if after.line == one.line]
            assert not again.unfilled, one.would_have_filled


def changed(desk: Desk, lacking: LineExplanation) -> Desk:
    """The desk after the change that an explanation names."""
    said = lacking.would_have_filled or ""
    stock = {(row.sku, row.node): row for row in desk.world.stock}
    if found := re.fullmatch(r"safety stock of (\S+) at (\S+) lower by (\S+)", said):
        row = stock[found[1], found[2]]
        stock[found[1], found[2]] = row._replace(safety=row.safety - Decimal(found[3]))
    elif found := re.fullmatch(r"(\S+) more of (\S+) at (\S+)", said):
        row = stock[found[2], found[3]]
        stock[found[2], found[3]] = row._replace(on_hand=row.on_hand + Decimal(found[1]))
    elif found := re.fullmatch(r"a split limit of (\d+)", said):
        return desk.with_routing(split_limit=int(found[1]))
    elif re.fullmatch(r"(\S+) has it but may not ship it by kept back: .*", said):
        return desk.with_routing(sourcing=())
    elif found := re.fullmatch(r"(\S+) has \S+ but does not serve CA", said):
        return serving(desk, found[1])
    else:
        assert re.fullmatch(r"\S+ more of \S+", said)
        assert all(one.excluded for one in lacking.candidates)
        stock = {place: row._replace(on_hand=Decimal(99)) for place, row in stock.items()}
        desk = serving(desk, *NODES).with_routing(sourcing=())
    return desk.with_world(stock=tuple(stock.values()))


def serving(desk: Desk, *names: str) -> Desk:
    nodes = tuple(
        node.model_copy(update={"serves": Serves()}) if node.id in names else node for node in desk.policy.network.nodes
    )
    policy = desk.policy.model_copy(update={"network": Network(nodes=nodes)})
    return Desk(policy, desk.document, desk.world)


@settings(max_examples=25, deadline=None)
@given(data=st.data(), shuffled=st.randoms(use_true_random=False))
def test_the_sequence_of_the_rows_decides_nothing(policy: Policy, data: st.DataObject, shuffled: random.Random) -> None:
    desk = data.draw(desks(policy))
    rows = list(desk.world.stock)
    shuffled.shuffle(rows)
    again = desk.with_world(stock=tuple(rows), loads=desk.world.loads[::-1])
    assert again.told() == desk.told()
