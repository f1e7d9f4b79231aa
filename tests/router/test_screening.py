"""Orders about whose buyer somebody is asked: what answers release, what they leave held, and which come too late."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from canonical import (
    Answer,
    ChangedLine,
    CreditCheck,
    CreditStanding,
    FraudCheck,
    FraudVerdict,
    OrderChange,
    PurchaseOrder,
    Quantity,
    Question,
)
from router.decide import decide
from router.decision import Decision, World
from router.hold_rule import HoldRule
from router.order import Order
from router.own_work import Reconsider, Unanswered
from router.policy import Policy
from tests.router.documents import advice, line, purchase_order

ORDER = purchase_order(line("1", "CS-1001", "10", price="18.95"))
CREDIT = {"kind": "credit", "reason": "the ERP knows", "owner": "credit desk"}


def checking(policy: Policy, *rules: dict[str, Any], **check: Any) -> Policy:
    """The example's policy with these hold rules; without any, one that asks the ERP about credit."""
    asks = {"ask": "books", "within": "PT30S", **check}
    holds = tuple(HoldRule.model_validate(rule) for rule in rules or ({**CREDIT, "check": asks},))
    return policy.model_copy(update={"routing": policy.routing.model_copy(update={"holds": holds})})


def asked(decision: Decision) -> list[Question]:
    return [sent.document for sent in decision.send if isinstance(sent.document, Question)]


def standing(question: Question, **said: Any) -> CreditStanding:
    money = {name: {"amount": value, "currency": said.get("currency", "USD")} for name, value in said.items()
             if name in ("limit", "owed", "available")}  # fmt: skip
    rest = {name: value for name, value in said.items() if name in ("decision", "reason")}
    return CreditStanding.model_validate({"question": question.number, **money, **rest})


def received(policy: Policy, world: World, order: PurchaseOrder = ORDER) -> tuple[Order, Question]:
    decision = decide(None, order, world, policy, sender="northwind")
    assert decision.order
    [question] = asked(decision)
    return decision.order, question


def answer(order: Order, told: Answer, world: World, policy: Policy) -> Decision:
    return decide(order, told, world, policy, sender="books")


def changed(order: Order, quantity: str, world: World, policy: Policy, number: str = "1") -> Decision:
    now = ChangedLine(
        number="1",
        change="quantity_decrease" if Decimal(quantity) < 10 else "quantity_increase",
        quantity=Quantity(value=Decimal(quantity)),
    )
    change = OrderChange(number=ORDER.number, change_number=number, changed_on=world.now, currency="USD", lines=(now,))
    return decide(order, change, world, policy, sender="northwind")


def test_the_erp_is_asked_for_what_the_order_will_come_to_before_it_is_released(policy: Policy, world: World) -> None:
    order, question = received(checking(policy), world)
    assert isinstance(question, CreditCheck)
    assert (question.customer, question.amount.amount, question.amount.currency) == (
        "northwind",
        Decimal("189.50"),
        "USD",
    )
    assert (order.status, [(hold.kind, hold.gate) for hold in order.holds]) == ("held", [("credit", "release")])


@pytest.mark.parametrize(
    ("said", "limit", "status"),
    [
        ({"limit": "500", "owed": "310.50"}, None, "released"),
        ({"limit": "500", "owed": "310.51"}, None, "held"),
        ({"owed": "9999"}, None, "released"),
        ({"owed": "10.51"}, "200", "held"),
        ({"owed": "10.50"}, "200", "released"),
        ({"available": "189.50", "limit": "1"}, None, "released"),
        ({"available": "189.49"}, None, "held"),
        ({"decision": "granted", "available": "0"}, None, "released"),
        ({"decision": "refused", "reason": "overdue"}, None, "held"),
        ({"decision": "review"}, None, "held"),
        ({"limit": "500", "currency": "EUR"}, None, "held"),
    ],
)
def test_an_answer_releases_the_order_or_leaves_it_to_its_owner(
    policy: Policy, world: World, said: dict[str, str], limit: str | None, status: str
) -> None:
    tried = checking(policy, limit=limit)
    order, question = received(tried, world)
    after = answer(order, standing(question, **said), world, tried)
    assert after.order
    assert (after.order.status, len(asked(after))) == (status, 0)
    assert [hold.owner for hold in after.order.holds] == (["credit desk"] if status == "held" else [])
    assert [trouble.code for trouble in after.troubles] == (["order-held"] if status == "held" else [])


def test_a_person_may_let_an_order_go_on_that_the_erp_objected_to(policy: Policy, world: World) -> None:
    tried = checking(policy)
    order, question = received(tried, world)
    held = answer(order, standing(question, limit="1"), world, tried).order
    assert held
    lifted = Reconsider(number="x", order=held.id, cause="paid in advance", lifts=("credit",), by="ana")
    after = decide(held, lifted, world, tried, sender="hub")
    assert after.order
    assert (after.order.status, asked(after)) == ("released", [])


