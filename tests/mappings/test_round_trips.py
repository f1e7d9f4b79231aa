"""Whatever a document says comes back from its native form, or a finding says what did not."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonical import (
    Address,
    Destination,
    OrderLine,
    Package,
    PackageLine,
    Party,
    Price,
    PurchaseOrder,
    Quantity,
    ShipmentNotice,
)
from mappings.library import MapLibrary

texts = st.text("ABCabc019 -/&'", min_size=1, max_size=20).map(str.strip).filter(bool)
dates = st.integers(0, 20_000).map(lambda days: date(1990, 1, 1) + timedelta(days=days))
amounts = st.decimals(0, 99_999, places=4).map(lambda value: Decimal(format(value.normalize(), "f")))
counts = st.integers(1, 9_999).map(Decimal)
quantities = st.builds(Quantity, value=counts, unit=st.sampled_from(["EA", "CA", "LB"]))
items = st.dictionaries(st.sampled_from(["sku", "upc", "buyer", "gtin", "ean"]), texts, max_size=4)
parties = st.builds(
    Party,
    role=st.sampled_from(["buyer", "ship_to", "bill_to", "seller"]),
    name=texts,
    identifiers=st.dictionaries(st.sampled_from(["gln", "duns", "buyer_assigned"]), texts, max_size=2),
    address=st.none()
    | st.builds(Address, lines=st.lists(texts, max_size=4).map(tuple), city=texts, country=st.just("US")),
)
destinations = st.builds(
    Destination,
    party=texts.map(lambda store: Party(role="ship_to", identifiers={"buyer_assigned": store})),
    quantity=quantities,
)
orders = st.builds(
    PurchaseOrder,
    number=texts,
    ordered_on=dates,
    currency=st.sampled_from(["USD", "CAD", "EUR"]),
    dates=st.dictionaries(st.sampled_from(["requested_ship", "cancel_after", "promotion_start"]), dates, max_size=3),
    parties=st.lists(parties, max_size=3).map(tuple),
    lines=st.lists(
        st.builds(
            OrderLine,
            number=texts,
            items=items,
            description=st.none() | texts,
            quantity=quantities,
            price=st.none() | st.builds(Price, amount=amounts, currency=st.sampled_from(["USD", "CAD"])),
            destinations=st.lists(destinations, max_size=25).map(tuple),
        ),
        min_size=1,
        max_size=4,
    ).map(tuple),
)


def gone(before: Any, after: Any, path: str = "") -> list[str]:
    """Paths of values the second lacks or has otherwise."""
    if isinstance(before, dict):
        return [lost for name, part in before.items() for lost in gone(part, (after or {}).get(name), f"{path}.{name}")]
    if isinstance(before, list | tuple):
        after = after or []
        return [
            lost
            for number, part in enumerate(before)
            for lost in gone(part, after[number] if number < len(after) else None, f"{path}.{number}")
        ]
    return [] if before == after else [path[1:]]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=orders)
def test_no_value_of_an_order_is_lost_untold(library: MapLibrary, order: PurchaseOrder) -> None:
    mapping = library.get("x12/850")
    rendition = mapping.write(order)
    again = mapping.read(rendition.tree).document
    assert again
    told = {finding.facts["path"] for finding in rendition.findings}
    known = ".price.currency"
    for path in gone(order.model_dump(exclude_none=True), again.model_dump(exclude_none=True)):
        assert path.endswith(known) or any(path.startswith(one) for one in told), (path, told)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=orders)
def test_an_order_survives_real_bytes(library: MapLibrary, x12_tree: Any, x12_text: Any, order: PurchaseOrder) -> None:
    mapping = library.get("x12/850")
    rendition = mapping.write(order)
    translation = mapping.read(x12_tree(x12_text("850", rendition.tree)))
    assert translation.document == mapping.read(rendition.tree).document
    assert translation.findings == ()


@st.composite
def notices(draw: st.DrawFn) -> ShipmentNotice:
    """Pallets, cartons on them or not, lines of several orders in them or loose."""
    line = st.builds(
        PackageLine,
        order_number=st.sampled_from(["PO1", "PO2"]),
        line_number=st.sampled_from("123"),
        items=st.dictionaries(st.sampled_from(["sku", "upc"]), texts, min_size=1),
        quantity=quantities,
    )
    lines = st.lists(line, max_size=3).map(tuple)
    packages = [
        Package(id=f"p{number}", kind="pallet", sscc=f"90{number}", lines=draw(lines))
        for number in range(draw(st.integers(0, 2)))
    ]
    pallets = [None, *(one.id for one in packages)]
    for number in range(draw(st.integers(0, 4))):
        parent = draw(st.sampled_from(pallets))
        contents = draw(st.lists(line, min_size=1, max_size=3).map(tuple))
        packages.append(Package(id=f"c{number}", parent=parent, sscc=f"10{number}", lines=contents))
    loose = draw(lines)
    return ShipmentNotice(
        number=draw(texts), role="from_supplier", shipped_on=draw(dates), packages=tuple(packages), lines=loose
    )


def held(notice: ShipmentNotice) -> dict[tuple[str, ...], Decimal]:
    """How much of what lies in which package, on which pallet."""
    by_id = {package.id: package for package in notice.packages}
    found: dict[tuple[str, ...], Decimal] = {}
    for package in notice.packages:
        above = by_id.get(package.parent or "")
        for line in package.lines:
            key = (package.sscc or "", above.sscc or "" if above else "", *_what(line))
            found[key] = found.get(key, Decimal(0)) + line.quantity.value
    for line in notice.lines:
        key = ("", "", *_what(line))
        found[key] = found.get(key, Decimal(0)) + line.quantity.value
    return found


def _what(line: PackageLine) -> tuple[str, ...]:
    return (str(line.order_number), str(line.line_number), str(sorted(line.items.items())), line.quantity.unit)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(notice=notices())
def test_every_piece_of_a_shipment_arrives_in_its_package(
    library: MapLibrary, x12_tree: Any, x12_text: Any, notice: ShipmentNotice
) -> None:
    mapping = library.get("x12/856")
    rendition = mapping.write(notice)
    again = mapping.read(x12_tree(x12_text("856", rendition.tree))).document
    assert isinstance(again, ShipmentNotice)
    assert held(again) == held(notice)
