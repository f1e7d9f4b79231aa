"""Goods come back: what may, who is told, what becomes of them, and what is given back for them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from canonical import (
    Adjustment,
    CreditMemo,
    Destination,
    Document,
    FulfilmentOrder,
    OrderAcknowledgment,
    PurchaseOrder,
    Quantity,
    ReturnAuthorization,
    ReturnLine,
    ReturnReceipt,
    ReturnReceiptLine,
    Tax,
)
from router.decide import decide
from router.decision import Decision, World
from router.order import Order
from router.own_work import ReturnVerdict
from router.policy import Policy
from router.return_terms import Inspection, ReturnTerms
from tests.router.documents import DALLAS, PORTLAND, advice, line, purchase_order, ship_to

ORDER = purchase_order(
    line("1", "CS-1001", "10", price="4.00", taxes=(Tax(code="ST", amount=Decimal("3.33")),)),
    allowances=(Adjustment(code="C310", amount=Decimal("1.00")),),
    charges=(Adjustment(code="D240", amount=Decimal("10.00")),),
)


@pytest.fixture(scope="session")
def policy(policy: Policy) -> Policy:
    """The example's policy, with the plainest terms for what comes back to northwind."""
    return returning(policy)


def shipped(world: World, policy: Policy, document: PurchaseOrder = ORDER, sender: str = "northwind") -> Order:
    decision = decide(None, document, world, policy, sender=sender)
    order = decision.order
    for sent in decision.send:
        if isinstance(sent.document, FulfilmentOrder):
            order = decide(
                order, advice(sent.document, number=sent.document.number), world, policy, sender=sent.to
            ).order
    assert order
    return order


def request(quantity: str, number: str = "RA1", **more: Any) -> ReturnAuthorization:
    standard: dict[str, Any] = {"order_line": "1", "reason": "unwanted", "unit": "EA"}
    given = standard | more
    one = ReturnLine(
        number="1",
        order_line=given["order_line"],
        quantity=Quantity(value=Decimal(quantity), unit=given["unit"]),
        reason=given["reason"],
    )
    return ReturnAuthorization(
        number=number,
        order_number="4471",
        requested_on="2026-11-20",
        lines=(one,),
        purpose=given.get("purpose", "request"),
    )


def receipt(quantity: str, number: str = "W1", under: str = "NW-4471-R1", **more: Any) -> ReturnReceipt:
    came = ReturnReceiptLine(
        number="1", items={"sku": more.pop("sku", "CS-1001")}, quantity=Quantity(value=Decimal(quantity)), **more
    )
    return ReturnReceipt(number=number, order_number=under, received_on="2026-11-25", lines=(came,))


def told(decision: Decision) -> list[tuple[str, str, str]]:
    """(kind or purpose, number, to) of what goes out, postings aside."""
    return [
        (getattr(sent.document, "purpose", sent.document.kind), str(getattr(sent.document, "number", "")), sent.to)
        for sent in decision.send
        if sent.document.kind != "JournalEntry"
    ]


def returning(policy: Policy, **terms: Any) -> Policy:
    """The example's policy with other terms for what comes back to northwind."""
    routing = policy.routing
    channel = routing.channels["northwind"].model_copy(update={"returns": ReturnTerms(**terms)})
    channels = {**routing.channels, "northwind": channel}
    return policy.model_copy(update={"routing": routing.model_copy(update={"channels": channels})})


def take(order: Order | None, document: Document, world: World, policy: Policy, sender: str = "northwind") -> Decision:
    return decide(order, document, world, policy, sender=sender, explaining=True)


def test_what_was_shipped_may_come_back_and_the_node_is_told(policy: Policy, world: World) -> None:
    decision = take(shipped(world, policy), request("3"), world, policy)
    assert told(decision) == [("authorization", "NW-4471-R1", "swiftline"), ("authorization", "RA1", "northwind")]
    announced, answer = (sent.document for sent in decision.send)
    assert isinstance(announced, ReturnAuthorization)
    assert isinstance(answer, ReturnAuthorization)
    assert announced.lines[0].items["sku"] == "CS-1001"
    assert [party.role for party in announced.parties] == ["returned_to", "ship_from", "seller"]
    assert answer.references[-1].value == "NW-4471-R1"
    assert decision.order
    assert decision.order.returns[0].standing == "authorized"


def exchanging(quantity: str, sku: str) -> ReturnAuthorization:
    asked = request(quantity)
    return asked.changed(lines=tuple(one.model_copy(update={"exchange": {"sku": sku}}) for one in asked.lines))


