"""The stand-in warehouse's packing: what it says it shipped is what lies in its cartons."""

from datetime import date
from decimal import Decimal
from typing import get_args

import pytest

from canonical import Carrier, Freight, FulfilmentLine, FulfilmentOrder, Party, Quantity, ShipmentAdvice
from connectors.emulators.cartons import Conduct, advices

TODAY = date(2026, 11, 23)


def asked(*quantities: int, scac: str | None = None) -> FulfilmentOrder:
    lines = tuple(
        FulfilmentLine(
            number=str(number),
            order_line=str(number * 10),
            items={"sku": f"CS-{number}"},
            quantity=Quantity(value=Decimal(quantity)),
        )
        for number, quantity in enumerate(quantities, start=1)
    )
    return FulfilmentOrder(
        number="F-1",
        order_number="PO-1",
        node="reno",
        ordered_on=TODAY,
        parties=(Party(role="ship_to", name="Store 42"), Party(role="buyer", name="Northwind")),
        freight=Freight(carrier=Carrier(scac=scac)) if scac else None,
        lines=lines,
    )


def shipped(found: list[ShipmentAdvice]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for advice in found:
        for line in advice.lines:
            total[line.number] = total.get(line.number, Decimal(0)) + line.quantity.value
    return total


@pytest.mark.parametrize(
    ("conduct", "expected", "shipments"),
    [
        ("full", {"1": 30, "2": 1}, 1),
        ("short", {"1": 29, "2": 0}, 1),
        ("split", {"1": 30, "2": 1}, 2),
        ("never", {}, 0),
    ],
)
def test_each_conduct_ships_what_it_says(conduct: Conduct, expected: dict[str, int], shipments: int) -> None:
    found = advices(asked(30, 1), conduct, TODAY, "0850012")
    assert len(found) == shipments
    assert shipped(found) == expected


@pytest.mark.parametrize("conduct", get_args(Conduct))
def test_cartons_hold_exactly_what_the_lines_say(conduct: Conduct) -> None:
    for advice in advices(asked(30, 1, 12), conduct, TODAY, "0850012"):
        packed: dict[str | None, Decimal] = {}
        for carton in advice.packages:
            for inside in carton.lines:
                packed[inside.line_number] = packed.get(inside.line_number, Decimal(0)) + inside.quantity.value
        assert packed == {line.line_number: line.quantity.value for line in advice.lines if line.quantity.value}


def test_every_carton_has_its_own_label_with_a_right_check_digit() -> None:
    [advice] = advices(asked(40), "full", TODAY, "0850012")
    labels = [str(carton.sscc) for carton in advice.packages]
    assert len(set(labels)) == 4
    for label in labels:
        digits = list(map(int, reversed(label)))
        assert len(label) == 18
        assert (3 * sum(digits[1::2]) + sum(digits[0::2])) % 10 == 0
    assert advice.tracking_numbers == tuple(carton.tracking_number for carton in advice.packages)


def test_a_freight_carrier_gives_one_pro_number_and_no_tracking_on_cartons() -> None:
    [advice] = advices(asked(40, scac="ODFL"), "full", TODAY, "0850012")
    assert [carton.tracking_number for carton in advice.packages] == [None] * 4
    [pro] = advice.tracking_numbers
    assert pro in {reference.value for reference in advice.references}


def test_asked_again_it_tells_the_same_shipment() -> None:
    assert advices(asked(7), "full", TODAY, "0850012") == advices(asked(7), "full", TODAY, "0850012")


def test_a_cancelled_order_is_not_shipped() -> None:
    assert advices(asked(7).changed(purpose="cancel"), "full", TODAY, "0850012") == []
