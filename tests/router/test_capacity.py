"""What a node takes on for a day: promised as stock is, and given back as stock is."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from canonical import ChangedLine, Destination, FulfilmentOrder, OrderAcknowledgment, OrderChange, Quantity
from router.decide import decide
from router.decision import Decision, StockRow, World
from router.hold_rule import HoldRule
from router.load import Load, LoadChange, NodeLoad
from router.network import Capacity, Network
from router.order import Order
from router.own_work import Reconsider
from router.policy import Policy
from tests.router.documents import FONTANA, advice, line, purchase_order, ship_to

MONDAY, TUESDAY = date(2026, 11, 16), date(2026, 11, 17)


def limited(policy: Policy, **limits: Any) -> Policy:
    capacity = Capacity(**limits)
    nodes = tuple(
        node.model_copy(update={"capacity": capacity}) for node in policy.network.nodes if node.id == "dc-reno"
    )
    return policy.model_copy(update={"network": policy.network.model_copy(update={"nodes": nodes})})


def loaded(world: World, *loads: tuple[date, Load]) -> World:
    return world.model_copy(update={"loads": tuple(NodeLoad("dc-reno", day, load, 1) for day, load in loads)})


def decided(policy: Policy, world: World, units: str = "4", **fields: Any) -> Decision:
    document = purchase_order(line("1", "CS-1001", units), parties=(ship_to(FONTANA),), **fields)
    return decide(None, document, world, policy, sender="northwind", explaining=True)


def leaves_on(decision: Decision) -> date | None:
    [answer] = [sent.document for sent in decision.send if isinstance(sent.document, OrderAcknowledgment)]
    return answer.lines[0].outcomes[0].ship_on


def test_an_order_takes_capacity_of_the_day_it_leaves(policy: Policy, world: World) -> None:
    decision = decided(limited(policy, orders=3, units=Decimal(20)), world)
    assert decision.loads == (LoadChange("dc-reno", MONDAY, Load(1, 1, Decimal(4)), (3, None, Decimal(20))),)


@pytest.mark.parametrize(
    ("limits", "load"),
    [
        ({"orders": 3}, Load(3, 9, Decimal(40))),
        ({"lines": 9}, Load(3, 9, Decimal(40))),
        ({"units": Decimal(43)}, Load(3, 9, Decimal(40))),
    ],
)
def test_what_has_no_room_leaves_on_the_next_day_that_has(
    policy: Policy, world: World, limits: dict[str, Any], load: Load
) -> None:
    tight = limited(policy, **limits)
    assert leaves_on(decided(tight, loaded(world, (MONDAY, load)))) == TUESDAY
    assert leaves_on(decided(tight, loaded(world, (MONDAY, load), (TUESDAY, load)))) == date(2026, 11, 18)
    assert leaves_on(decided(tight, loaded(world, (TUESDAY, load)))) == MONDAY


def test_a_day_that_nobody_uses_takes_an_order_larger_than_the_capacity(policy: Policy, world: World) -> None:
    tight = limited(policy, units=Decimal(2))
    assert leaves_on(decided(tight, world)) == MONDAY


def test_a_full_node_counts_its_later_days_as_late(policy: Policy, world: World) -> None:
    full = loaded(world, (MONDAY, Load(1, 1, Decimal(1))))
    told = decided(limited(policy, orders=1), full, dates={"requested_ship": MONDAY}).explanation
    assert told.cost_terms["late"] == 4 * policy.routing.costs.late_day


def test_an_order_whose_last_day_is_full_is_told_so(policy: Policy, world: World) -> None:
    full = loaded(world, (MONDAY, Load(1, 1, Decimal(1))))
    told = decided(limited(policy, orders=1), full, dates={"cancel_after": MONDAY}).explanation
    [why] = [candidate.excluded for candidate in told.lines[0].candidates]
    assert why == "leaves on 2026-11-17, after the order's cancel date 2026-11-16"


def test_a_node_without_room_for_weeks_is_left_out(policy: Policy, world: World) -> None:
    always = Load(1, 1, Decimal(1))
    days = [(date.fromordinal(MONDAY.toordinal() + ahead), always) for ahead in range(60)]
    told = decided(limited(policy, orders=1), loaded(world, *days)).explanation
    [why] = [candidate.excluded for candidate in told.lines[0].candidates]
    assert why == "has no capacity left on 2026-11-16 and the 29 departures after it"


def fulfilment(decision: Decision) -> FulfilmentOrder:
    [asked] = [sent.document for sent in decision.send if isinstance(sent.document, FulfilmentOrder)]
    return asked


def taken(order: Order | None) -> Order:
    assert order
    return order


def test_what_left_keeps_its_capacity_and_what_was_refused_gives_it_back(policy: Policy, world: World) -> None:
    tight = limited(policy, orders=3)
    first = decided(tight, world)
    operator = tight.network.nodes[0].operator or ""
    shipped = decide(first.order, advice(fulfilment(first)), world, tight, sender=operator)
    assert shipped.loads == ()
    refused = decide(first.order, advice(fulfilment(first), ["0"]), world, tight, sender=operator)
    assert refused.loads == (LoadChange("dc-reno", MONDAY, Load(-1, -1, Decimal(-4)), (3, None, None)),)


def test_what_is_cancelled_gives_its_capacity_back(policy: Policy, world: World) -> None:
    node = policy.network.by_id["dc-reno"].model_copy(update={"takes_back": True, "capacity": Capacity(orders=2)})
    tight = policy.model_copy(update={"network": policy.network.model_copy(update={"nodes": (node,)})})
    first = decided(tight, world)
    cancel = OrderChange(
        number="4471", change_number="1", changed_on=TUESDAY, currency="USD", purpose="cancel", lines=()
    )
    decision = decide(first.order, cancel, world, tight, sender="northwind")
    assert taken(decision.order).status == "cancelled"
    assert [change.more for change in decision.loads] == [Load(-1, -1, Decimal(-4))]


def test_a_test_order_takes_no_capacity(policy: Policy, world: World) -> None:
    assert decided(limited(policy, orders=1), world, usage="test").loads == ()


def test_destinations_of_one_order_leave_each_other_room(policy: Policy, world: World) -> None:
    tight = limited(policy, orders=3)
    parts = [Destination(party=ship_to(FONTANA, name), quantity=Quantity(value=Decimal(2))) for name in ("A", "B")]
    document = purchase_order(line("1", "CS-1001", "4", destinations=tuple(parts)))
    full = loaded(world, (MONDAY, Load(2, 2, Decimal(2))))
    decision = decide(None, document, full, tight, sender="northwind")
    one = Load(1, 1, Decimal(2))
    assert [(change.day, change.more) for change in decision.loads] == [(MONDAY, one), (TUESDAY, one)]


def test_what_a_change_adds_to_a_day_finds_room_there_or_leaves_on_the_next(policy: Policy, world: World) -> None:
    tight = limited(policy, units=Decimal(10))
    first = decided(tight, world, "6")
    taken_up = loaded(world, (MONDAY, Load(1, 1, Decimal(6))))
    second = line("2", "CS-1002", "5").model_dump() | {"change": "add"}
    change = OrderChange(
        number="4471", change_number="1", changed_on=MONDAY, currency="USD", purpose="change",
        lines=(ChangedLine.model_validate(second),),
    )  # fmt: skip
    decision = decide(first.order, change, taken_up, tight, sender="northwind")
    assert [(added.day, added.more) for added in decision.loads] == [(TUESDAY, Load(1, 1, Decimal(5)))]


def crowded(policy: Policy, **costs: Decimal) -> Policy:
    """Two nodes that cost alike, each with room for ten orders a day."""
    near = policy.network.by_id["dc-reno"].model_copy(update={"capacity": Capacity(orders=10)})
    nodes = (near, near.model_copy(update={"id": "dc-sparks"}))
    routing = policy.routing.model_copy(update={"costs": policy.routing.costs.model_copy(update=costs)})
    return policy.model_copy(update={"network": Network(nodes=nodes), "routing": routing})


@pytest.mark.parametrize(("orders", "part"), [(0, "0"), (5, "0"), (6, "0.2"), (9, "0.8")])
def test_a_node_near_its_capacity_costs_more(policy: Policy, world: World, orders: int, part: str) -> None:
    busy = loaded(world, (MONDAY, Load(orders, orders, Decimal(orders))))
    told = decided(crowded(policy, node_load=Decimal("0.50")), busy).explanation
    [candidate] = [one for one in told.lines[0].candidates if one.node == "dc-reno"]
    assert candidate.cost.get("load", Decimal(0)) == Decimal(part) * Decimal("0.50")
    assert told.cost_terms.get("load", Decimal(0)) == Decimal(part) * Decimal("0.50") * 4


def test_of_two_nodes_that_cost_alike_the_emptier_ships(policy: Policy, world: World) -> None:
    both = tuple(row._replace(node=node) for row in world.stock for node in ("dc-reno", "dc-sparks"))
    busy = loaded(world, (MONDAY, Load(8, 8, Decimal(8)))).model_copy(update={"stock": both})
    weights = {"node_load": Decimal("0.10"), "node_load_from_percent": Decimal(75)}
    decision = decided(crowded(policy, **weights), busy)
    assert [change.node for change in decision.loads] == ["dc-sparks"]
    assert decision.explanation.runner_up == {
        "nodes": ["dc-reno"],
        "cost_terms": {**{k: str(v) for k, v in decision.explanation.cost_terms.items()}, "load": "0.080"},
        "dearer_by": "0.08",
        "fewer_units": "0",
    }
    assert [change.node for change in decided(crowded(policy), busy).loads] == ["dc-reno"]


def test_what_lost_its_day_finds_room_on_another(policy: Policy, world: World) -> None:
    """Where its days are looked at anew, the first line's are looked at before the second's goods are open again."""
    held = HoldRule(kind="manual", reason="looked at", owner="desk", gate="release", total_above=Decimal(1))
    routing = policy.routing.model_copy(update={"holds": (held,), "reservations_lapse": None})
    reno = policy.network.by_id["dc-reno"].model_copy(update={"capacity": Capacity(units=Decimal(10))})
    nodes = (reno, policy.network.by_id["dc-columbus"])
    tight = policy.model_copy(update={"network": Network(nodes=nodes), "routing": routing})
    stock = (StockRow("CS-1001", "dc-columbus", Decimal(9)), StockRow("CS-1002", "dc-reno", Decimal(9)))
    monday = world.model_copy(update={"stock": stock})
    document = purchase_order(line("1", "CS-1001", "4", price="18.95"), line("2", "CS-1002", "4", price="18.95"))
    first = taken(decide(None, document, monday, tight, sender="northwind").order)
    assert [(one.node, one.day) for one in first.allocations] == [("dc-columbus", None), ("dc-reno", MONDAY)]
    reserved = tuple(row._replace(reserved=Decimal(4)) for row in stock)
    tuesday = loaded(monday, (MONDAY, Load(1, 1, Decimal(4))), (TUESDAY, Load(2, 2, Decimal(8))))
    tuesday = tuesday.model_copy(update={"now": world.now + timedelta(days=1), "stock": reserved})
    again = decide(first, Reconsider(number="1", order=first.id, cause="a day"), tuesday, tight, sender="hub")
    more = {change.day: change.more for change in again.loads}
    assert more == {MONDAY: Load(-1, -1, Decimal(-4)), date(2026, 11, 18): Load(1, 1, Decimal(4))}
