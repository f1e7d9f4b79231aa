"""Holds stop a step until they are lifted; prices below ours are held, corrected or refused."""

from decimal import Decimal
from typing import Any

from canonical import OrderAcknowledgment, PurchaseOrder
from router.decide import decide
from router.decision import Decision, Reconsider, World
from router.policy import Policy
from router.routing import Channel, HoldRule
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
