"""What follows when a node says what it shipped."""

from decimal import Decimal

import pytest

from canonical import Adjustment, FulfilmentOrder, Invoice, ShipmentNotice, Tax
from router.catalogue import check_digit
from router.decide import decide
from router.decision import Decision, World
from router.destination import Destination
from router.order import Order
from router.policy import Policy
from tests.router.documents import advice, line, purchase_order


def released(world: World, policy: Policy, *lines: str, sender: str = "northwind") -> tuple[Order, FulfilmentOrder]:
    document = purchase_order(*(line(str(i), sku, "10", price="4.00") for i, sku in enumerate(lines, 1)))
    decision = decide(None, document, world, policy, sender=sender)
    [asked] = [sent.document for sent in decision.send if isinstance(sent.document, FulfilmentOrder)]
    assert decision.order
    return decision.order, asked


def invoice_of(decision: Decision) -> Invoice:
    return next(sent.document for sent in decision.send if isinstance(sent.document, Invoice))


def notice_of(decision: Decision) -> ShipmentNotice:
    return next(sent.document for sent in decision.send if isinstance(sent.document, ShipmentNotice))


def test_a_shipment_lowers_stock_and_its_reservation(policy: Policy, world: World) -> None:
    order, asked = released(world, policy, "CS-1001")
    decision = decide(order, advice(asked), world, policy, sender="swiftline")
    [change] = decision.stock
    assert (change.node, change.on_hand, change.reserved) == ("dc-reno", -10, -10)
    assert [(r.node, r.quantity) for r in decision.reservations] == [("dc-reno", -10)]


def test_a_carton_without_an_sscc_gets_one_with_a_right_check_digit(policy: Policy, world: World) -> None:
    order, asked = released(world, policy, "CS-1001")
    [package] = notice_of(decide(order, advice(asked), world, policy, sender="swiftline")).packages
    assert package.sscc
    assert len(package.sscc) == 18
    assert package.sscc[1:8] == policy.company.gs1_prefix
    assert check_digit(package.sscc[:-1]) == package.sscc[-1]
    given = world.model_copy(update={"first_serial": 4711})
    [package] = notice_of(decide(order, advice(asked), given, policy, sender="swiftline")).packages
    assert package.sscc == "008500120000047111"[:17] + check_digit("00850012000004711")


def test_a_short_shipment_is_sourced_again_from_another_node(policy: Policy, world: World) -> None:
    order, asked = released(world, policy, "CS-1001")
    decision = decide(order, advice(asked, ["7"]), world, policy, sender="swiftline")
    assert decision.order
    ledger = decision.order.lines[0].ledger
    assert (ledger.shipped, ledger.released, ledger.backordered) == (7, 3, 0)
    [again] = [sent for sent in decision.send if isinstance(sent.document, FulfilmentOrder)]
    assert (again.to, again.document.identity) == ("cedar-wms", "NW-4471-F2/original")
    whole = decide(order, advice(asked, ["7"]), world, policy, sender="swiftline", explaining=True)
    reno = whole.explanation.lines[0].candidates[0]
    assert reno.excluded == "said that it cannot ship this item for this order"
    assert invoice_of(decision).lines[0].quantity.value == 7


def test_what_a_node_says_will_follow_stays_with_it(policy: Policy, world: World) -> None:
    order, asked = released(world, policy, "CS-1001")
    said = advice(asked, ["7"])
    said = said.changed(lines=tuple(one.model_copy(update={"status": "partly_backordered"}) for one in said.lines))
    decision = decide(order, said, world, policy, sender="swiftline")
    assert decision.order
    assert decision.order.lines[0].ledger.released == 3
    rest = decide(decision.order, advice(asked, ["3"], "SH2"), world, policy, sender="swiftline")
    assert rest.order
    assert rest.order.status == "shipped"


def test_what_ships_over_the_order_leaves_stock_and_is_not_billed(policy: Policy, world: World) -> None:
    order, asked = released(world, policy, "CS-1001")
    decision = decide(order, advice(asked, ["12"]), world, policy, sender="swiftline")
    assert decision.order
    ledger = decision.order.lines[0].ledger
    assert (ledger.over_shipped, ledger.shipped, ledger.invoiced) == (2, 12, 10)
    assert decision.stock[0].on_hand == -12
    assert invoice_of(decision).total == 40
    assert notice_of(decision).packages[0].lines[0].quantity.value == 12
    [shipment, _] = decision.postings
    assert shipment.lines[0].debit == Decimal("85.20")


