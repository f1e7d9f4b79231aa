"""Every value of every outgoing document has its reason, and a reason that names a source names the right value."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from canonical import (
    Adjustment,
    Destination,
    Document,
    FulfilmentOrder,
    Quantity,
    Reference,
    ReturnAuthorization,
    ReturnLine,
    ReturnReceipt,
    ReturnReceiptLine,
    Tax,
    Terms,
)
from router.decide import decide
from router.decision import Decision, Outgoing, World
from router.order import Order
from router.policy import Policy
from tests.router.documents import DALLAS, advice, line, purchase_order, ship_to

ORDER = purchase_order(
    line("1", "CS-1001", "5", "CA", "450.00", charges=(Adjustment(code="H000", amount=Decimal("9.99")),)),
    line("2", "CS-1005", "20", price="24.50", taxes=(Tax(code="ST", amount=Decimal("31.07")),)),
    line("3", "NOBODY", "1"),
    line(
        "4", "CS-1009", "10", price="24.95",
        destinations=(Destination(party=ship_to(DALLAS, "Northwind 103"), quantity=Quantity(value=Decimal(10))),),
    ),
    references=(Reference(kind="department", value="0310"),),
    terms=(Terms(net_days=30),),
    charges=(Adjustment(code="D240", amount=Decimal("25.00")),),
    allowances=(Adjustment(code="C310", percent=Decimal(2)),),
    extensions={"shop": {"id": "77"}},
)  # fmt: skip


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in items:
            yield from leaves(part, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def at(document: Document, path: str) -> Any:
    value: Any = document.as_json()
    for step in path.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def prove(sent: Outgoing, source: Document, order: Document) -> None:
    for path, value in leaves(sent.document.as_json()):
        reason = sent.reason(path)
        assert reason, f"{sent.document.kind} {path} has no reason"
        kind, _, place = reason.partition(":")
        if kind == "rule":
            assert place
        else:
            assert at(source if kind == "source" else order, place) == value, f"{path} is not {reason}"


def test_every_value_of_every_document_has_a_true_reason(policy: Policy, world: World) -> None:
    decision: Decision = decide(None, ORDER, world, policy, sender="northwind", explaining=True)
    for sent in decision.send:
        prove(sent, ORDER, ORDER)
    kinds = [sent.document.kind for sent in decision.send]
    for asked in [sent for sent in decision.send if isinstance(sent.document, FulfilmentOrder)]:
        assert isinstance(asked.document, FulfilmentOrder)
        shipped = advice(asked.document, number=f"S-{asked.document.number}")
        decision = decide(decision.order, shipped, world, policy, sender=asked.to, explaining=True)
        for sent in decision.send:
            prove(sent, shipped, ORDER)
        kinds += [sent.document.kind for sent in decision.send]
    assert set(kinds) == {"FulfilmentOrder", "OrderAcknowledgment", "ShipmentNotice", "Invoice", "JournalEntry"}
    assert kinds.count("FulfilmentOrder") == 3


def test_what_is_said_of_returns_and_credits_has_a_true_reason_too(policy: Policy, world: World) -> None:
    order, asked_back = shipped_whole(policy, world), ReturnAuthorization(
        number="RA1", order_number=ORDER.number, requested_on=date(2026, 11, 20),
        lines=(
            ReturnLine(number="1", order_line="1", quantity=Quantity(value=Decimal(7)), reason="damaged"),
            ReturnLine(number="2", order_line="2", quantity=Quantity(value=Decimal(30)), reason="unwanted"),
        ),
    )  # fmt: skip
    decision = decide(order, asked_back, world, policy, sender="northwind", explaining=True)
    assert {sent.to for sent in decision.send} >= {"northwind"}
    for sent in decision.send:
        prove(sent, asked_back, ORDER)
    assert decision.order
    [known] = decision.order.returns
    came = ReturnReceipt(
        number="W1", order_number=known.number, received_on=date(2026, 11, 25),
        lines=(ReturnReceiptLine(number="1", items={"sku": "CS-1001"}, quantity=Quantity(value=Decimal(7))),),
    )  # fmt: skip
    decision = decide(decision.order, came, world, policy, sender=known.receiver, explaining=True)
    for sent in decision.send:
        prove(sent, came, ORDER)
    assert {sent.document.kind for sent in decision.send} == {"JournalEntry", "CreditMemo"}


def shipped_whole(policy: Policy, world: World) -> Order | None:
    decision = decide(None, ORDER, world, policy, sender="northwind", explaining=True)
    order = decision.order
    for asked in [sent for sent in decision.send if isinstance(sent.document, FulfilmentOrder)]:
        assert isinstance(asked.document, FulfilmentOrder)
        shipped = advice(asked.document, number=f"S-{asked.document.number}")
        order = decide(order, shipped, world, policy, sender=asked.to, explaining=True).order
    return order