def test_another_item_is_sent_in_the_place_of_what_came_back(policy: Policy, world: World) -> None:
    asked = take(shipped(world, policy), exchanging("3", "CS-1003"), world, policy)
    came = take(asked.order, receipt("3"), world, policy, "swiftline")
    assert came.order
    replaced = came.order.lines[-1]
    assert (replaced.sku, replaced.ledger.released, replaced.exchange_of) == ("CS-1003", 3, "NW-4471-R1")
    sent = {sent.document.kind: sent.document for sent in came.send}
    fulfilment, memo, answer = sent["FulfilmentOrder"], sent["CreditMemo"], sent["OrderAcknowledgment"]
    assert isinstance(fulfilment, FulfilmentOrder)
    assert isinstance(memo, CreditMemo)
    assert isinstance(answer, OrderAcknowledgment)
    assert [(line.items["sku"], line.quantity.value) for line in fulfilment.lines] == [("CS-1003", 3)]
    assert [(line.number, line.outcomes[0].outcome) for line in answer.lines][-1] == (replaced.number, "accepted")
    ended = take(came.order, advice(fulfilment, number="SH9"), world, policy, "swiftline")
    assert ended.order
    assert ended.order.status == "shipped"
    cups = policy.catalogue.by_sku["CS-1003"].price
    assert cups
    assert ended.order.due - shipped(world, policy).due == 3 * cups.amount - memo.total


@pytest.mark.parametrize(
    ("sku", "payment", "code"),
    [("NO-SUCH", "owed", "return-exchange-unknown"), ("CS-1003", "captured", "return-exchange-elsewhere")],
)
def test_an_exchange_that_is_not_ours_to_make_is_denied(
    policy: Policy, world: World, sku: str, payment: str, code: str
) -> None:
    channel = policy.routing.channels["northwind"].model_copy(update={"payment": payment})
    routing = policy.routing.model_copy(update={"channels": {**policy.routing.channels, "northwind": channel}})
    other = policy.model_copy(update={"routing": routing})
    decision = take(shipped(world, other), exchanging("3", sku), world, other)
    [sent] = decision.send
    assert isinstance(sent.document, ReturnAuthorization)
    assert (sent.document.purpose, sent.reasons["lines.0"]) == ("denial", f"rule:{code}")


def test_more_than_was_shipped_is_allowed_in_part_and_the_rest_denied(policy: Policy, world: World) -> None:
    first = take(shipped(world, policy), request("8"), world, policy)
    second = take(first.order, request("5", "RA2"), world, policy)
    assert told(second) == [
        ("authorization", "NW-4471-R2", "swiftline"), ("authorization", "RA2", "northwind"),
        ("denial", "RA2", "northwind"),
    ]  # fmt: skip
    quantities = [sent.document.lines[0].quantity.value for sent in second.send]  # type: ignore[attr-defined]
    assert quantities == [2, 2, 3]
    third = take(second.order, request("1", "RA3"), world, policy)
    assert told(third) == [("denial", "RA3", "northwind")]
    assert third.order
    assert third.order.returns[-1].standing == "denied"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"order_line": "9"}, "the order has no such line"),
        ({"unit": "TON"}, "3 TON of it can't come back"),
        ({"reason": "whim"}, "whim is none of unwanted, damaged"),
    ],
)
def test_a_line_that_may_not_come_back_is_denied_with_its_reason(
    policy: Policy, world: World, fields: dict[str, str], why: str
) -> None:
    strict = returning(policy, reasons=("unwanted", "damaged"))
    decision = take(shipped(world, policy), request("3", **fields), world, strict)
    assert told(decision) == [("denial", "RA1", "northwind")]
    [denial] = (sent.document for sent in decision.send)
    assert isinstance(denial, ReturnAuthorization)
    assert denial.notes[0].text == f"line 1: {why}"
    assert decision.explanation.lines[0].refused == why


def test_a_cancelled_line_cannot_come_back(policy: Policy, world: World) -> None:
    document = purchase_order(line("1", "CS-1001", "2", price="4.00"), purpose="original")
    order = decide(None, document, world, policy, sender="northwind").order
    gone = take(order, document.changed(purpose="cancel"), world, policy).order
    decision = take(gone, request("1"), world, policy)
    assert decision.explanation.lines[0].refused == "nothing of it has left"


def test_after_the_window_nothing_comes_back(policy: Policy, world: World) -> None:
    order = shipped(world, policy)
    last = world.model_copy(update={"now": world.now + timedelta(days=31)})
    assert told(take(order, request("3"), last, policy))[-1][0] == "authorization"
    late = world.model_copy(update={"now": world.now + timedelta(days=32)})
    assert told(take(order, request("3"), late, policy)) == [("denial", "RA1", "northwind")]


