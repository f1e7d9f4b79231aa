"""Functions the built-in maps call by name."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from mappings.language.functions import function

_PER = {
    "PE": (1, "EA"),
    "HP": (100, None),
    "TP": (1000, None),
    "CA": (1, "CA"),
    "PP": (1, "PK"),
    "LB": (1, "LB"),
    "PK": (1, "PK"),
}
"""X12 element 639: the codes that say what a price is for. The others say what kind of price it is."""


def _basis_of(per: Any) -> tuple[str | None, None]:
    value, unit = per["value"], per["unit"]
    found = next((code for code, (count, of) in _PER.items() if count == value and of in (unit, None)), None)
    if found is None:
        raise ValueError(f"a price per {value} {unit} has no X12 basis code")
    return found, None


@function("x12 price basis", write=_basis_of)
def price_basis(basis: str, unit: str | None) -> dict[str, Any] | None:
    """What a price is for, where it is not one of the line's own unit (X12 element 639)."""
    count, of = _PER.get(basis, (1, None))
    if count == 1 and of in (None, unit):
        return None
    return {"value": Decimal(count), "unit": of or unit or "EA"}


@function("package count")
def package_count(packages: Sequence[Mapping[str, Any]]) -> str | None:
    """How many packages hold something or stand alone; pallets that only carry others are not counted."""
    carriers = {package.get("parent") for package in packages}
    return str(sum(package["id"] not in carriers or bool(package.get("lines")) for package in packages)) or None


@function("first")
def first(values: Sequence[Any]) -> Any:
    """The first of a list."""
    return values[0] if values else None


def _shipped(lines: Sequence[Mapping[str, Any]] | None, packages: Sequence[Mapping[str, Any]] | None) -> dict[str, int]:
    """Whole units by line number; Shopify ships nothing else."""
    quantities: dict[str, int] = {}
    for line in [*(lines or ()), *(line for package in packages or () for line in package.get("lines", ()))]:
        number, value = line.get("line_number"), line["quantity"]["value"]
        if number is None or value != int(value):
            raise ValueError(f"Shopify needs a line item id and a whole quantity, not {number!r} and {value}")
        quantities[number] = quantities.get(number, 0) + int(value)
    return quantities


def _identifier(number: str) -> int | str:
    return int(number) if number.isdigit() else number


@function("shopify line items")
def shopify_line_items(lines: Any, packages: Any) -> list[dict[str, Any]] | None:
    """`[{id, quantity}]` by the order's own line item ids."""
    return [
        {"id": _identifier(number), "quantity": count} for number, count in _shipped(lines, packages).items()
    ] or None


def _shopify(order_extensions: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for extensions in order_extensions.values():
        if isinstance(extensions, Mapping) and isinstance(extensions.get("shopify"), Mapping):
            yield extensions["shopify"]


@function("shopify order id")
def shopify_order_id(order_extensions: Mapping[str, Any]) -> Any:
    """The order's id in Shopify, kept since it was read."""
    return next((_identifier(str(shop["id"])) for shop in _shopify(order_extensions) if "id" in shop), None)


@function("shopify fulfilment orders")
def shopify_fulfilment_orders(order_extensions: Mapping[str, Any], lines: Any, packages: Any) -> list[Any] | None:
    """`line_items_by_fulfillment_order`, where the extensions hold the order's `fulfillment_orders`."""
    left = _shipped(lines, packages)
    found: list[Any] = []
    for order in [order for shop in _shopify(order_extensions) for order in shop.get("fulfillment_orders", ())]:
        items = []
        for item in order.get("line_items", ()):
            number = str(item["line_item_id"])
            count = min(left.get(number, 0), int(item.get("fulfillable_quantity", item["quantity"])))
            if count:
                left[number] -= count
                items.append({"id": item["id"], "quantity": count})
        if items:
            found.append({"fulfillment_order_id": order["id"], "fulfillment_order_line_items": items})
    return found or None
