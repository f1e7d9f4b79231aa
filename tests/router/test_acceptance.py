"""What becomes of an order's lines, and what its channel is told."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from canonical import Destination, OrderAcknowledgment, OrderLine, Price, PurchaseOrder, Quantity, canonical_json
from canonical.erasure import without_personal_data
from router.decide import decide
from router.decision import Decision, Explanation, World
from router.order import Order
from router.policy import Policy
from tests.router.documents import DALLAS, PORTLAND, line, purchase_order, ship_to


def answered(decision: Decision) -> OrderAcknowledgment:
    [answer] = [sent.document for sent in decision.send if isinstance(sent.document, OrderAcknowledgment)]
    return answer


def outcomes(decision: Decision) -> list[list[tuple[str, str]]]:
    lines = answered(decision).lines
    return [[(one.outcome, f"{one.quantity.value} {one.quantity.unit}") for one in line.outcomes] for line in lines]


def decided(document: PurchaseOrder, world: World, policy: Policy, sender: str = "northwind") -> Decision:
    return decide(None, document, world, policy, sender=sender)


def explained(document: PurchaseOrder, world: World, policy: Policy) -> Explanation:
    return decide(None, document, world, policy, sender="northwind", explaining=True).explanation


def to(party: Any, quantity: str) -> Destination:
    return Destination(party=party, quantity=Quantity(value=Decimal(quantity)))


@pytest.mark.parametrize(
    ("faulty", "code", "outcome"),
    [
        (line("1", "NO-SUCH", "2"), "item-unknown", "rejected_unknown_item"),
        (line("1", "CS-1001", "0"), "quantity-not-positive", "rejected"),
        (line("1", "CS-1001", "-3"), "quantity-not-positive", "rejected"),
        (line("1", "CS-1001", "2", "XQ"), "unit-unknown", "rejected_unknown_unit"),
        (line("1", "CS-1001", "1.5"), "quantity-not-whole", "rejected"),
        (line("1", "CS-1001", "2", price="-1"), "price-unknown", "rejected"),
        (line("1", "CS-1001", "9", destinations=(to(ship_to(), "8"),)), "destinations-differ", "rejected"),
    ],
)
def test_a_faulty_line_is_refused_alone(
    policy: Policy, world: World, faulty: OrderLine, code: str, outcome: str
) -> None:
    decision = decided(purchase_order(faulty, line("2", "CS-1001", "3")), world, policy)
    assert decision.order
    refused, sound = decision.order.lines
    assert (refused.fault_code, refused.ledger.released, sound.ledger.released) == (code, 0, 3)
    quantity = f"{faulty.quantity.value} {faulty.quantity.unit}"
    assert outcomes(decision) == [[(outcome, quantity)], [("accepted", "3 EA")]]
    assert answered(decision).decision == "accepted_with_changes"
    assert answered(decision).lines[0].outcomes[0].reason == refused.fault


def test_a_price_in_another_currency_or_unknown_unit_is_refused(policy: Policy, world: World) -> None:
    euros = line("1", "CS-1001", "2").model_copy(update={"price": Price(amount=Decimal(2), currency="EUR")})
    by_gross = Price(amount=Decimal(2), currency="USD", per=Quantity(value=Decimal(1), unit="GR"))
    gross = line("2", "CS-1001", "2").model_copy(update={"price": by_gross})
    decision = decided(purchase_order(euros, gross), world, policy)
    assert decision.order
    assert [state.fault_code for state in decision.order.lines] == ["price-currency", "price-unit-unknown"]
    assert answered(decision).decision == "rejected"
    assert decision.order.status == "cancelled"


def test_a_line_number_given_twice_is_refused_the_second_time(policy: Policy, world: World) -> None:
    decision = decided(purchase_order(line("1", "CS-1001", "2"), line("1", "CS-1002", "2")), world, policy)
    assert decision.order
    assert [(state.number, state.fault_code) for state in decision.order.lines] == [
        ("1", None),
        ("1~1", "line-number-twice"),
    ]


def test_cases_are_counted_in_eaches_and_answered_in_cases(policy: Policy, world: World) -> None:
    decision = decided(purchase_order(line("1", "CS-1001", "5", "CA")), world, policy)
    assert decision.order
    assert decision.order.lines[0].ledger.released == 120
    assert outcomes(decision) == [[("accepted", "5 CA")]]


def test_what_nobody_has_is_backordered_and_its_remedy_named(policy: Policy, world: World) -> None:
    decision = decided(purchase_order(line("1", "CS-1005", "30")), world, policy)
    assert outcomes(decision) == [[("partly_backordered", "26 EA"), ("backordered", "4 EA")]]
    [why] = explained(purchase_order(line("1", "CS-1005", "30")), world, policy).lines
    assert why.would_have_filled == "4 more of CS-1005 at dc-reno"
    assert why.unfilled == 4
    austin = next(candidate for candidate in why.candidates if candidate.node == "store-austin")
    assert austin.excluded == "does not serve CA"


def test_of_two_lines_for_one_item_only_the_one_that_lacks_is_told_to(policy: Policy, world: World) -> None:
    first, second = explained(
        purchase_order(line("1", "CS-1005", "20"), line("2", "CS-1005", "10")), world, policy
    ).lines
    assert (first.unfilled, first.would_have_filled) == (0, None)
    assert (second.unfilled, second.would_have_filled) == (4, "4 more of CS-1005 at dc-reno")


def test_terms_without_backorders_cancel_the_rest(policy: Policy, world: World) -> None:
    order = purchase_order(line("1", "CS-1005", "30"), parties=(ship_to(PORTLAND),))
    decision = decided(order, world, policy, "harbor-grocers")
    assert outcomes(decision) == [[("accepted_quantity_changed", "26 EA"), ("cancelled", "4 EA")]]


def test_ship_complete_waits_for_the_whole_order(policy: Policy, world: World) -> None:
    terms = policy.routing.otherwise.model_copy(update={"ship_complete": True})
    routing = policy.routing.model_copy(update={"otherwise": terms})
    order = purchase_order(line("1", "CS-1001", "3"), line("2", "CS-1005", "300"))
    whole = policy.model_copy(update={"routing": routing})
    decision = decided(order, world, whole, "somebody")
    assert outcomes(decision) == [[("backordered", "3 EA")], [("backordered", "300 EA")]]
    assert not decision.stock
    told = decide(None, order, world, whole, sender="somebody", explaining=True).explanation
    assert [(one.unfilled, one.would_have_filled) for one in told.lines] == [
        (3, "what other lines lack: the order ships whole by routing.otherwise.ship_complete"),
        (300, "274 more of CS-1005 at dc-reno"),
    ]


def test_destinations_get_their_own_fulfilment_orders(policy: Policy, world: World) -> None:
    dallas, maine = ship_to(DALLAS, "Northwind 103"), ship_to(PORTLAND, "Northwind 9")
    order = purchase_order(line("1", "CS-1009", "10", destinations=(to(dallas, "4"), to(maine, "6"))))
    decision = decided(order, world, policy)
    asked = [sent.document for sent in decision.send if sent.document.kind == "FulfilmentOrder"]
    assert [(one.parties[0].name, one.lines[0].quantity.value) for one in asked] == [  # type: ignore[attr-defined]
        ("Northwind 103", 4),
        ("Northwind 9", 6),
    ]
    assert outcomes(decision)[0][0][0] == "accepted"


def test_two_destinations_do_not_share_the_same_unit(policy: Policy, world: World) -> None:
    dallas, maine = ship_to(DALLAS, "Northwind 103"), ship_to(PORTLAND, "Northwind 9")
    order = purchase_order(line("1", "CS-1005", "50", destinations=(to(dallas, "25"), to(maine, "25"))))
    decision = decided(order, world, policy)
    assert sum(change.reserved for change in decision.stock) == 26
    assert decision.order
    assert [state.ledger.backordered for state in decision.order.lines] == [0, 24]


def test_an_order_without_an_address_is_held(policy: Policy, world: World) -> None:
    party = ship_to().model_copy(update={"address": None})
    decision = decided(purchase_order(line("1", "CS-1001", "3"), parties=(party,)), world, policy)
    assert decision.order
    assert decision.order.status == "held"
    assert outcomes(decision) == [[("held", "3 EA")]]
    assert [trouble.code for trouble in decision.troubles] == ["address-missing"]
    assert not decision.stock


def test_a_node_that_would_leave_after_the_cancel_date_is_left_out(policy: Policy, world: World) -> None:
    order = purchase_order(line("1", "CS-1001", "3"), dates={"cancel_after": date(2026, 11, 16)})
    late = world.model_copy(update={"now": world.now.replace(hour=23)})
    excluded = [candidate.excluded for candidate in explained(order, late, policy).lines[0].candidates]
    assert excluded[0] == "leaves on 2026-11-17, after the order's cancel date 2026-11-16"
    assert outcomes(decided(order, late, policy)) == [[("backordered", "3 EA")]]


def test_the_same_order_again_changes_nothing_and_another_goes_to_a_person(policy: Policy, world: World) -> None:
    document = purchase_order(line("1", "CS-1001", "3"))
    first = decided(document, world, policy)
    for purpose in ("original", "confirm", "duplicate", "reissue"):
        again = decide(first.order, document.changed(purpose=purpose), world, policy, sender="northwind")
        assert not again.send
        assert not again.stock
        assert not again.troubles
        assert again.order
        assert first.order
        assert again.order.lines == first.order.lines
    other = decide(first.order, purchase_order(line("1", "CS-1001", "4")), world, policy, sender="northwind")
    assert [trouble.code for trouble in other.troubles] == ["order-conflict"]
    assert not other.send


def test_an_order_that_comes_again_after_its_change_or_its_erasure_is_recognised(policy: Policy, world: World) -> None:
    document = purchase_order(line("1", "CS-1001", "3"))
    first = decided(document, world, policy).order
    assert first
    less = purchase_order(line("1", "CS-1001", "2"), purpose="replace")
    changed = decide(first, less, world, policy, sender="northwind").order
    erased = Order.model_validate_json(canonical_json(without_personal_data(first.model_dump(mode="json"))))
    assert changed
    assert erased.document != document
    for known in (changed, erased):
        assert not decide(known, document, world, policy, sender="northwind").troubles
        other = decide(known, less.changed(purpose="original"), world, policy, sender="northwind")
        assert [trouble.code for trouble in other.troubles] == ["order-conflict"]


def test_an_order_for_nothing_goes_to_a_person(policy: Policy, world: World) -> None:
    decision = decided(purchase_order(), world, policy)
    assert [trouble.code for trouble in decision.troubles] == ["order-empty"]
    assert [sent.document.kind for sent in decision.send] == ["OrderAcknowledgment"]


def test_a_test_order_walks_the_street_and_moves_nothing(policy: Policy, world: World) -> None:
    decision = decided(purchase_order(line("1", "CS-1001", "3"), usage="test"), world, policy)
    assert decision.order
    assert decision.order.id == "northwind/4471#test"
    assert decision.order.status == "released"
    assert {sent.document.usage for sent in decision.send} == {"test"}
    assert not decision.stock
    assert not decision.reservations


def test_two_orders_for_the_last_unit_are_decided_by_what_is_left(policy: Policy, world: World) -> None:
    rows = tuple(row._replace(on_hand=Decimal(row.node == "dc-reno"), safety=Decimal(0))
                 for row in world.stock if row.sku == "CS-1005")  # fmt: skip
    document = purchase_order(line("1", "CS-1005", "1"))
    first = decided(document, world.model_copy(update={"stock": rows}), policy)
    assert first.order
    assert first.order.status == "released"
    left = tuple(
        row._replace(reserved=row.reserved + change.reserved)
        for row in rows
        for change in first.stock
        if row.node == change.node
    )
    late, sold_out = document.changed(number="4472"), world.model_copy(update={"stock": left})
    assert outcomes(decided(late, sold_out, policy)) == [[("backordered", "1 EA")]]
    reno = explained(late, sold_out, policy).lines[0].candidates[0]
    assert reno.excluded == "all of its 1 are reserved (1) or safety stock (0)"