def test_a_person_decides_where_the_terms_say_so(policy: Policy, world: World) -> None:
    asking = returning(policy, person_above=Decimal(10))
    waiting = take(shipped(world, policy), request("3"), world, asking)
    assert not waiting.send
    assert [trouble.code for trouble in waiting.troubles] == ["return-waits"]
    early = take(waiting.order, receipt("3"), world, asking, "swiftline")
    assert [trouble.code for trouble in early.troubles] == ["receipt-refused"]
    order = waiting.order
    assert order
    yes = ReturnVerdict(number="v1", order=order.id, returned="NW-4471-R1", verdict="authorize", by="ada")
    assert told(take(order, yes, world, asking, "crossdock")) == [
        ("authorization", "NW-4471-R1", "swiftline"), ("authorization", "RA1", "northwind"),
    ]  # fmt: skip
    no = yes.changed(verdict="deny")
    refused = take(order, no, world, asking, "crossdock")
    assert told(refused) == [("denial", "RA1", "northwind")]
    assert not take(refused.order, yes, world, asking, "crossdock").send


def test_a_small_return_waits_for_nobody(policy: Policy, world: World) -> None:
    asking = returning(policy, person_above=Decimal(12), person_for=("damaged",))
    assert not take(shipped(world, policy), request("3"), world, asking).troubles
    damaged = take(shipped(world, policy), request("3", reason="damaged"), world, asking)
    assert [trouble.code for trouble in damaged.troubles] == ["return-waits"]


def test_a_withdrawn_return_frees_what_it_held(policy: Policy, world: World) -> None:
    first = take(shipped(world, policy), request("8"), world, policy)
    gone = take(first.order, request("8", purpose="cancel"), world, policy)
    assert told(gone) == [("cancel", "NW-4471-R1", "swiftline")]
    again = take(gone.order, request("10", "RA2"), world, policy)
    assert told(again)[-1] == ("authorization", "RA2", "northwind")


def test_a_request_before_its_order_waits_and_again_does_nothing(policy: Policy, world: World) -> None:
    assert take(None, request("3"), world, policy).parked
    first = take(shipped(world, policy), request("3"), world, policy)
    assert not take(first.order, request("3"), world, policy).send


def test_what_came_back_is_in_stock_and_its_exact_share_is_credited(policy: Policy, world: World) -> None:
    order = take(shipped(world, policy), request("3"), world, policy).order
    decision = take(order, receipt("3"), world, policy, "swiftline")
    assert [(change.sku, change.node, change.on_hand) for change in decision.stock] == [("CS-1001", "dc-reno", 3)]
    [memo] = [sent.document for sent in decision.send if isinstance(sent.document, CreditMemo)]
    # 3 of 10: goods 12.00, tax 1.00 (of 3.33), allowance 0.30 (of 1.00); freight stays ours
    assert (memo.total, memo.lines[0].quantity.value) == (Decimal("12.70"), 3)
    assert memo.lines[0].taxes[0].amount == Decimal("1.00")
    assert memo.allowances[0].amount == Decimal("0.30")
    assert decision.order
    ledger = decision.order.lines[0].ledger
    assert (ledger.returned, ledger.credited) == (3, 3)
    cost, credit = decision.postings
    assert (cost.event, cost.lines[0].account, cost.lines[0].debit) == ("return", "1300", Decimal("21.30"))
    assert (credit.event, credit.amounts["total"]) == ("credit", Decimal("12.70"))
    assert decision.order.due == order_due(decision)


def order_due(decision: Decision) -> Decimal:
    assert decision.order
    return decision.order.invoiced - decision.order.credited


def test_all_that_comes_back_in_parts_is_credited_to_the_cent_of_its_invoice(policy: Policy, world: World) -> None:
    generous = returning(policy, credits_charges=True)
    state = shipped(world, policy)
    for count in range(1, 11):
        state = take(state, request("1", f"RA{count}"), world, generous).order or state
        under = receipt("1", f"W{count}", f"NW-4471-R{count}")
        state = take(state, under, world, generous, "swiftline").order or state
    assert state.credited == state.invoiced == Decimal("52.33")
    assert len(state.credits) == 10


def test_a_restocking_fee_is_kept_for_the_buyers_own_reasons(policy: Policy, world: World) -> None:
    keeping = returning(policy, restocking_percent=Decimal(15))
    for reason, total in (("unwanted", "10.90"), ("damaged", "12.70")):
        order = take(shipped(world, policy), request("3", reason=reason), world, keeping).order
        decision = take(order, receipt("3"), world, keeping, "swiftline")
        assert decision.order
        assert decision.order.credited == Decimal(total)


