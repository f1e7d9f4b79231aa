"""ERPs that keep orders: told of each once it is taken, of what becomes of it, and of what left, in own units."""

from collections import Counter
from decimal import Decimal

import pytest

from canonical import FulfilmentOrder, OrderChange, PurchaseOrder, ShipmentNotice
from router.decide import decide
from router.decision import Decision, World
from router.destination import Destination
from router.policy import Policy
from tests.router.documents import advice, line, purchase_order
from tests.router.test_reasons import prove

ORDER = purchase_order(line("1", "CS-1001", "2", "CA", "450.00"), line("2", "CS-1005", "20", price="24.50"))


@pytest.fixture(scope="module")
def keeping(policy: Policy) -> Policy:
    posting = policy.posting.model_copy(update={"destinations": (Destination(connection="erp", mode="documents"),)})
    nodes = tuple(node.model_copy(update={"takes_back": True}) for node in policy.network.nodes)
    network = policy.network.model_copy(update={"nodes": nodes})
    return policy.model_copy(update={"posting": posting, "network": network})


def told(decision: Decision) -> list[PurchaseOrder | OrderChange | ShipmentNotice]:
    kinds = PurchaseOrder | OrderChange | ShipmentNotice
    return [one.document for one in decision.send if one.to == "erp" and isinstance(one.document, kinds)]


def change(purpose: str = "change", *lines: tuple[str, str]) -> OrderChange:
    said = [
        {**line(number, "CS-1005", quantity, price="24.50").model_dump(), "change": "replace"}
        for number, quantity in lines
    ]
    about = {"number": "4471", "change_number": "C1", "purpose": purpose, "changed_on": "2026-11-16"}
    return OrderChange.model_validate({**about, "currency": "USD", "lines": said})


def test_an_order_is_told_of_once_it_is_taken_in_own_units_at_own_prices(keeping: Policy, world: World) -> None:
    decision = decide(None, ORDER, world, keeping, sender="northwind", explaining=True)
    [sale] = told(decision)
    assert isinstance(sale, PurchaseOrder)
    [mugs, _] = sale.lines
    assert (mugs.items["sku"], mugs.quantity.value, mugs.quantity.unit) == ("CS-1001", 48, "EA")
    assert mugs.price
    assert mugs.price.extend(Decimal(48)) == 900
    assert sale.extensions == {"crossdock": {"channel": "northwind", "order": "northwind/4471"}}
    again = decide(decision.order, ORDER, world, keeping, sender="northwind")
    assert told(again) == []
    [sent] = [one for one in decision.send if one.document is sale]
    prove(sent, ORDER, ORDER)


def test_nobody_is_told_of_an_order_of_which_nothing_was_taken_or_that_is_a_test(keeping: Policy, world: World) -> None:
    for nothing in (purchase_order(line("1", "NOBODY", "1")), ORDER.changed(usage="test")):
        assert told(decide(None, nothing, world, keeping, sender="northwind")) == []


def test_a_change_and_a_cancellation_reach_the_sale_each_once(keeping: Policy, world: World) -> None:
    first = decide(None, ORDER, world, keeping, sender="northwind")
    fewer = decide(first.order, change("change", ("2", "5")), world, keeping, sender="northwind")
    [changed] = told(fewer)
    assert isinstance(changed, OrderChange)
    assert [(one.number, one.quantity.value) for one in changed.lines] == [("1", 48), ("2", 5)]
    same = change("change", ("2", "5")).changed(change_number="C2")
    assert told(decide(fewer.order, same, world, keeping, sender="northwind")) == []
    off = change("cancel").changed(change_number="C3")
    [cancelled] = told(decide(fewer.order, off, world, keeping, sender="northwind"))
    assert (cancelled.kind, cancelled.model_dump()["purpose"]) == ("OrderChange", "cancel")
    assert cancelled.identity != changed.identity


def test_what_left_is_told_line_by_line_of_the_sale(keeping: Policy, world: World) -> None:
    first = decide(None, ORDER, world, keeping, sender="northwind")
    asked = [sent for sent in first.send if isinstance(sent.document, FulfilmentOrder)]
    left: Counter[tuple[str | None, str]] = Counter()
    order = first.order
    for one in asked:
        assert isinstance(one.document, FulfilmentOrder)
        said = advice(one.document, number=f"S-{one.document.number}")
        decision = decide(order, said, world, keeping, sender=one.to, explaining=True)
        order = decision.order
        [notice] = told(decision)
        assert isinstance(notice, ShipmentNotice)
        for part in notice.lines:
            left[part.line_number, part.items["sku"]] += int(part.quantity.value)
        [sent] = [one for one in decision.send if one.document is notice]
        prove(sent, said, ORDER)
    assert len(asked) > 1
    assert left == {("1", "CS-1001"): 48, ("2", "CS-1005"): 20}