def test_a_late_answer_to_a_changed_order_changes_nothing(policy: Policy, world: World) -> None:
    tried = checking(policy)
    order, first = received(tried, world)
    more = changed(order, "12", world, tried)
    [second] = asked(more)
    assert isinstance(second, CreditCheck)
    assert (second.amount.amount, [gone.question for gone in more.withdraw]) == (Decimal("227.40"), [first.number])
    late = answer(more.order, standing(first, decision="granted"), world, tried)  # type: ignore[arg-type]
    assert late.order
    assert (late.order.status, late.order.lines, late.send) == ("held", more.order.lines, ())  # type: ignore[union-attr]
    assert [event.kind for event in late.events] == ["answer_ignored"]
    assert answer(late.order, standing(second, decision="granted"), world, tried).order.status == "released"  # type: ignore[union-attr]


def test_what_was_granted_is_asked_for_again_only_when_it_becomes_more(policy: Policy, world: World) -> None:
    tried = checking(policy, {**CREDIT, "gate": "allocate", "check": {"ask": "books"}})
    order, question = received(tried, world, purchase_order(line("1", "CS-1001", "5000", price="1.00")))
    granted = answer(order, standing(question, decision="granted"), world, tried)
    assert granted.order
    assert granted.order.status in ("released", "backordered")
    fewer = changed(granted.order, "4500", world, tried)
    assert asked(fewer) == []
    assert fewer.order
    [again] = asked(changed(fewer.order, "5001", world, tried, "2"))
    assert isinstance(again, CreditCheck)


def test_an_objection_is_put_again_when_the_order_becomes_smaller(policy: Policy, world: World) -> None:
    tried = checking(policy)
    order, question = received(tried, world)
    held = answer(order, standing(question, limit="100"), world, tried).order
    assert held
    fewer = changed(held, "5", world, tried)
    [again] = asked(fewer)
    assert fewer.order
    after = answer(fewer.order, standing(again, limit="100"), world, tried)
    assert after.order
    assert after.order.status == "released"


@pytest.mark.parametrize(
    ("silence", "status", "codes"),
    [("proceed", "released", []), ("escalate", "held", ["answer-missing"]), ("wait", "held", ["answer-missing"])],
)
def test_the_erps_silence_takes_the_policys_way(
    policy: Policy, world: World, silence: str, status: str, codes: list[str]
) -> None:
    tried = checking(policy, silence=silence)
    order, question = received(tried, world)
    overdue = world.model_copy(update={"now": world.now + timedelta(seconds=31)})
    look = Reconsider(number="w", order=order.id, cause="the deadline passed")
    refusal = Unanswered(number="u", order=order.id, question=question.number, reason="no such customer")
    for said in (decide(order, look, overdue, tried, sender="hub"), decide(order, refusal, world, tried, sender="hub")):
        assert said.order
        assert (said.order.status, [trouble.code for trouble in said.troubles]) == (status, codes)


def test_the_first_rule_of_a_kind_that_takes_an_order_counts(policy: Policy, world: World) -> None:
    person = {**CREDIT, "total_above": "100"}
    tried = checking(policy, person, {**CREDIT, "check": {"ask": "books"}})
    large = decide(None, ORDER, world, tried, sender="northwind")
    assert asked(large) == []
    assert large.order
    assert large.order.holds[0].reason.startswith("the ERP knows")
    _, question = received(tried, world, purchase_order(line("1", "CS-1001", "5", price="18.95")))
    assert isinstance(question, CreditCheck)


@pytest.mark.parametrize(("decision", "status"), [("accept", "released"), ("review", "held"), ("reject", "held")])
def test_a_fraud_check_names_its_parties_and_its_verdict_decides(
    policy: Policy, world: World, decision: str, status: str
) -> None:
    tried = checking(policy, {"kind": "fraud", "reason": "cards", "check": {"ask": "watch"}})
    order, question = received(tried, world)
    assert isinstance(question, FraudCheck)
    assert question.ship_to
    verdict = FraudVerdict.model_validate({"question": question.number, "decision": decision, "reasons": ["proxy"]})
    after = answer(order, verdict, world, tried)
    assert after.order
    assert after.order.status == status


def test_what_is_shipped_and_invoiced_is_asked_about_no_more(policy: Policy, world: World) -> None:
    tried = checking(policy)
    order, question = received(tried, world)
    released = answer(order, standing(question, decision="granted"), world, tried)
    [wanted] = [sent for sent in released.send if sent.document.kind == "FulfilmentOrder"]
    shipped = decide(released.order, advice(wanted.document), world, tried, sender=wanted.to)  # type: ignore[arg-type]
    assert asked(shipped) == []
    assert shipped.order
    assert shipped.order.status == "shipped"


def test_a_test_order_asks_nobody(policy: Policy, world: World) -> None:
    decision = decide(None, ORDER.changed(usage="test"), world, checking(policy), sender="northwind")
    assert asked(decision) == []


def test_only_what_somebody_answers_about_has_a_check() -> None:
    with pytest.raises(ValidationError, match="nobody answers about weather"):
        HoldRule.model_validate({"kind": "weather", "reason": "rain", "check": {"ask": "books"}})


def test_who_is_asked_must_be_there_and_answer(policy: Policy) -> None:
    takes = {"books": frozenset({"JournalEntry"})}
    [untaken] = [one for one in checking(policy).check(takes=takes) if "check" in str(one.facts)]
    assert (untaken.code, untaken.facts["path"]) == ("document-untaken", "routing.holds.0.check.ask")
    [unknown] = [one for one in checking(policy).check(None, frozenset()) if "check" in str(one.facts)]
    assert unknown.code == "connection-unknown"
