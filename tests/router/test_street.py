"""One order from its arrival to the books."""

from datetime import date
from decimal import Decimal

from canonical import Address, Adjustment, AdviceLine, OrderLine, Party, Price, PurchaseOrder, Quantity, ShipmentAdvice
from router.decide import decide
from router.decision import World
from router.needs import needs
from router.policy import Policy


def order() -> PurchaseOrder:
    address = Address(city="Fontana", region="CA", postal_code="92335", country="US")
    return PurchaseOrder(
        number="4471",
        ordered_on=date(2026, 11, 16),
        currency="USD",
        parties=(Party(role="ship_to", name="Northwind 41", address=address),),
        lines=(
            OrderLine(
                number="1",
                items={"vendor": "CS-1001"},
                quantity=Quantity(value=Decimal(5), unit="CA"),
                price=Price(amount=Decimal("450.00"), currency="USD"),
            ),
            OrderLine(number="2", items={"upc": "850012010050"}, quantity=Quantity(value=Decimal(30))),
        ),
        charges=(Adjustment(code="D240", amount=Decimal("25.00")),),
    )


def test_an_order_is_split_acknowledged_shipped_invoiced_and_posted(policy: Policy, world: World) -> None:
    assert needs(None, order(), policy).skus == ("CS-1001", "CS-1005")
    first = decide(None, order(), world, policy, sender="northwind")
    assert first.order
    assert first.order.status == "backordered"
    [boards] = [line for line in first.order.lines if line.sku == "CS-1005"]
    assert (boards.ledger.released, boards.ledger.backordered) == (26, 4)
    assert [(sent.document.kind, sent.to) for sent in first.send] == [
        ("FulfilmentOrder", "cedar-wms"),
        ("FulfilmentOrder", "swiftline"),
        ("OrderAcknowledgment", "northwind"),
    ]
    state = first.order
    invoiced = Decimal(0)
    for sent in first.send[:2]:
        asked = sent.document
        assert asked.kind == "FulfilmentOrder"
        advice = ShipmentAdvice(
            number=f"S-{sent.to}",
            fulfilment_order=asked.number,
            shipped_on=date(2026, 11, 17),
            lines=tuple(
                AdviceLine(number=line.number, items=line.items, quantity=line.quantity) for line in asked.lines
            ),
        )
        shipped = decide(state, advice, world, policy, sender=sent.to)
        assert shipped.order
        state = shipped.order
        assert not shipped.troubles
        assert [entry.event for entry in shipped.postings] == ["shipment", "invoice"]
        [invoice] = [out.document for out in shipped.send if (out.document.kind, out.to) == ("Invoice", "northwind")]
        invoiced += invoice.total
        again = decide(state, advice, world, policy, sender=sent.to)
        assert not again.send
        assert not again.stock
    assert state.status == "partly_shipped"
    assert state.invoiced == invoiced
    assert [line.ledger.shipped for line in state.lines] == [120, 26]
