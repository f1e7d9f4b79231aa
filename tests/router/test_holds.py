"""Holds stop a step until they are lifted; prices below ours are held, corrected or refused."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from canonical import OrderAcknowledgment, PurchaseOrder
from router.decide import decide
from router.decision import Decision, World
from router.hold_rule import HoldRule
from router.order import Hold
from router.own_work import Reconsider
from router.policy import Policy
from router.routing import Channel
from tests.router.documents import line, purchase_order, ship_to


def with_routing(policy: Policy, **fields: Any) -> Policy:
    return policy.model_copy(update={"routing": policy.routing.model_copy(update=fields)})


def outcomes(decision: Decision) -> list[tuple[str, Decimal]]:
    [answer] = [sent.document for sent in decision.send if isinstance(sent.document, OrderAcknowledgment)]
    return [(one.outcome, one.quantity.value) for answered in answer.lines for one in answered.outcomes]


def held(policy: Policy, world: World, gate: str) -> tuple[Decision, Policy]:
    rule = HoldRule.model_validate({"kind": "credit", "reason": "large", "gate": gate, "total_above": "100"})
    strict = with_routing(policy, holds=(rule,))
    document = purchase_order(line("1", "CS-1001", "10", price="18.95"))
    return decide(None, document, world, strict, sender="northwind"), strict


def lifted(decision: Decision, world: World, policy: Policy) -> Decision:
    assert decision.order
    again = Reconsider(number="x1", order=decision.order.id, cause="credit granted", lifts=("credit",), by="ana")
    return decide(decision.order, again, world, policy, sender="hub")


def test_a_release_hold_reserves_and_waits(policy: Policy, world: World) -> None:
    decision, strict = held(policy, world, "release")
    assert decision.order
    assert (decision.order.status, decision.order.lines[0].ledger.allocated) == ("held", 10)
    assert [sent.document.kind for sent in decision.send] == ["OrderAcknowledgment"]
    assert [trouble.code for trouble in decision.troubles] == ["order-held"]
    after = lifted(decision, world, strict)
    assert after.order
    assert (after.order.status, after.order.lines[0].ledger.released) == ("released", 10)
    assert not after.stock
    assert [event.kind for event in after.events][:2] == ["order_reconsidered", "hold_lifted"]


def test_an_allocation_hold_takes_no_stock_until_lifted(policy: Policy, world: World) -> None:
    decision, strict = held(policy, world, "allocate")
    assert not decision.stock
    assert outcomes(decision) == [("held", 10)]
    after = lifted(decision, world, strict)
    assert [change.reserved for change in after.stock] == [10]


def test_a_smaller_order_and_a_test_are_not_held(policy: Policy, world: World) -> None:
    _, strict = held(policy, world, "release")
    for document in (
        purchase_order(line("1", "CS-1001", "1", price="18.95")),
        purchase_order(line("1", "CS-1001", "10", price="18.95"), usage="test"),
    ):
        decision = decide(None, document, world, strict, sender="northwind")
        assert decision.order
        assert decision.order.status == "released"


def priced(policy: Policy, world: World, below: str, price: str, document: PurchaseOrder | None = None) -> Decision:
    terms = Channel.model_validate({"price_tolerance_percent": "5", "price_below": below})
    strict = with_routing(policy, channels={"northwind": terms})
    document = document or purchase_order(line("1", "CS-1001", "2", "CA", price))
    return decide(None, document, world, strict, sender="northwind")


def test_a_price_within_tolerance_is_taken(policy: Policy, world: World) -> None:
    assert outcomes(priced(policy, world, "refuse", "432.06")) == [("accepted", 2)]


def test_a_price_below_is_refused_corrected_or_held_by_the_terms(policy: Policy, world: World) -> None:
    refused = priced(policy, world, "refuse", "432.05")
    assert outcomes(refused) == [("rejected", 2)]
    corrected = priced(policy, world, "correct", "432.05")
    assert outcomes(corrected) == [("accepted_price_changed", 2)]
    assert corrected.order
    ordered = corrected.order.document.lines[0].price
    assert ordered
    assert ordered.amount == Decimal("454.80")
    waiting = priced(policy, world, "hold", "432.05")
    assert outcomes(waiting) == [("held", 2)]
    assert waiting.order
    assert [(hold.kind, hold.owner) for hold in waiting.order.holds] == [("price", "sales desk")]


def test_a_hold_for_an_address_lifts_itself_when_looked_at_again(policy: Policy, world: World) -> None:
    document = purchase_order(line("1", "CS-1001", "3"), parties=(ship_to().model_copy(update={"address": None}),))
    decision = decide(None, document, world, policy, sender="northwind")
    assert decision.order
    known = decision.order.model_copy(update={"destinations": (ship_to(),)})
    again = Reconsider(number="x2", order=known.id, cause="address completed")
    after = decide(known, again, world, policy, sender="hub")
    assert after.order
    assert after.order.status == "released"


def test_stock_that_arrives_fills_what_was_backordered(policy: Policy, world: World) -> None:
    decision = decide(None, purchase_order(line("1", "CS-1005", "30")), world, policy, sender="northwind")
    more = tuple(
        row._replace(on_hand=row.on_hand + 50, reserved=row.reserved + change.reserved)
        for row in world.stock
        for change in decision.stock
        if (row.sku, row.node) == (change.sku, change.node)
    )
    assert decision.order
    again = Reconsider(number="x3", order=decision.order.id, cause="stock was counted")
    after = decide(decision.order, again, world.model_copy(update={"stock": more}), policy, sender="hub")
    assert after.order
    assert (after.order.status, after.order.lines[0].ledger.released) == ("released", 30)
    assert sum(change.reserved for change in after.stock) == 4


# --- owners, deadlines, two people ----------------------------------------------------------------------------------

DAY = timedelta(days=1)
BIG = line("1", "CS-1001", "60", price="18.95")


def held_by(policy: Policy, **rule: Any) -> Policy:
    """The example's policy with one hold rule, and reservations that lapse where `lapse` says so."""
    lapse = rule.pop("lapse", None)
    placed = HoldRule(kind="fraud", reason="look at it", owner="fraud desk", **rule)
    routing = policy.routing.model_copy(update={"holds": (placed,), "reservations_lapse": lapse})
    return policy.model_copy(update={"routing": routing})


