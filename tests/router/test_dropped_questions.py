"""What an order waits to hear when it is cancelled is dropped at once, and whatever it bought goes back."""

from datetime import timedelta
from typing import Any

import pytest

from canonical import (
    Answer,
    CreditStanding,
    FraudVerdict,
    Label,
    LabelRequest,
    Money,
    OrderChange,
    PaymentCapture,
    PaymentResult,
    PurchaseOrder,
    Question,
    RateQuote,
    RateRequest,
    ServiceRate,
    TaxQuote,
)
from router.decide import decide
from router.decision import Decision, World
from router.hold_rule import HoldRule
from router.network import Network
from router.order import Order
from router.own_work import Reconsider
from router.policy import Policy
from router.taxes import Taxed, Taxes
from tests.router.documents import line, purchase_order
from tests.router.test_payment import TOKEN, charged

TOPICS = ("tax", "rate", "label", "credit", "fraud", "payment")


def asking(policy: Policy, topic: str) -> Policy:
    """The example with somebody to ask about this, and nothing else."""
    asked: dict[str, Any] = {"ask": "somebody", "within": "PT30S"}
    routing, taxes, nodes = policy.routing.model_copy(update={"holds": ()}), policy.taxes, policy.network.nodes
    if topic == "tax":
        taxes = Taxes.model_validate({"taxed": [{"provider": asked | {"gate": "allocate"}}]})
        assert isinstance(taxes.taxed[0], Taxed)
    elif topic in ("credit", "fraud"):
        rule = HoldRule.model_validate({"kind": topic, "reason": "ask", "check": asked, "gate": "allocate"})
        routing = routing.model_copy(update={"holds": (rule,)})
    elif topic in ("rate", "label"):
        nodes = tuple(node.model_copy(update={"ships": "hub"}) for node in nodes)
    said = {"routing": routing, "taxes": taxes, "network": Network(nodes=nodes)}
    return charged(policy.model_copy(update=said)) if topic == "payment" else policy.model_copy(update=said)


def order() -> PurchaseOrder:
    return purchase_order(line("1", "CS-1001", "10", price="4.00"), payment=TOKEN)


def cancellation(number: str = "C") -> OrderChange:
    on = order().ordered_on
    return OrderChange(number="4471", change_number=number, purpose="cancel", changed_on=on, currency="USD")


def answered(question: Question) -> Answer:
    """What was asked for, done."""
    if isinstance(question, RateRequest):
        price = Money(amount="9.00", currency="USD")  # type: ignore[arg-type]
        rate = ServiceRate(carrier="UPSN", service="ground", price=price, transit_days=2)
        return RateQuote(question=question.number, rates=(rate,))
    if isinstance(question, LabelRequest):
        status = "voided" if question.purpose == "void" else "bought"
        return Label(question=question.number, status=status, reference="L1", tracking_number="1Z1")  # type: ignore[arg-type]
    if isinstance(question, PaymentCapture):
        said: dict[str, Any] = {name: getattr(question, name) for name in ("action", "amount", "currency")}
        return PaymentResult(question=question.number, status="done", **said)
    told: dict[str, type[Answer]] = {"TaxRequest": TaxQuote, "CreditCheck": CreditStanding, "FraudCheck": FraudVerdict}
    more = {"TaxRequest": {"amount": "0.80", "currency": "USD"}, "FraudCheck": {"decision": "accept"}}
    more["CreditCheck"] = {"decision": "granted"}
    return told[question.kind].model_validate({"question": question.number, **more.get(question.kind, {})})


def questions(decision: Decision) -> list[Question]:
    return [sent.document for sent in decision.send if isinstance(sent.document, Question)]


def waiting(policy: Policy, world: World, topic: str) -> tuple[Order, Question]:
    """An order that waits to hear about this."""
    decision = decide(None, order(), world, policy, sender="northwind")
    [question] = questions(decision)
    if topic == "label":
        decision = decide(decision.order, answered(question), world, policy, sender="somebody")
        [question] = questions(decision)
    assert decision.order
    assert [hold.kind for hold in decision.order.holds] == [topic]
    return decision.order, question


def told(decision: Decision) -> list[str]:
    return [event.kind for event in decision.events]


@pytest.mark.parametrize("topic", TOPICS)
def test_a_cancelled_order_waits_for_no_answer(policy: Policy, world: World, topic: str) -> None:
    asks = asking(policy, topic)
    before, question = waiting(asks, world, topic)
    decision = decide(before, cancellation(), world, asks, sender="northwind")
    assert decision.order
    assert (decision.order.status, decision.order.holds) == ("cancelled", ())
    assert [(one.question, one.tried_too) for one in decision.withdraw] == [(question.number, not question.binds)]
    assert "question_dropped" in told(decision)
    assert [(wake.name, wake.at) for wake in decision.wake if question.number in wake.name] == [
        (f"question/{question.number}", None)
    ]
    assert all(asked.deadline is None for asked in decision.order.questions)
    over = world.model_copy(update={"now": world.now + timedelta(days=2)})
    later = decide(decision.order, Reconsider(number="1", order=before.id, cause="time"), over, asks, sender="hub")
    assert (later.send, later.troubles, later.order and later.order.status) == ((), (), "cancelled")


@pytest.mark.parametrize("topic", TOPICS)
def test_an_answer_that_comes_after_the_cancellation_changes_nothing_but_what_it_bought(
    policy: Policy, world: World, topic: str
) -> None:
    asks = asking(policy, topic)
    before, question = waiting(asks, world, topic)
    cancelled = decide(before, cancellation(), world, asks, sender="northwind").order
    decision = decide(cancelled, answered(question), world, asks, sender="somebody")
    assert decision.order
    assert decision.order.status == "cancelled"
    assert "answer_ignored" in told(decision)
    bought = {"label": [("LabelRequest", "void")], "payment": [("PaymentCapture", "refund")]}.get(topic, [])
    back = [(one.kind, getattr(one, "purpose", None) or getattr(one, "action", None)) for one in questions(decision)]
    assert back == bought
    again = decide(decision.order, answered(question), world, asks, sender="somebody")
    assert not questions(again)
    assert again.order
    assert again.order.captured == decision.order.captured


def test_a_hold_for_a_person_ends_with_the_order(policy: Policy, world: World) -> None:
    rule = HoldRule.model_validate({"kind": "manual", "reason": "look", "within": "PT8H", "on_silence": "escalate"})
    held = policy.model_copy(update={"routing": policy.routing.model_copy(update={"holds": (rule,)})})
    first = decide(None, order(), world, held, sender="northwind").order
    assert first
    assert [hold.kind for hold in first.holds] == ["manual"]
    ended = decide(first, cancellation(), world, held, sender="northwind")
    assert ended.order
    assert (ended.order.status, ended.order.holds) == ("cancelled", ())
    assert ("hold/manual", None) in {(wake.name, wake.at) for wake in ended.wake}
