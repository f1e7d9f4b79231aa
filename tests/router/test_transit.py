"""Transit that is learned: the quantile of a lane's own shipments, where there are enough of them."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical import OrderAcknowledgment
from canonical.order import Carrier, Freight
from router.decide import decide
from router.decision import Decision, World
from router.network import Calendar
from router.policy import Policy
from router.ports import MadeDecision
from router.promise import days_on_the_way, delivery_date
from router.routing import CarrierDays
from router.transit import Learned, Learning, TransitRow, learned, learned_lanes
from router.whatif import what_if
from tests.router.documents import line, purchase_order

GROUND = [(2, 10), (3, 25), (4, 12), (7, 3)]
WEEKDAYS = Calendar(("mon", "tue", "wed", "thu", "fri"), (date(2026, 11, 26),))


def rows(*counts: tuple[int, int], node: str = "dc-reno", service: str = "ground") -> tuple[TransitRow, ...]:
    return tuple(TransitRow(node, "US-CA", service, days, shipments) for days, shipments in counts)


@pytest.mark.parametrize(
    ("quantile", "shipments", "expected"),
    [
        ("0.5", 50, Learned(3, 50, 35)),
        ("0.7", 50, Learned(3, 50, 35)),
        ("0.71", 50, Learned(4, 50, 47)),
        ("0.95", 50, Learned(7, 50, 50)),
        ("1", 50, Learned(7, 50, 50)),
        ("0.9", 51, None),
    ],
)
def test_the_fewest_days_within_which_the_quantile_came(
    quantile: str, shipments: int, expected: Learned | None
) -> None:
    assert learned(rows(*GROUND), Learning(shipments=shipments, quantile=Decimal(quantile))) == expected


COUNTS = st.dictionaries(st.integers(0, 15), st.integers(1, 40), min_size=1, max_size=6)


@given(counts=COUNTS, percent=st.integers(1, 100))
def test_the_hit_rate_is_never_below_the_quantile_and_a_day_less_would_be(counts: dict[int, int], percent: int) -> None:
    quantile = Decimal(percent) / 100
    found = learned(rows(*counts.items()), Learning(shipments=1, quantile=quantile))
    assert found
    assert found.within >= quantile * found.shipments
    assert found.within == sum(count for days, count in counts.items() if days <= found.days)
    assert sum(count for days, count in counts.items() if days < found.days) < quantile * found.shipments


@given(shipped=st.dates(date(2026, 11, 1), date(2026, 12, 31)), days=st.integers(0, 40))
def test_days_on_the_way_are_the_fewest_that_promise_the_day_that_goods_came(shipped: date, days: int) -> None:
    came = shipped + timedelta(days=days)
    counted = days_on_the_way(shipped, came, WEEKDAYS)
    assert delivery_date(shipped, counted, WEEKDAYS) >= came
    assert not counted or delivery_date(shipped, counted - 1, WEEKDAYS) < came


def test_lanes_and_services_are_told_apart() -> None:
    known = (*rows((5, 30)), *rows((2, 30), service="2nd_day_air"), *rows((1, 30), node="dc-columbus"))
    terms = Learning(shipments=30, quantile=Decimal("0.9"))
    assert learned_lanes(known, "US-CA", "", terms) == (
        ("dc-columbus", Learned(1, 30, 30)), ("dc-reno", Learned(5, 60, 60)),
    )  # fmt: skip
    assert learned_lanes(known, "US-CA", "2nd_day_air", terms) == (("dc-reno", Learned(2, 30, 30)),)
    assert learned_lanes(known, "US-TX", "", terms) == ()
    assert learned_lanes(known, "US-CA", "", None) == ()


def learning(policy: Policy, **terms: Any) -> Policy:
    carriers = CarrierDays.model_validate({**policy.routing.carriers.model_dump(), "learn": terms or None})
    return policy.model_copy(update={"routing": policy.routing.model_copy(update={"carriers": carriers})})


def decided(policy: Policy, world: World, *known: TransitRow, **fields: Any) -> Decision:
    document = purchase_order(line("1", "CS-1001", "10"), **fields)
    facts = world.model_copy(update={"transits": known})
    return decide(None, document, facts, policy, sender="northwind", explaining=True)


def days_promised(decision: Decision, policy: Policy) -> int:
    [answer] = [sent.document for sent in decision.send if isinstance(sent.document, OrderAcknowledgment)]
    [told] = answer.lines[0].outcomes
    assert told.ship_on
    assert told.deliver_on
    return days_on_the_way(told.ship_on, told.deliver_on, policy.routing.carriers.delivery)


def test_what_is_learned_is_promised_and_explained_with_its_hit_rate(policy: Policy, world: World) -> None:
    learns = learning(policy, shipments=50, quantile="0.9")
    zone = days_promised(decided(learns, world), learns)
    decision = decided(learns, world, *rows(*GROUND))
    assert (zone, days_promised(decision, learns)) == (2, 4)
    [why] = decision.explanation.lines
    told = {candidate.node: candidate.transit for candidate in why.candidates}
    assert told["dc-reno"] == "4 days on the way: 47 of 50 shipments took no longer"
    assert told["dc-columbus"] is None
    assert days_promised(decided(policy, world, *rows(*GROUND)), policy) == 2
    assert days_promised(decided(learns, world, *rows((9, 49))), learns) == 2


def test_an_order_that_names_its_service_is_promised_what_that_one_took(policy: Policy, world: World) -> None:
    known, learns = (*rows((5, 30)), *rows((1, 30), service="next_day")), learning(policy, shipments=30)
    freight = Freight(carrier=Carrier(service="next_day"))
    assert days_promised(decided(learns, world, *known), learns) == 5
    assert days_promised(decided(learns, world, *known, freight=freight), learns) == 1


def test_a_node_that_was_late_before_is_passed_over_where_the_day_counts(policy: Policy, world: World) -> None:
    by = {"dates": {"requested_delivery": world.now.date() + timedelta(days=4)}}
    learns = learning(policy, shipments=30)
    slow = rows((15, 40))
    for known, node in (((), "dc-reno"), (slow, "dc-columbus")):
        decision = decided(learns, world, *known, **by)
        assert decision.order
        assert {one.node for one in decision.order.allocations} == {node}


def test_what_if_takes_what_was_known_then(policy: Policy, world: World) -> None:
    learns = learning(policy, shipments=30)
    facts = world.model_copy(update={"transits": rows((9, 40)), "configuration": learns.digest})
    wanted = {"dates": {"requested_delivery": world.now.date() + timedelta(days=4)}}
    document = purchase_order(line("1", "CS-1001", "10"), **wanted)
    made = MadeDecision("d1", "northwind/4471", document, "northwind", facts, "")
    for other, moved in ((learns, False), (learning(policy), True)):
        [compared] = what_if([made], {learns.digest: learns}, other.routing)
        assert (compared.nodes_before != compared.nodes_after) == moved
