"""How fast documents are translated, as ratios within one run: rounds are interleaved, CPU time is counted.

The best round of each counts: what a neighbour on the machine takes of the caches only ever slows. Reference cycles are
looked for as rarely as in a running hub.

Run as `python -m benchmarks.maps [--megabytes 10] [--rounds 5]`.
"""

import argparse
import gc
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.x12 import build_trees, interchange, row, split_only
from canonical import PurchaseOrder, round_money, total_of_lines
from connectors.surroundings import collect_rarely
from connectors.syntax.x12 import TransactionSet, read
from mappings.compiled import CompiledMap
from mappings.library import MapLibrary

SHOP_LINES = 20
SHOP_ORDERS = 200


def translate(content: bytes, mapping: CompiledMap) -> int:
    """Bytes to validated canonical documents; none is kept."""
    documents = 0
    for event in read(content):
        if isinstance(event, TransactionSet):
            translation = mapping.read(event.root)
            assert translation.ok
            documents += 1
    return documents


def shop_order() -> dict[str, Any]:
    """A Shopify order of twenty lines, as its REST API writes one."""
    money = {"shop_money": {"amount": "0.50", "currency_code": "USD"}}
    address = {
        "first_name": "Ann", "last_name": "Lee", "name": "Ann Lee", "company": None, "address1": "1 Main Street",
        "address2": "Suite 4", "city": "Austin", "province": "Texas", "province_code": "TX", "zip": "78701",
        "country": "United States", "country_code": "US", "phone": "+15125550100", "latitude": Decimal("30.27"),
    }  # fmt: skip
    lines = [
        {
            "id": 9007199254740000 + number, "variant_id": 447654529 + number, "product_id": 683366967,
            "title": f"Widget {number}", "name": f"Widget {number} - blue", "sku": f"SKU-{number:05}", "quantity": 2,
            "price": "19.99", "grams": 200, "requires_shipping": True, "taxable": True, "gift_card": False,
            "fulfillment_status": None, "properties": [], "vendor": "Acme", "total_discount": "0.00",
            "discount_allocations": [{"amount": "1.00", "discount_application_index": 0}],
            "duties": [],
            "tax_lines": [{"title": "State Tax", "price": "3.12", "rate": Decimal("0.0625"), "price_set": money}],
        }
        for number in range(1, SHOP_LINES + 1)
    ]  # fmt: skip
    return {
        "id": 450789469, "admin_graphql_api_id": "gid://shopify/Order/450789469", "name": "#1001",
        "order_number": 1001, "created_at": "2026-09-15T11:00:00-05:00", "currency": "USD", "test": False,
        "email": "ann@shop.example", "phone": None, "note": "Leave at the door", "taxes_included": False,
        "total_price": "851.00", "total_tax": "62.40", "total_tip_received": "0.00", "financial_status": "paid",
        "source_name": "web", "tags": "", "cart_token": "68778783ad298f1c80c3bafcddeea02f",
        "note_attributes": [{"name": "gift", "value": "yes"}],
        "customer": {"id": 207119551, "first_name": "Ann", "last_name": "Lee", "email": "ann@shop.example"},
        "shipping_address": address, "billing_address": dict(address),
        "shipping_lines": [
            {"code": "GND", "title": "Ground", "price": "9.00", "discount_allocations": [], "tax_lines": []}
        ],
        "discount_codes": [{"code": "SAVE", "amount": "20.00", "type": "fixed_amount"}],
        "tax_lines": [{"title": "State Tax", "price": "62.40", "rate": Decimal("0.0625")}], "line_items": lines,
    }  # fmt: skip


def by_hand(order: dict[str, Any]) -> PurchaseOrder:
    """What the map shopify/order does, written out in Python for this one shape."""
    values: dict[str, Any] = {
        "number": order.get("name") or str(order.get("order_number") or order["id"]),
        "type": "online_order",
        "usage": "test" if order.get("test") else "production",
        "ordered_on": datetime.fromisoformat(order["created_at"]),
        "currency": (currency := order.get("currency") or "USD"),
        "parties": _parties(order),
        "lines": [_line(line, currency, order) for line in order["line_items"]],
        "extensions": {"shopify": _kept(order, _ORDER_EXTENSIONS)},
        "total": Decimal(order["total_price"]),
    }
    shipping = order.get("shipping_lines") or []
    if shipping:
        values["freight"] = {"carrier": {"service": shipping[0]["code"], "routing": shipping[0]["title"]}}
    if order.get("note"):
        values["notes"] = [{"text": order["note"]}]
    charges = [
        {"code": "shipping", "amount": Decimal(one["price"]), "description": one["title"].strip()} for one in shipping
    ]
    if (tip := order.get("total_tip_received")) not in (None, "0.00", "0.0", "0"):
        charges.append({"code": "tip", "amount": Decimal(tip)})
    values["charges"] = charges
    given = [each for one in shipping for each in one["discount_allocations"]]
    values["allowances"] = [{"code": "shipping_discount", "amount": Decimal(one["amount"])} for one in given]
    taxes = [tax for one in shipping for tax in one["tax_lines"]]
    if not taxes and not any(line["tax_lines"] for line in order["line_items"]):
        taxes = order["tax_lines"]
    values["taxes"] = [_tax(tax, order) for tax in taxes]
    document = PurchaseOrder.model_validate(values)
    assert document.total == _due(document)
    return document