def test_charges_taxes_and_allowances_are_shared_to_the_cent(policy: Policy, world: World) -> None:
    document = purchase_order(
        line("1", "CS-1001", "3", price="10.00"),
        charges=(Adjustment(code="D240", amount=Decimal("10.00")),),
        allowances=(Adjustment(code="C310", amount=Decimal("1.00")),),
        taxes=(Tax(code="ST", amount=Decimal("2.50")),),
    )
    first = decide(None, document, world, policy, sender="northwind")
    [asked] = [sent.document for sent in first.send if isinstance(sent.document, FulfilmentOrder)]
    order, totals = first.order, []
    for count in range(3):
        said = advice(asked, ["1"], f"SH{count}")
        said = said.changed(lines=tuple(one.model_copy(update={"status": "split"}) for one in said.lines))
        decision = decide(order, said, world, policy, sender="swiftline")
        order = decision.order
        totals.append(invoice_of(decision).total)
    assert totals == [Decimal("13.83"), Decimal("13.84"), Decimal("13.83")]
    assert sum(totals) == Decimal("41.50")


def test_the_posting_follows_who_takes_the_money(policy: Policy, world: World) -> None:
    for sender, account in (("northwind", "1100"), ("trailhead", "1150")):
        order, asked = released(world, policy, "CS-1001", sender=sender)
        decision = decide(order, advice(asked), world, policy, sender="swiftline")
        _, invoice = decision.postings
        assert {one.dimensions["jurisdiction"] for one in invoice.lines} == {"US-CA"}
        assert (invoice.lines[0].account, invoice.lines[0].debit) == (account, 40)
        sent = [(out.document.kind, out.to) for out in decision.send]
        assert sent == [
            ("ShipmentNotice", sender), ("JournalEntry", "books"), ("Invoice", sender), ("JournalEntry", "books"),
        ]  # fmt: skip


def test_an_erp_that_books_from_documents_gets_them_and_no_entries_of_the_same(policy: Policy, world: World) -> None:
    books = Destination(connection="books", mode="documents", events={"shipment": "none"})
    posting = policy.posting.model_copy(update={"destinations": (books,)})
    order, asked = released(world, policy, "CS-1001", sender="northwind")
    decision = decide(order, advice(asked), world, policy.model_copy(update={"posting": posting}), sender="swiftline")
    assert [out.document.kind for out in decision.send if out.to == "books"] == ["Invoice"]
    assert [entry.event for entry in decision.postings] == ["shipment", "invoice"]


def test_an_advice_is_taken_from_the_nodes_operator_alone(policy: Policy, world: World) -> None:
    order, asked = released(world, policy, "CS-1001")
    decision = decide(order, advice(asked), world, policy, sender="cedar-wms")
    assert [trouble.code for trouble in decision.troubles] == ["advice-refused"]
    assert decision.order
    assert decision.order.lines == order.lines
    assert not decision.send


def test_a_test_advice_does_not_ship_a_real_order(policy: Policy, world: World) -> None:
    order, asked = released(world, policy, "CS-1001")
    decision = decide(order, advice(asked, usage="test"), world, policy, sender="swiftline")
    assert [trouble.code for trouble in decision.troubles] == ["advice-refused"]
    assert not decision.stock


@pytest.mark.parametrize("known", [True, False])
def test_an_advice_before_its_fulfilment_order_is_parked(policy: Policy, world: World, known: bool) -> None:
    order, asked = released(world, policy, "CS-1001")
    early = advice(asked).changed(fulfilment_order="NW-4471-F9")
    assert decide(order if known else None, early, world, policy, sender="swiftline").parked


def test_something_nobody_asked_for_goes_to_a_person(policy: Policy, world: World) -> None:
    order, asked = released(world, policy, "CS-1001")
    said = advice(asked)
    strange = said.lines[0].model_copy(update={"items": {"sku": "CS-1002"}, "number": "9"})
    decision = decide(order, said.changed(lines=(*said.lines, strange)), world, policy, sender="swiftline")
    assert [trouble.code for trouble in decision.troubles] == ["shipped-unasked"]
    assert {change.sku for change in decision.stock} == {"CS-1001"}


def test_the_channels_own_ids_return_with_the_notice(policy: Policy, world: World) -> None:
    document = purchase_order(
        line("1", "CS-1001", "2", extensions={"shop": {"line_item": "9"}}), extensions={"shop": {"order": "7"}}
    )
    first = decide(None, document, world, policy, sender="trailhead")
    [asked] = [sent.document for sent in first.send if isinstance(sent.document, FulfilmentOrder)]
    notice = notice_of(decide(first.order, advice(asked), world, policy, sender="swiftline"))
    assert notice.order_extensions == {"4471": {"shop": {"order": "7"}, "lines": {"1": {"shop": {"line_item": "9"}}}}}
