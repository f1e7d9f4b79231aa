"""An invoice that waits for its own tax: nothing of it goes out, is posted or given back before."""

from decimal import Decimal
from typing import Any

import pytest

from canonical import Adjustment, Destination, FulfilmentOrder, Invoice, Quantity, TaxQuote, TaxRequest
from router.decide import decide
from router.decision import Decision, World
from router.order import Order
from router.payment_due import to_come
from router.policy import Policy
from router.taxes import Taxes
from router.workings import Workings
from tests.router.documents import DALLAS, advice, line, purchase_order, ship_to


@pytest.fixture
def waiting(policy: Policy) -> Policy:
    asking = {"ask": "taxman", "within": "PT30S", "silence": "proceed"}
    taxed = {"channels": ["northwind"], "provider": asking, "invoice": {"within": "PT10M", "silence": "wait"}}
    return policy.model_copy(update={"taxes": Taxes.model_validate({"taxed": [taxed]})})


def asked_of(decision: Decision) -> TaxRequest:
    return next(sent.document for sent in decision.send if isinstance(sent.document, TaxRequest))


def told(request: TaxRequest, rate: str, name: str = "State") -> TaxQuote:
    """A tax of `rate` on each line and the freight."""
    parts = {one.number: one.amount for one in request.lines} | {"freight": request.freight}
    taxes = {number: amount * Decimal(rate) for number, amount in parts.items() if amount}
    of = {"jurisdiction": "US-CA", "level": "state", "name": name, "rate": Decimal(rate) * 100}
    lines = [{"number": number, "amount": tax, "taxes": [{**of, "amount": tax}]} for number, tax in taxes.items()]
    return TaxQuote.model_validate({"question": request.number, "amount": sum(taxes.values()), "lines": lines})


def taken(order: Order | None, document: Any, world: World, policy: Policy, sender: str) -> Decision:
    decision = decide(order, document, world, policy, sender=sender)
    assert decision.order
    return decision


def shipped(world: World, policy: Policy, *parts: list[str]) -> list[Decision]:
    """An order of one line and freight, taxed at 5 % before release; its node then ships these parts of it."""
    freight = Adjustment(code="freight", amount=Decimal("6.00"))
    document = purchase_order(line("1", "CS-1001", "10", price="4.00"), charges=(freight,))
    first = taken(None, document, world, policy, "northwind")
    released = taken(first.order, told(asked_of(first), "0.05"), world, policy, "taxman")
    [asked] = [sent.document for sent in released.send if isinstance(sent.document, FulfilmentOrder)]
    made, order = [], released.order
    for place, part in enumerate(parts, start=1):
        said = advice(asked, part, number=f"SH{place}")
        left = said.changed(lines=tuple(one.model_copy(update={"status": "split"}) for one in said.lines))
        made.append(taken(order, left, world, policy, "swiftline"))
        order = made[-1].order
    return made


def test_nothing_goes_out_or_back_before_the_provider_has_spoken(waiting: Policy, world: World) -> None:
    [left] = shipped(world, waiting, ["10"])
    assert not [sent for sent in left.send if isinstance(sent.document, Invoice)]
    assert {entry.event for entry in left.postings} == {"shipment"}
    assert left.order
    assert to_come(Workings(left.order, world, waiting)) == Decimal("48.30")
    request = asked_of(left)
    assert (request.purpose, request.transaction, request.freight) == ("quote", "NW-4471-I1", Decimal("6.00"))
    issued = taken(left.order, told(request, "0.10"), world, waiting, "taxman")
    [invoice] = [sent.document for sent in issued.send if isinstance(sent.document, Invoice)]
    assert (invoice.total, [tax.amount for tax in invoice.lines[0].taxes], [tax.amount for tax in invoice.taxes]) == (
        Decimal("50.60"), [Decimal("4.00")], [Decimal("0.60")],
    )  # fmt: skip
    assert [(one.purpose, one.taxed) for one in [asked_of(issued)]] == [("commit", Decimal("4.60"))]
    assert issued.order
    assert (issued.order.drafts, issued.order.invoiced, issued.order.holds) == ((), Decimal("50.60"), ())


def test_invoices_wait_beside_each_other_and_each_charges_its_own(waiting: Policy, world: World) -> None:
    first, second = shipped(world, waiting, ["4"], ["6"])
    assert second.order
    assert [one.invoice.number for one in second.order.drafts] == ["NW-4471-I1", "NW-4471-I2"]
    later = taken(second.order, told(asked_of(second), "0.10", name="New tax"), world, waiting, "taxman")
    last = taken(later.order, told(asked_of(first), "0.05"), world, waiting, "taxman")
    invoices = [sent.document for one in (later, last) for sent in one.send if isinstance(sent.document, Invoice)]
    assert [(one.number, [tax.amount for tax in one.lines[0].taxes]) for one in invoices] == [
        ("NW-4471-I2", [Decimal("2.40")]),
        ("NW-4471-I1", [Decimal("0.80")]),
    ]
    assert last.order
    kept = last.order.adjustments_invoiced
    assert (kept["lines.0.taxes.0"], kept["lines.0.taxes.1"]) == (Decimal("0.80"), Decimal("2.40"))
    assert sum(kept.values()) - Decimal("6.00") == sum(one.total for one in invoices) - Decimal("46.00")


def test_each_invoice_is_taxed_where_its_goods_went(waiting: Policy, world: World) -> None:
    there = Destination(party=ship_to(DALLAS, "Store 9"), quantity=Quantity(value=Decimal(4)))
    here = Destination(party=ship_to(), quantity=Quantity(value=Decimal(6)))
    document = purchase_order(line("1", "CS-1001", "10", price="4.00", destinations=(here, there)))
    first = taken(None, document, world, waiting, "northwind")
    quoted = asked_of(first)
    assert [(quoted.ship_to.region, [one.ship_to and one.ship_to.region for one in quoted.lines])] == [
        ("CA", [None, "TX"])
    ]
    released = taken(first.order, told(quoted, "0.05"), world, waiting, "taxman")
    order, regions = released.order, []
    for place, sent in enumerate((s for s in released.send if isinstance(s.document, FulfilmentOrder)), start=1):
        left = taken(order, advice(sent.document, number=f"SH{place}"), world, waiting, sent.to)
        order = left.order
        regions.append(asked_of(left).ship_to.region)
    assert sorted(map(str, regions)) == ["CA", "TX"]
