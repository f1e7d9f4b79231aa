"""Payments of several orders are shared out, and each order takes its part once, with each fee that was kept."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from canonical import PurchaseOrder, Remittance, RemittanceAdjustment, RemittanceLine
from router.decide import decide
from router.decision import Decision, World
from router.effect import Claim, Nowhere, ToOrders
from router.flow.effects import effect_of
from router.order import Order
from router.own_work import Settlement
from router.policy import Policy
from router.remittance import settlements, unexplained
from tests.router.documents import line, purchase_order

ORDER: PurchaseOrder = purchase_order(line("1", "CS-1001", "2", price="50.00"))


def settled(*numbers: str, kind: str = "order", payer: str = "trailhead", **more: object) -> Remittance:
    kept = (("commission", "-12.00"), ("advertising", "-3.00"), ("commission", "1.50"))
    fees = tuple(RemittanceAdjustment(reason=reason, amount=Decimal(amount)) for reason, amount in kept)
    lines = [RemittanceLine(kind=kind, number=one, paid=Decimal("86.50"), adjustments=fees) for one in numbers]
    said = {"number": "P-1", "paid_on": "2026-11-20", "currency": "USD", "total": "86.50", "lines": lines}
    return Remittance.model_validate(said | more)


def part(document: Remittance, payer: str = "trailhead", lane: str | None = "trailhead/4471") -> Settlement:
    [one] = settlements(document, payer, "D1", [lane] * len(document.lines))
    return one


def taken(order: Order | None, document: Settlement, world: World, policy: Policy) -> Decision:
    return decide(order, document, world, policy, sender="crossdock")


def test_a_settlement_is_posted_once_each_fee_on_its_account(policy: Policy, world: World) -> None:
    order = decide(None, ORDER, world, policy, sender="trailhead").order
    decision = taken(order, part(settled("4471")), world, policy)
    [entry] = decision.postings
    assert [(one.account, one.debit - one.credit, one.dimensions.get("fee")) for one in entry.lines] == [
        ("1010", Decimal("86.50"), None),
        ("6100", Decimal("10.50"), "commission"),
        ("6110", Decimal("3.00"), "advertising"),
        ("1150", Decimal("-100.00"), None),
    ]
    assert decision.order is not None
    assert decision.order.settled == Decimal("100.00")
    assert taken(decision.order, part(settled("4471")), world, policy).postings == ()


def test_a_line_names_its_order_by_its_number_by_our_id_or_by_an_invoice(policy: Policy) -> None:
    lines = [
        {"kind": kind, "number": number, "paid": "1"}
        for kind, number in (("order", "4471"), ("purchase_order", "4472"), ("order_id", "web/7"), ("invoice", "I1"))
    ]
    assert effect_of(settled(lines=lines), "trailhead", policy) == ToOrders(
        (Claim("trailhead/4471"), Claim("trailhead/4472"), Claim("web/7"), Claim(invoice="I1"))
    )
    assert isinstance(effect_of(settled(), "trailhead", policy), Nowhere)


def test_a_settlement_before_its_order_waits_for_it(policy: Policy, world: World) -> None:
    assert taken(None, part(settled("4471")), world, policy).parked


def test_a_stranger_settles_nothing_of_an_order(policy: Policy, world: World) -> None:
    order = decide(None, ORDER, world, policy, sender="trailhead").order
    decision = taken(order, part(settled("4471"), "northwind"), world, policy)
    assert decision.postings == ()
    assert [one.code for one in decision.troubles] == ["settlement-refused"]


def test_a_settlement_in_another_currency_is_not_taken(policy: Policy, world: World) -> None:
    order = decide(None, ORDER, world, policy, sender="trailhead").order
    decision = taken(order, part(settled("4471", currency="EUR")), world, policy)
    assert decision.postings == ()


def test_what_is_of_no_order_is_booked_under_the_payments_own_number(policy: Policy, world: World) -> None:
    fees = [{"amount": "-39.99", "reason": "subscription"}, {"amount": "5.00", "reason": "reimbursement"}]
    [whole] = settlements(settled(adjustments=fees), "trailhead", "D1", [])
    decision = taken(None, whole, world, policy)
    [entry] = decision.postings
    assert entry.key == "remittances/trailhead/P-1/settlement/P-1"
    assert {one.dimensions.get("fee"): one.debit - one.credit for one in entry.lines} == {
        None: Decimal("-34.99"),
        "subscription": Decimal("39.99"),
        "reimbursement": Decimal("-5.00"),
    }
    test = settlements(settled(adjustments=fees, usage="test"), "trailhead", "D1", [])[0]
    assert taken(None, test, world, policy).postings == ()


AMOUNTS = st.decimals("-999", "999", places=2)
LINES = st.lists(st.tuples(st.sampled_from(["a", "b", "c", None]), AMOUNTS), max_size=12)


@given(LINES, st.lists(AMOUNTS, max_size=3))
def test_the_parts_make_the_whole_and_each_order_has_one(lines: list[tuple[str | None, Decimal]], kept: list[Decimal]):
    paid = [{"number": "x", "paid": amount} for _, amount in lines]
    adjustments = [{"amount": amount, "reason": "fee"} for amount in kept]
    total = sum((amount for lane, amount in lines if lane), Decimal(0)) + sum(kept, Decimal(0))
    document = settled(lines=paid, adjustments=adjustments, total=total)
    parts = settlements(document, "p", "D", [lane for lane, _ in lines])
    names = [one.order for one in parts]
    assert len(names) == len(set(names))
    assert [name for name in names if "/" not in name] == sorted({lane for lane, _ in lines if lane})
    told = [line.paid for one in parts for line in one.lines] + [
        one.amount for each in parts for one in each.adjustments
    ]
    assert sum(told, Decimal(0)) == total
    assert -unexplained(document) == sum((amount for lane, amount in lines if lane is None), Decimal(0))
