"""What a warehouse does with a fulfilment order: it packs cartons, labels them and hands them to a carrier. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Literal, TypeAlias

from canonical import (
    AdviceLine,
    Carrier,
    FulfilmentLine,
    FulfilmentOrder,
    Package,
    PackageLine,
    Quantity,
    Reference,
    ShipmentAdvice,
)

Conduct: TypeAlias = Literal["full", "short", "split", "never"]
"""Ship everything, one less of each line, everything in two shipments, or nothing and no word of it."""

CARTON_HOLDS = Decimal(12)
EACH_WEIGHS = Decimal("1.35")
"""Pounds."""
FREIGHT_CARRIERS = frozenset({"ODFL", "SAIA", "RDWY", "XPOL", "ABFS", "CNWY", "FXFE"})
"""Less-than-truckload carriers by SCAC: one pro number a shipment instead of a tracking number a carton."""


def advices(order: FulfilmentOrder, conduct: Conduct, shipped_on: date, prefix: str) -> list[ShipmentAdvice]:
    """What is shipped of an order; `prefix` is the GS1 company prefix the cartons' SSCCs are made from.

    The same order always gives the same numbers, as a warehouse asked again would look its shipment up.
    """
    if conduct == "never" or order.purpose == "cancel":
        return []
    shares = [part for part in _shares(order.lines, conduct) if part]
    return [_advice(order, part, number, shipped_on, prefix) for number, part in enumerate(shares, start=1)]


Share: TypeAlias = Sequence[tuple[FulfilmentLine, Decimal]]
"""Lines with how much of each leaves in one shipment."""


def _shares(lines: Sequence[FulfilmentLine], conduct: Conduct) -> list[Share]:
    if conduct == "short":
        return [[(line, max(line.quantity.value - 1, Decimal(0))) for line in lines]]
    if conduct == "split":
        halves = [(line, (line.quantity.value + 1) // 2) for line in lines]
        rest = [(line, line.quantity.value - half) for line, half in halves]
        return [halves, [(line, quantity) for line, quantity in rest if quantity]]
    return [[(line, line.quantity.value) for line in lines]]


def _advice(order: FulfilmentOrder, part: Share, number: int, shipped_on: date, prefix: str) -> ShipmentAdvice:
    shipment = f"{order.number}-{number}"
    asked = order.freight.carrier if order.freight else None
    scac = (asked.scac if asked else None) or "FDEG"
    freight = scac in FREIGHT_CARRIERS
    cartons = list(_cartons(part, shipment, prefix, tracked=not freight))
    weight = sum((carton.weight.value for carton in cartons if carton.weight), Decimal(0))
    tracking = tuple(carton.tracking_number for carton in cartons if carton.tracking_number)
    pro = digits_of(f"{shipment}/pro", 9)
    references = [Reference(kind="bill_of_lading", value=digits_of(f"{shipment}/bol", 10))]
    if freight:
        references.append(Reference(kind="carrier_reference", value=pro))
    return ShipmentAdvice(
        usage=order.usage,
        number=shipment,
        fulfilment_order=order.number,
        order_number=order.order_number,
        shipped_on=shipped_on,
        carrier=Carrier(scac=scac, service=asked.service if asked else None, mode=asked.mode if asked else None),
        tracking_numbers=(pro,) if freight else tracking,
        parties=tuple(party for party in order.parties if party.role in ("ship_to", "ship_from")),
        references=tuple(references),
        weight=Quantity(value=weight, unit="LB"),
        packages=tuple(cartons),
        lines=tuple(_line(line, quantity) for line, quantity in part),
    )


def _line(line: FulfilmentLine, quantity: Decimal) -> AdviceLine:
    short = quantity < line.quantity.value
    return AdviceLine(
        number=line.number,
        line_number=line.order_line,
        items=line.items,
        description=line.description,
        quantity=Quantity(value=quantity, unit=line.quantity.unit),
        ordered=line.quantity,
        status="partial" if short else "complete",
        lots=line.lots,
    )


def _cartons(part: Share, shipment: str, prefix: str, *, tracked: bool) -> Iterator[Package]:
    number = 0
    for line, quantity in part:
        left = quantity
        while left > 0:
            number += 1
            inside = min(left, CARTON_HOLDS)
            left -= inside
            yield Package(
                id=f"C{number:03}",
                sscc=sscc(prefix, f"{shipment}/{number}"),
                tracking_number=tracking_number(f"{shipment}/{number}") if tracked else None,
                weight=Quantity(value=inside * EACH_WEIGHS, unit="LB"),
                lines=(
                    PackageLine(
                        line_number=line.order_line,
                        items=line.items,
                        description=line.description,
                        quantity=Quantity(value=inside, unit=line.quantity.unit),
                    ),
                ),
            )


def digits_of(text: str, count: int) -> str:
    """So many digits that are always the same for a text."""
    return str(int(sha256(text.encode()).hexdigest(), 16))[-count:].rjust(count, "0")


def sscc(prefix: str, text: str) -> str:
    """An SSCC-18: extension digit 0, company prefix, serial reference, check digit (GS1 General Specifications 7.9)."""
    body = f"0{prefix}{digits_of(text, 16 - len(prefix))}"
    odd = sum(map(int, body[0::2]))
    even = sum(map(int, body[1::2]))
    return f"{body}{-(3 * odd + even) % 10}"


def tracking_number(text: str) -> str:
    """A parcel carrier's number of the common form: twelve digits, the last a check digit by weights 3 1 7."""
    body = digits_of(text, 11)
    check = sum(int(digit) * weight for digit, weight in zip(body, (3, 1, 7) * 4, strict=False)) % 11 % 10
    return f"{body}{check}"