def looked_at(decision: Decision, world: World, policy: Policy, name: str) -> Decision:
    """The decision when the wish of this name comes true."""
    [wish] = [wish for wish in decision.wake if wish.name == name]
    assert decision.order
    assert wish.at
    again = Reconsider(number=name, order=decision.order.id, cause=wish.cause)
    stock = tuple(
        row._replace(reserved=row.reserved + sum(c.reserved for c in decision.stock if c[:2] == row[:2]))
        for row in world.stock
    )
    later = world.model_copy(update={"now": wish.at, "stock": stock})
    return decide(decision.order, again, later, policy, sender="hub")


@pytest.mark.parametrize(
    ("silence", "status", "troubles", "waits"),
    [
        ("wait", "held", [], True),
        ("release", "released", [], False),
        ("cancel", "cancelled", [], False),
        ("escalate", "held", ["hold-overdue"], False),
    ],
)
def test_a_holds_deadline_takes_its_way_for_silence(
    policy: Policy, world: World, silence: str, status: str, troubles: list[str], waits: bool
) -> None:
    tried = held_by(policy, within=DAY, on_silence=silence)
    first = decide(None, purchase_order(BIG), world, tried, sender="northwind")
    assert first.order
    [hold] = first.order.holds
    assert (hold.owner, hold.deadline) == ("fraud desk", world.now + DAY)
    after = looked_at(first, world, tried, "hold/fraud")
    assert after.order
    assert after.order.status == status
    assert [(trouble.code, trouble.owner) for trouble in after.troubles] == [(code, "fraud desk") for code in troubles]
    assert bool([wish for wish in after.wake if wish.at]) == waits
    assert "hold_overdue" in {event.kind for event in after.events}
    if silence == "cancel":
        assert sum(change.reserved for change in (*first.stock, *after.stock)) == 0


@pytest.mark.parametrize(
    ("rule", "takes"),
    [
        ({"names": ("NORTHWIND",)}, True),
        ({"names": ("Acme",)}, False),
        ({"regions": ("US-CA",)}, True),
        ({"regions": ("US-AK",)}, False),
        ({"classes": ("kitchen",)}, True),
        ({"classes": ("garden",)}, False),
        ({"total_above": Decimal(1137)}, False),
        ({"total_above": Decimal("1136.99")}, True),
        ({"total_above": Decimal(1), "regions": ("US-AK",)}, False),
    ],
)
def test_a_rule_holds_what_it_is_about(policy: Policy, world: World, rule: dict[str, Any], takes: bool) -> None:
    decision = decide(None, purchase_order(BIG), world, held_by(policy, **rule), sender="northwind")
    assert decision.order
    assert bool(decision.order.holds) == takes


def test_who_placed_a_hold_for_two_people_may_not_lift_it(policy: Policy, world: World) -> None:
    tried = held_by(policy, total_above=Decimal(10**6))
    waiting = held_by(policy, gate="allocate")
    first = decide(None, purchase_order(BIG), world, waiting, sender="northwind")
    assert first.order
    hold = Hold(
        kind="manual", gate="allocate", reason="call them", placed_at=world.now, placed_by="Ada", two_people=True
    )
    placed = Reconsider(number="p1", order=first.order.id, cause="Ada placed manual", places=(hold,), by="Ada")
    second = decide(first.order, placed, world, waiting, sender="hub")
    for by, kinds in (("Ada", {"manual"}), ("Grace", set())):
        lift = Reconsider(number=by, order=first.order.id, cause=f"{by} lifted", lifts=("manual", "fraud"), by=by)
        lifted = decide(second.order, lift, world, tried, sender="hub")
        assert lifted.order
        assert {hold.kind for hold in lifted.order.holds} == kinds
        assert ("hold_kept" in {event.kind for event in lifted.events}) == bool(kinds)


def test_what_a_held_order_reserved_lapses_and_goes_to_the_next(policy: Policy, world: World) -> None:
    tried = held_by(policy, channels=("northwind",), lapse=timedelta(hours=4))
    first = decide(None, purchase_order(BIG), world, tried, sender="northwind")
    assert sum(change.reserved for change in first.stock) == 60
    after = looked_at(first, world, tried, "reservation")
    assert sum(change.reserved for change in after.stock) == -60
    assert after.order
    assert after.order.status == "held"
    assert after.order.lines[0].ledger.open == 60
    assert "reservations_lapsed" in {event.kind for event in after.events}
    lift = Reconsider(number="l", order=after.order.id, cause="Ada lifted fraud", lifts=("fraud",), by="Ada")
    lifted = decide(after.order, lift, world, tried, sender="hub")
    assert lifted.order
    assert lifted.order.status == "released"


def test_a_hold_lifted_in_time_wakes_nobody(policy: Policy, world: World) -> None:
    tried = held_by(policy, within=DAY)
    first = decide(None, purchase_order(BIG), world, tried, sender="northwind")
    assert first.order
    lift = Reconsider(number="l", order=first.order.id, cause="Ada lifted fraud", lifts=("fraud",), by="Ada")
    lifted = decide(first.order, lift, world, tried, sender="hub")
    assert [(wish.name, wish.at) for wish in lifted.wake] == [("hold/fraud", None)]