_ORDER_EXTENSIONS = (
    "id", "order_number", "financial_status", "source_name", "discount_codes", "note_attributes", "tags",
)  # fmt: skip
_LINE_EXTENSIONS = ("id", "properties", "requires_shipping", "gift_card")


def _parties(order: dict[str, Any]) -> list[dict[str, Any]]:
    parties = [
        _address(order[name], role)
        for name, role in (("shipping_address", "ship_to"), ("billing_address", "bill_to"))
        if order.get(name)
    ]
    if customer := order.get("customer"):
        channels = {name: value for name in ("email", "phone") if (value := customer.get(name) or order.get(name))}
        name = f"{customer.get('first_name') or ''} {customer.get('last_name') or ''}".strip()
        identifiers = {"shopify": str(customer["id"])}
        parties.append(
            {"role": "buyer", "name": name, "identifiers": identifiers, "contacts": [{"channels": channels}]}
        )
    return parties


def _address(address: dict[str, Any], role: str) -> dict[str, Any]:
    party: dict[str, Any] = {
        "role": role,
        "name": address["name"].strip(),
        "address": {
            "lines": [line.strip() for line in (address.get("address1"), address.get("address2")) if line],
            "city": address["city"],
            "region": address.get("province_code") or address.get("province"),
            "postal_code": address["zip"],
            "country": address.get("country_code") or address.get("country"),
        },
    }
    if company := address.get("company"):
        party["additional_names"] = [company]
    if phone := address.get("phone"):
        party["contacts"] = [{"channels": {"phone": phone}}]
    return party


def _line(line: dict[str, Any], currency: str, order: dict[str, Any]) -> dict[str, Any]:
    return {
        "number": str(line["id"]),
        "items": {
            name: str(value)
            for name, value in (
                ("sku", line["sku"]), ("shopify_variant", line["variant_id"]), ("shopify_product", line["product_id"]),
            )
            if value
        },
        "description": (line["name"] or line["title"]).strip(),
        "quantity": {"value": Decimal(line["quantity"]), "unit": "EA"},
        "price": {"amount": Decimal(line["price"]), "currency": currency},
        "allowances": [
            {"code": "discount", "amount": Decimal(one["amount"])} for one in line["discount_allocations"]
        ],
        "charges": [
            {"code": "duty", "amount": Decimal(one["price"]), "reference": str(one["id"])} for one in line["duties"]
        ],
        "taxes": [_tax(tax, order) for tax in line["tax_lines"]],
        "extensions": {"shopify": _kept(line, _LINE_EXTENSIONS)},
    }  # fmt: skip


def _tax(tax: dict[str, Any], order: dict[str, Any]) -> dict[str, Any]:
    rate = tax["rate"] * 100
    included = order.get("taxes_included", False)
    return {"code": tax["title"].strip(), "amount": Decimal(tax["price"]), "rate": rate, "included": included}


def _kept(source: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name in names if (value := source.get(name)) not in (None, "")}


def _due(document: PurchaseOrder) -> Decimal:
    total = total_of_lines(document.lines)
    for holder in (document, *document.lines):
        total += sum((one.amount or 0 for one in holder.charges), Decimal(0))
        total -= sum((one.amount or 0 for one in holder.allowances), Decimal(0))
        total += sum((tax.amount or 0 for tax in holder.taxes if not tax.included), Decimal(0))
    return round_money(total, document.currency)


def interleaved(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The best CPU time of each, in rounds that take turns, so that a busy machine slows all alike."""
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            gc.collect()
            start = time.process_time()
            work()
            spent[name].append(time.process_time() - start)
    return {name: min(times) for name, times in spent.items()}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--megabytes", type=float, default=10)
    arguments.add_argument("--rounds", type=int, default=5)
    chosen = arguments.parse_args()

    collect_rarely()
    first = b"".join(interchange(0.001))
    start = time.process_time()
    orders = MapLibrary().get("x12/850")
    translate(first, orders)
    row("first 850: grammar and map compiled, translated", time.process_time() - start, "s", "<= 0.15")

    content = b"".join(interchange(chosen.megabytes))
    works = {
        "split": lambda: split_only(content),
        "trees": lambda: build_trees(content),
        "documents": lambda: translate(content, orders),
    }
    spent = interleaved(works, chosen.rounds)
    count = translate(content, orders)
    row("bytes.split", len(content) / 1e6 / spent["split"], "MB/s", "the measure, 1.0")
    row("850 bytes to validated trees", spent["split"] / spent["trees"], "of split", "")
    row("850 bytes to validated documents", spent["split"] / spent["documents"], "of split", ">= 0.04 (0.05)")
    row("of that, from tree to document", (spent["documents"] - spent["trees"]) / count * 1e6, "us/order", "")

    shop, order = MapLibrary().get("shopify/order"), shop_order()
    assert shop.read(order).document == by_hand(order)
    works = {
        "map": lambda: [shop.read(order) for _ in range(SHOP_ORDERS)],
        "hand": lambda: [by_hand(order) for _ in range(SHOP_ORDERS)],
    }
    spent = interleaved(works, chosen.rounds * 3)
    row("20-line Shopify order by the map", spent["map"] / SHOP_ORDERS * 1e6, "us/order", "")
    row("the same by hand-written Python", spent["hand"] / SHOP_ORDERS * 1e6, "us/order", "")
    row("map against hand", spent["map"] / spent["hand"], "times", "<= 4")


if __name__ == "__main__":
    main()
