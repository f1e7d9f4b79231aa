"""Key figures, from orders played through the router."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from canonical import FulfilmentOrder
from router.consignment import Consignment
from router.decide import decide
from router.decision import World
from router.kpis import Course, figures, kpis, share
from router.lifecycle import tally
from router.order import Order
from router.policy import Policy
from tests.router.documents import advice, line, purchase_order


def shipped(policy: Policy, world: World, number: str, quantity: str | None = None, **fields: object) -> Order:
    """An order for ten of a thing, shipped whole or in part."""
    document = purchase_order(line("1", "CS-1001", "10", price="4.00"), number=number, **fields)
    first = decide(None, document, world, policy, sender="northwind")
    [asked] = [sent.document for sent in first.send if isinstance(sent.document, FulfilmentOrder)]
    said = advice(asked, [quantity] if quantity else None)
    order = decide(first.order, said, world.model_copy(update={"stock": ()}), policy, sender="swiftline").order
    assert order
    return order


def course(order: Order, now: datetime, hours: int = 30, *, short: bool = False, exceptions: int = 0) -> Course:
    at = now + timedelta(hours=hours)
    gone = ((at, "dc-reno"),) if any(one.shipped for one in order.allocations) else ()
    return Course(order, now, gone, short, exceptions, Decimal("12.50"))


def test_an_order_that_left_whole_and_in_time_is_perfect(policy: Policy, world: World, now: datetime) -> None:
    order = shipped(policy, world, "1", dates={"ship_not_later": now.date() + timedelta(days=2)})
    told = figures([course(order, now)], policy.network)
    assert (told["perfect_order"], told["on_time"], told["fill_rate"], told["cycle_hours"]) == (1, 1, 1, 30)
    assert (told["cost_per_order"], told["split_rate"], told["exceptions_per_hundred"]) == (Decimal("12.50"), 0, 0)


def test_leaving_late_spoils_it(policy: Policy, world: World, now: datetime) -> None:
    order = shipped(policy, world, "1", dates={"ship_not_later": now.date()})
    told = figures([course(order, now)], policy.network)
    assert (told["on_time"], told["order_accuracy"], told["perfect_order"]) == (0, 1, 0)


def test_the_last_day_is_the_nodes_own(policy: Policy, world: World, now: datetime) -> None:
    order = shipped(policy, world, "1", dates={"ship_not_later": now.date() + timedelta(days=1)})
    before_midnight_in_reno = 14 + 24
    assert figures([course(order, now, before_midnight_in_reno)], policy.network)["on_time"] == 1
    assert figures([course(order, now, before_midnight_in_reno + 1)], policy.network)["on_time"] == 0


@pytest.mark.parametrize(("hours", "kept"), [(50, 1), (120, 0)])
def test_what_a_carrier_delivered_after_the_day_asked_for_was_not_on_time(
    policy: Policy, world: World, now: datetime, hours: int, kept: int
) -> None:
    order = shipped(policy, world, "1", dates={"requested_delivery": now.date() + timedelta(days=3)})
    bought = {"number": "dc-reno/0/1#1", "reference": "C1", "node": "dc-reno", "destination": 0, "carrier": "ups",
              "ship_to": order.destinations[0], "packages": (), "ships_on": now.date()}  # fmt: skip
    under_way = Consignment.model_validate(bought)
    arrived = under_way.model_copy(update={"delivered_at": now + timedelta(hours=hours)})
    told = [
        figures([course(order.model_copy(update={"consignments": (one,)}), now)], policy.network)["on_time"]
        for one in (under_way, arrived)
    ]
    assert told == [None, kept]


def test_too_much_too_little_or_a_person_spoils_it(policy: Policy, world: World, now: datetime) -> None:
    over, sound = shipped(policy, world, "1", "12"), shipped(policy, world, "2")
    assert figures([course(over, now)], policy.network)["order_accuracy"] == 0
    assert figures([course(sound, now, short=True)], policy.network)["order_accuracy"] == 0
    looked_at = figures([course(sound, now, exceptions=1)], policy.network)
    assert (looked_at["order_accuracy"], looked_at["perfect_order"], looked_at["exceptions_per_hundred"]) == (1, 0, 100)


def test_what_is_still_owed_counts_against_the_fill_rate_alone(policy: Policy, world: World, now: datetime) -> None:
    part = shipped(policy, world, "1", "7")
    told = figures([course(part, now)], policy.network)
    assert (told["fill_rate"], told["shipped"], told["perfect_order"]) == (Decimal("0.7"), 0, None)


def test_figures_are_grouped_by_channel_and_by_node(policy: Policy, world: World, now: datetime) -> None:
    whole, trial = shipped(policy, world, "1"), shipped(policy, world, "2", usage="test")
    told = kpis([course(whole, now), course(trial, now)], policy.network)
    assert told["all"]["orders"] == 1
    assert {name: one["orders"] for name, one in told["channels"].items()} == {"northwind": 1}
    assert {name: one["orders"] for name, one in told["nodes"].items()} == {"dc-reno": 1}


def test_a_partner_answers_for_what_it_ordered_and_for_what_it_ships(
    policy: Policy, world: World, now: datetime
) -> None:
    whole, waiting = shipped(policy, world, "1"), decide(
        None, purchase_order(line("1", "CS-1001", "10", price="4.00"), number="2"),
        world.model_copy(update={"stock": ()}), policy, sender="harbor-grocers",
    ).order  # fmt: skip
    assert waiting
    told = kpis([course(whole, now), course(waiting, now)], policy.network)["partners"]
    assert {name: one["orders"] for name, one in told.items()} == {"harbor-grocers": 1, "northwind": 1, "swiftline": 1}
    assert (told["swiftline"]["fill_rate"], told["harbor-grocers"]["fill_rate"]) == (1, 0)


def test_three_orders_worked_out_by_hand(policy: Policy, world: World, now: datetime) -> None:
    """One left whole after a day; of one 7 of 10 left after two, and a person looked; nothing of one was there."""
    whole, part = shipped(policy, world, "1", dates={"ship_not_later": now.date() + timedelta(days=3)}), shipped(
        policy, world, "2", "7"
    )  # fmt: skip
    nothing = decide(
        None, purchase_order(line("1", "CS-1001", "10", price="4.00"), number="3"),
        world.model_copy(update={"stock": ()}), policy, sender="harbor-grocers",
    ).order  # fmt: skip
    assert nothing
    dear = replace(course(part, now, 48, short=True, exceptions=1), cost=Decimal("20.00"))
    unsourced = replace(course(nothing, now, exceptions=2), cost=Decimal(0))
    told = kpis([course(whole, now, 24), dear, unsourced], policy.network)
    both = {  # of the first two alone
        "orders": 2, "shipped": 1, "fill_rate": Decimal("0.85"), "on_time": 1, "order_accuracy": 1, "perfect_order": 1,
        "cycle_hours": 36, "split_rate": 0, "cost_per_order": Decimal("16.25"), "exceptions_per_hundred": 50,
    }  # fmt: skip
    none = {
        "orders": 1, "shipped": 0, "fill_rate": 0, "on_time": None, "order_accuracy": None, "perfect_order": None,
        "cycle_hours": None, "split_rate": None, "cost_per_order": None, "exceptions_per_hundred": 200,
    }  # fmt: skip
    assert told["all"] == both | {"orders": 3, "fill_rate": Decimal("0.5667"), "exceptions_per_hundred": 100}
    assert told["channels"] == {"northwind": both, "harbor-grocers": none}
    assert told["partners"] == {"northwind": both, "harbor-grocers": none, "swiftline": both}
    assert told["nodes"] == {"dc-reno": both}


def test_goods_that_come_back_have_been_shipped_in_full(policy: Policy, world: World, now: datetime) -> None:
    order = shipped(policy, world, "1")
    [state] = order.lines
    back = state.model_copy(update={"ledger": tally(state.ledger, "return", Decimal(10))})
    told = figures([course(order.model_copy(update={"lines": (back,)}), now)], policy.network)
    assert (told["fill_rate"], told["order_accuracy"], told["perfect_order"]) == (1, 1, 1)


def test_a_rate_of_nothing_is_no_rate(policy: Policy) -> None:
    assert figures([], policy.network)["perfect_order"] is None
    assert share(1, 3) == Decimal("0.3333")
