"""A marketplace settles an order: what came, and each fee it kept, posted once."""

from decimal import Decimal

from canonical import PurchaseOrder, Remittance, RemittanceAdjustment, RemittanceLine
from router.decide import decide
from router.decision import Decision, World
from router.flow.effects import effect_of
from router.order import Order
from router.policy import Policy
from router.ports import Nowhere, ToLane
from tests.router.documents import line, purchase_order

ORDER: PurchaseOrder = purchase_order(line("1", "CS-1001", "2", price="50.00"))


def settled(*numbers: str, **more: object) -> Remittance:
    kept = (("commission", "-12.00"), ("advertising", "-3.00"), ("commission", "1.50"))
    fees = tuple(RemittanceAdjustment(reason=reason, amount=Decimal(amount)) for reason, amount in kept)
    lines = [RemittanceLine(kind="order", number=one, paid=Decimal("86.50"), adjustments=fees) for one in numbers]
    said = {"number": "P-1", "paid_on": "2026-11-20", "currency": "USD", "total": "86.50", "lines": lines}
    return Remittance.model_validate(said | more)


def taken(order: Order | None, document: Remittance, world: World, policy: Policy) -> Decision:
    return decide(order, document, world, policy, sender="northwind")


def test_a_settlement_is_posted_once_each_fee_on_its_account(policy: Policy, world: World) -> None:
    order = decide(None, ORDER, world, policy, sender="northwind").order
    decision = taken(order, settled("4471"), world, policy)
    [entry] = decision.postings
    assert [(one.account, one.debit - one.credit, one.dimensions.get("fee")) for one in entry.lines] == [
        ("1010", Decimal("86.50"), None),
        ("6100", Decimal("10.50"), "commission"),
        ("6110", Decimal("3.00"), "advertising"),
        ("1150", Decimal("-100.00"), None),
    ]
    assert taken(decision.order, settled("4471"), world, policy).postings == ()


def test_a_settlement_goes_to_its_order_and_what_pays_several_to_a_person(policy: Policy) -> None:
    one = effect_of(settled("4471"), "northwind", policy)
    assert one == ToLane("northwind/4471")
    assert isinstance(effect_of(settled("4471", "4472"), "northwind", policy), Nowhere)
    invoice = [RemittanceLine(number="I1", paid=Decimal(1))]
    assert isinstance(effect_of(settled(lines=invoice), "northwind", policy), Nowhere)


def test_a_settlement_before_its_order_waits_for_it(policy: Policy, world: World) -> None:
    assert taken(None, settled("4471"), world, policy).parked