def test_a_fee_is_kept_of_the_part_of_a_line_that_came_back_for_the_buyers_own_reasons(
    policy: Policy, world: World
) -> None:
    places = [ship_to(address, name) for address, name in ((DALLAS, "Northwind 7"), (PORTLAND, "Northwind 9"))]
    five = Quantity(value=Decimal(5), unit="EA")
    going = tuple(Destination(party=place, quantity=five) for place in places)
    order = shipped(world, policy, purchase_order(line("1", "CS-1009", "10", price="4.00", destinations=going)))
    lines = tuple(
        ReturnLine(number=number, order_line="1", quantity=five, reason=reason)
        for number, reason in (("1", "damaged"), ("2", "unwanted"))
    )
    keeping = returning(policy, restocking_percent=Decimal(10))
    asked = request("10").changed(lines=lines)
    allowed = take(order, asked, world, keeping).order
    assert allowed
    decision = take(allowed, receipt("10", sku="CS-1009"), world, keeping, allowed.returns[0].receiver)
    assert decision.order
    assert (decision.order.credits, decision.order.credited) == (("NW-4471-C1",), Decimal("38.00"))


@pytest.mark.parametrize(
    ("line_says", "restocked", "account"),
    [
        ({}, 3, "1300"),
        ({"condition": "damaged"}, 0, "5100"),
        ({"condition": "on_hold"}, 0, "1350"),
        ({"exceptions": {"damaged": Quantity(value=Decimal(3)), "short": Quantity(value=Decimal(1))}}, 0, "5100"),
    ],
)
def test_the_condition_says_what_becomes_of_goods(
    policy: Policy, world: World, line_says: dict[str, Any], restocked: int, account: str
) -> None:
    order = take(shipped(world, policy), request("3"), world, policy).order
    decision = take(order, receipt("3", **line_says), world, policy, "swiftline")
    assert sum(change.on_hand for change in decision.stock) == restocked
    assert [entry.lines[0].account for entry in decision.postings if entry.event == "return"] == [account]
    assert decision.order
    assert decision.order.lines[0].ledger.credited == 3


def test_what_is_not_listed_is_kept_apart() -> None:
    assert Inspection().disposition("smells") == "quarantine"


@pytest.mark.parametrize(
    ("came", "code"),
    [(receipt("5"), "return-over-received"), (receipt("3", sku="CS-1005"), "return-unasked"),
     (receipt("3", sku="NOBODY"), "return-unasked")],
)  # fmt: skip
def test_goods_that_nobody_allowed_go_to_a_person_and_are_not_credited(
    policy: Policy, world: World, came: ReturnReceipt, code: str
) -> None:
    order = take(shipped(world, policy), request("3"), world, policy).order
    decision = take(order, came, world, policy, "swiftline")
    assert [trouble.code for trouble in decision.troubles] == [code]
    assert decision.order
    assert decision.order.lines[0].ledger.returned == (3 if code == "return-over-received" else 0)


def test_a_receipt_is_taken_once_and_from_the_nodes_operator_alone(policy: Policy, world: World) -> None:
    order = take(shipped(world, policy), request("3"), world, policy).order
    stranger = take(order, receipt("3"), world, policy, "cedar-wms")
    assert [trouble.code for trouble in stranger.troubles] == ["receipt-refused"]
    first = take(order, receipt("3"), world, policy, "swiftline")
    again = take(first.order, receipt("3"), world, policy, "swiftline")
    assert not again.send
    assert not again.stock


def test_a_receipt_before_its_return_is_parked(policy: Policy, world: World) -> None:
    assert take(shipped(world, policy), receipt("3"), world, policy, "swiftline").parked
    assert take(None, receipt("3"), world, policy, "swiftline").parked


def test_a_test_return_moves_no_stock_and_posts_nothing(policy: Policy, world: World) -> None:
    order = shipped(world, policy, ORDER.changed(usage="test"))
    order = take(order, request("3").changed(usage="test"), world, policy).order or order
    came = receipt("3", under="NW-4471-R1T").changed(usage="test")
    decision = take(order, came, world, policy, "swiftline")
    assert not decision.stock
    assert not decision.postings
    assert decision.order
    assert decision.order.lines[0].ledger.returned == 3


def test_the_shop_is_told_of_the_credit_that_it_pays_back(policy: Policy, world: World) -> None:
    order = take(shipped(world, policy, sender="trailhead"), request("3"), world, policy, "trailhead").order
    decision = take(order, receipt("3", under="TH-4471-R1"), world, policy, "swiftline")
    assert ("CreditMemo", "trailhead") in [(sent.document.kind, sent.to) for sent in decision.send]
    [_, credit] = decision.postings
    assert {one.account for one in credit.lines if one.credit} >= {"1150"}
