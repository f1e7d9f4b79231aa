"""Documents the router's tests are made of."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from canonical import (
    Address,
    AdviceLine,
    FulfilmentOrder,
    OrderLine,
    Package,
    PackageLine,
    Party,
    Price,
    PurchaseOrder,
    Quantity,
    ShipmentAdvice,
)

FONTANA = Address(lines=("1500 Distribution Way",), city="Fontana", region="CA", postal_code="92335", country="US")
DALLAS = Address(lines=("310 Commerce Street",), city="Dallas", region="TX", postal_code="75202", country="US")
PORTLAND = Address(lines=("88 Harbor Road",), city="Portland", region="ME", postal_code="04101", country="US")


def ship_to(address: Address = FONTANA, name: str = "Northwind 41") -> Party:
    return Party(role="ship_to", name=name, identifiers={"buyer_assigned": "0041"}, address=address)


def line(number: str, sku: str, quantity: str, unit: str = "EA", price: str | None = None, **more: Any) -> OrderLine:
    return OrderLine(
        number=number,
        items={"vendor": sku, "buyer": f"B{number}"},
        description=f"as the buyer calls {sku}",
        quantity=Quantity(value=Decimal(quantity), unit=unit),
        price=Price(amount=Decimal(price), currency="USD") if price else None,
        **more,
    )


def purchase_order(*lines: OrderLine, **fields: Any) -> PurchaseOrder:
    standard: dict[str, Any] = {
        "number": "4471",
        "ordered_on": date(2026, 11, 16),
        "currency": "USD",
        "parties": (ship_to(),),
    }
    return PurchaseOrder(**(standard | fields), lines=lines)


def advice(
    asked: FulfilmentOrder, shipped: Sequence[str] | None = None, number: str = "SH1", **fields: Any
) -> ShipmentAdvice:
    """What a node says of a fulfilment order: all of it, or `shipped` of each line, in one carton."""
    quantities = [Decimal(text) for text in shipped] if shipped else [line.quantity.value for line in asked.lines]
    lines = tuple(
        AdviceLine(number=wanted.number, items=wanted.items, quantity=Quantity(value=value))
        for wanted, value in zip(asked.lines, quantities, strict=True)
    )
    packed = tuple(PackageLine(items=one.items, quantity=one.quantity) for one in lines if one.quantity.value)
    standard: dict[str, Any] = {
        "shipped_on": date(2026, 11, 17),
        "usage": asked.usage,
        "packages": (Package(id="1", tracking_number="1Z999AA10123456784", lines=packed),),
        "tracking_numbers": ("1Z999AA10123456784",),
        "lines": lines,
    }
    return ShipmentAdvice(number=number, fulfilment_order=asked.number, **(standard | fields))
