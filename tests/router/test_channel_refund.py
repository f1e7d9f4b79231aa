"""What a shop gives back by itself: what waits is called off, the books follow, and nothing is given back twice."""

from decimal import Decimal
from typing import Any

import pytest

from canonical import Adjustment, CreditMemo, InvoiceLine, Price, Quantity, Reference, Tax
from router.decide import decide
from router.decision import Decision, World
from router.order import Order
from router.policy import Policy
from tests.router.documents import line, purchase_order
from tests.router.test_returns import receipt, request, shipped, take

SHOP = "trailhead"
ORDER = purchase_order(
    line("1", "CS-1001", "10", price="4.00", taxes=(Tax(code="ST", amount=Decimal("3.30")),)),
    charges=(Adjustment(code="shipping", amount=Decimal("10.00")),),
)


def refund(quantity: str, total: str, number: str = "90", **more: Any) -> CreditMemo:
    """So many of the line at 4.00 and 0.33 tax each, and what else makes the total."""
    units = Decimal(quantity)
    given = InvoiceLine(
        number="1",
        order_line="1",
        quantity=Quantity(value=units),
        price=Price(amount=Decimal("4.00"), currency="USD"),
        taxes=(Tax(code="tax", amount=units * Decimal("0.33")),),
    )
    lines = (given,) if units else ()
    fields = {"number": number, "order_number": "4471", "invoiced_on": "2026-11-20", "currency": "USD", **more}
    return CreditMemo(**fields, lines=lines, total=Decimal(total))


def ledger(decision: Decision) -> dict[str, Decimal]:
    assert decision.order
    return {name: amount for name, amount in decision.order.lines[0].ledger.model_dump().items() if amount}


def posted(decision: Decision) -> dict[str, Decimal]:
    """Debits less credits, by account."""
    return {one.account: one.debit - one.credit for entry in decision.postings for one in entry.lines}


@pytest.fixture
def left(policy: Policy, world: World) -> Order:
    """The order, all of it shipped and invoiced."""
    return shipped(world, policy, ORDER, SHOP)


def test_what_a_shop_gave_back_is_booked_against_what_it_owes_us(policy: Policy, world: World, left: Order) -> None:
    decision = take(left, refund("2", "8.66"), world, policy, SHOP)
    assert decision.order
    assert (decision.order.credited, decision.order.due) == (Decimal("8.66"), left.due - Decimal("8.66"))
    assert posted(decision) == {"4060": Decimal("8.00"), "2200": Decimal("0.66"), "1150": Decimal("-8.66")}
    assert [sent.document.kind for sent in decision.send] == ["JournalEntry"]


def test_goods_that_it_gave_back_for_are_not_credited_again(policy: Policy, world: World, left: Order) -> None:
    order = take(left, refund("2", "8.66"), world, policy, SHOP).order
    order = take(order, request("3"), world, policy, SHOP).order
    came = take(order, receipt("3", under="TH-4471-R1"), world, policy, "swiftline")
    [memo] = [sent.document for sent in came.send if isinstance(sent.document, CreditMemo)]
    assert memo.total == Decimal("4.33")
    assert came.order
    assert (came.order.credited, came.order.given_back) == (Decimal("12.99"), {})


def test_our_own_credit_told_back_changes_nothing(policy: Policy, world: World, left: Order) -> None:
    order = take(left, request("2"), world, policy, SHOP).order
    order = take(order, receipt("2", under="TH-4471-R1"), world, policy, "swiftline").order
    assert order
    [number] = order.credits
    for echo in ({"reason": f"damaged ({number})"}, {"references": (Reference(kind="note", value=number),)}):
        decision = take(order, refund("2", "8.66", **echo), world, policy, SHOP)
        assert (decision.postings, decision.order and decision.order.credited) == ((), order.credited)


def test_goods_that_wait_are_called_off_and_no_revenue_is_taken_back(policy: Policy, world: World) -> None:
    none = world.model_copy(update={"stock": ()})
    waiting = decide(None, ORDER, none, policy, sender=SHOP).order
    decision = take(waiting, refund("4", "17.32"), none, policy, SHOP)
    told = ledger(decision)
    assert (told["cancelled"], told["backordered"]) == (4, 6)
    assert (decision.postings, decision.order and decision.order.credited) == ((), 0)


def test_freight_and_good_will_are_booked_as_what_they_are(policy: Policy, world: World, left: Order) -> None:
    freight = refund("0", "12.00", charges=(Adjustment(code="shipping", amount=Decimal("10.00")),))
    assert posted(take(left, freight, world, policy, SHOP)) == {
        "4100": Decimal("10.00"), "4150": Decimal("2.00"), "1150": Decimal("-12.00"),
    }  # fmt: skip


def test_never_more_is_booked_than_was_invoiced(policy: Policy, world: World, left: Order) -> None:
    order = take(left, refund("0", "50.00"), world, policy, SHOP).order
    last = take(order, refund("2", "8.66", number="91"), world, policy, SHOP)
    assert last.order
    assert last.order.credited == left.invoiced


def test_a_buyer_who_owes_us_gives_nothing_back_to_himself(policy: Policy, world: World) -> None:
    order = shipped(world, policy)
    decision = take(order, refund("2", "8.66"), world, policy)
    assert [trouble.code for trouble in decision.troubles] == ["credit-claimed"]
    assert decision.postings == ()


def test_a_credit_before_its_order_is_parked(policy: Policy, world: World) -> None:
    assert take(None, refund("2", "8.66"), world, policy, SHOP).parked
