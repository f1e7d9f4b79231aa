"""Changes and cancellations: what can be done is done, and each line is told what could not."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from canonical import (
    ChangedLine,
    Document,
    FulfilmentOrder,
    OrderAcknowledgment,
    OrderChange,
    Price,
    PurchaseOrder,
    Quantity,
)
from router.decide import decide
from router.decision import Decision, World
from router.order import Order
from router.policy import Policy
from tests.router.documents import PORTLAND, advice, line, purchase_order, ship_to

EAST = (ship_to(PORTLAND),)
"""Served by Columbus, which takes fulfilment orders back; Fontana is served by Reno, which does not."""


def placed(world: World, policy: Policy, document: PurchaseOrder) -> tuple[Order, FulfilmentOrder]:
    decision = decide(None, document, world, policy, sender="northwind")
    asked = [sent.document for sent in decision.send if isinstance(sent.document, FulfilmentOrder)]
    assert decision.order
    return decision.order, asked[0]


def asked_for(number: str, kind: str, quantity: str, **more: Any) -> ChangedLine:
    fields = {"number": number, "change": kind, "quantity": Quantity(value=Decimal(quantity)), **more}
    return ChangedLine.model_validate(fields)


def change_of(*lines: ChangedLine, **fields: Any) -> OrderChange:
    standard: dict[str, Any] = {"number": "4471", "change_number": "1", "changed_on": date(2026, 11, 16)}
    return OrderChange(**(standard | fields), currency="USD", lines=lines)


def after(order: Order | None, document: Document, world: World, policy: Policy) -> Decision:
    return decide(order, document, world, policy, sender="northwind")


def answers(decision: Decision) -> tuple[str, list[list[tuple[str, Decimal]]]]:
    [answer] = [sent.document for sent in decision.send if isinstance(sent.document, OrderAcknowledgment)]
    return answer.decision, [[(one.outcome, one.quantity.value) for one in line.outcomes] for line in answer.lines]


def asked(decision: Decision) -> list[tuple[str, list[Decimal]]]:
    orders = [sent.document for sent in decision.send if isinstance(sent.document, FulfilmentOrder)]
    return [(one.identity, [line.quantity.value for line in one.lines]) for one in orders]


def test_a_decrease_recalls_where_the_node_takes_orders_back(policy: Policy, world: World) -> None:
    order, _ = placed(world, policy, purchase_order(line("1", "CS-1001", "10"), parties=EAST))
    decision = after(order, change_of(asked_for("1", "quantity_decrease", "6")), world, policy)
    assert asked(decision) == [("NW-4471-F1/cancel", [10]), ("NW-4471-F2/original", [6])]
    assert answers(decision) == ("accepted", [[("accepted", 6)]])
    assert decision.order
    assert (decision.order.lines[0].ledger.cancelled, decision.order.lines[0].ledger.released) == (4, 6)
    assert sum(change.reserved for change in decision.stock) == -4
    assert decision.order.document.lines[0].quantity.value == 6


def test_what_a_node_will_not_give_back_is_answered(policy: Policy, world: World) -> None:
    order, _ = placed(world, policy, purchase_order(line("1", "CS-1005", "30")))
    decision = after(order, change_of(asked_for("1", "quantity_decrease", "10")), world, policy)
    assert decision.order
    ledger = decision.order.lines[0].ledger
    assert (ledger.released, ledger.cancelled, ledger.backordered) == (12, 18, 0)
    verdict, [outcomes] = answers(decision)
    assert verdict == "accepted_with_changes"
    assert outcomes == [("accepted", 12), ("rejected", 2)]


def test_an_increase_is_sourced_like_an_order(policy: Policy, world: World) -> None:
    order, _ = placed(world, policy, purchase_order(line("1", "CS-1001", "10")))
    decision = after(order, change_of(asked_for("1", "quantity_increase", "15")), world, policy)
    assert asked(decision) == [("NW-4471-F2/original", [5])]
    assert answers(decision) == ("accepted", [[("accepted", 15)]])
    assert sum(change.reserved for change in decision.stock) == 5


def test_a_cancelled_order_gives_back_what_has_not_left(policy: Policy, world: World) -> None:
    order, first = placed(world, policy, purchase_order(line("1", "CS-1001", "10"), parties=EAST))
    said = advice(first, ["4"])
    said = said.changed(lines=tuple(one.model_copy(update={"status": "split"}) for one in said.lines))
    shipped = decide(order, said, world, policy, sender="cedar-wms")
    for document in (purchase_order(line("1", "CS-1001", "10"), purpose="cancel"), change_of(purpose="cancel")):
        decision = after(shipped.order, document, world, policy)
        assert asked(decision) == [("NW-4471-F1/cancel", [6])]
        assert answers(decision) == ("accepted_with_changes", [[("accepted", 4), ("rejected", 4)]])
        assert decision.order
        assert decision.order.status == "shipped"
    untouched = after(order, change_of(purpose="cancel"), world, policy)
    assert answers(untouched) == ("accepted", [[("cancelled", 10)]])
    assert untouched.order
    assert untouched.order.status == "cancelled"


def test_a_new_price_holds_for_what_is_not_invoiced(policy: Policy, world: World) -> None:
    order, first = placed(world, policy, purchase_order(line("1", "CS-1001", "10", price="4.00")))
    price = Price(amount=Decimal("3.50"), currency="USD")
    decision = after(order, change_of(asked_for("1", "price", "10", price=price)), world, policy)
    shipped = decide(decision.order, advice(first), world, policy, sender="swiftline")
    assert shipped.order
    assert shipped.order.invoiced == 35


def test_lines_are_added_and_unknown_ones_refused(policy: Policy, world: World) -> None:
    order, _ = placed(world, policy, purchase_order(line("1", "CS-1001", "10")))
    lines = (
        asked_for("2", "add", "3", items={"sku": "CS-1003"}),
        asked_for("1", "add", "3", items={"sku": "CS-1003"}),
        asked_for("7", "delete", "3"),
        asked_for("3", "add", "3", items={"sku": "NOBODY"}),
    )
    decision = after(order, change_of(*lines), world, policy)
    verdict, outcomes = answers(decision)
    assert verdict == "accepted_with_changes"
    assert outcomes == [
        [("accepted", 3)], [("accepted", 10), ("rejected", 3)], [("rejected", 3)], [("rejected", 3)],
    ]  # fmt: skip
    assert decision.order
    assert [one.number for one in decision.order.document.lines] == ["1", "2"]


def test_another_item_or_date_on_a_line_is_refused(policy: Policy, world: World) -> None:
    order, _ = placed(world, policy, purchase_order(line("1", "CS-1001", "10")))
    lines = (asked_for("1", "replace", "10", items={"sku": "CS-1002"}), asked_for("1", "date", "10"))
    decision = after(order, change_of(*lines), world, policy)
    assert answers(decision)[0] == "rejected"
    assert decision.order
    assert decision.order.lines == order.lines


def test_new_dates_are_sourced_anew_where_goods_can_be_taken_back(policy: Policy, world: World) -> None:
    order, _ = placed(world, policy, purchase_order(line("1", "CS-1001", "10"), parties=EAST))
    decision = after(order, change_of(dates={"ship_not_before": date(2026, 11, 30)}), world, policy)
    assert asked(decision) == [("NW-4471-F1/cancel", [10]), ("NW-4471-F2/original", [10])]
    again = [sent.document for sent in decision.send if isinstance(sent.document, FulfilmentOrder)][1]
    assert again.dates["requested_ship"] == date(2026, 11, 30)


def test_a_replacement_adds_changes_and_deletes(policy: Policy, world: World) -> None:
    document = purchase_order(line("1", "CS-1001", "10"), line("2", "CS-1003", "5"), parties=EAST)
    order, _ = placed(world, policy, document)
    new = purchase_order(line("1", "CS-1001", "8"), line("3", "CS-1009", "2"), parties=EAST, purpose="replace")
    decision = after(order, new, world, policy)
    assert answers(decision) == ("accepted", [[("accepted", 8)], [("accepted", 2)], [("cancelled", 5)]])
    assert decision.order
    assert [state.ledger.released for state in decision.order.lines] == [8, 0, 2]


@pytest.mark.parametrize("purpose", ["change", "cancel"])
def test_a_change_is_parked_before_its_order_and_recognised_after(policy: Policy, world: World, purpose: str) -> None:
    document = change_of(asked_for("1", "quantity_decrease", "6"), purpose=purpose)
    assert after(None, document, world, policy).parked
    order, _ = placed(world, policy, purchase_order(line("1", "CS-1001", "10"), parties=EAST))
    first = after(order, document, world, policy)
    again = after(first.order, document, world, policy)
    assert not again.send
    assert not again.stock


def test_goods_that_leave_after_a_recall_go_to_a_person(policy: Policy, world: World) -> None:
    order, first = placed(world, policy, purchase_order(line("1", "CS-1001", "10"), parties=EAST))
    cancelled = after(order, change_of(purpose="cancel"), world, policy)
    decision = decide(cancelled.order, advice(first), world, policy, sender="cedar-wms")
    assert [trouble.code for trouble in decision.troubles] == ["shipped-after-recall"]
    assert decision.stock[0].on_hand == -10
    assert not [sent for sent in decision.send if sent.document.kind == "Invoice"]
