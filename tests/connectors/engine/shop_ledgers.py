"""What the stand-ins of marketplaces know: what they were told, and how their buyers ask to send goods back."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.flow.street import START


def _tracked_in(rows: Mapping[Any, list[Any]], name: str) -> list[str]:
    return [row[name].split()[-1] for made in rows.values() for row in made]


def _walmart_refunded(office: Any) -> Decimal:
    charges = [row["charge"] for _, refund in office.refunded for row in refund["refundCharges"]["refundCharge"]]
    amounts = [one["chargeAmount"]["amount"] for one in charges]
    taxes = [one["tax"]["taxAmount"]["amount"] for one in charges if "tax" in one]
    return -sum((Decimal(str(amount)) for amount in (*amounts, *taxes)), Decimal(0))


LEDGERS: Mapping[str, Mapping[str, Any]] = {
    "adobe-commerce": {
        "tracked": lambda one: [track["track_number"] for row in one.shipments for track in row["tracks"]],
        "refunded": lambda one: sum(Decimal(str(row["grand_total"])) for row in one.memos),
        "cancelled": lambda one: [row["increment_id"] for row in one.orders.values() if row["state"] == "canceled"],
        "answered": lambda _: True,
        "stock": lambda one: one.stock,
    },
    "amazon": {
        "tracked": lambda one: [package["trackingNumber"] for package in one.shipped.values()],
        "refunded": lambda one: sum(one.refunded.values()),
        "cancelled": lambda one: one.cancelled,
        "answered": lambda _: True,
        "stock": lambda one: one.stock,
    },
    "ebay": {
        "tracked": lambda one: _tracked_in(one.fulfilments, "trackingNumber"),
        "refunded": lambda one: sum(
            Decimal(row["orderLevelRefundAmount"]["value"]) for made in one.refunds.values() for row in made
        ),
        "cancelled": lambda one: one.cancelled,
        "answered": lambda one: set(one.decided.values()) == {"APPROVE"},
        "stock": lambda one: one.stock,
    },
    "shopify": {
        "tracked": lambda one: [number for made in one.fulfilments for number in made.tracking["numbers"]],
        "refunded": lambda one: sum(Decimal(row["transactions"][0]["amount"]) for row in one.orders.refunds),
        "cancelled": lambda one: one.orders.cancelled,
        "answered": lambda one: [row["status"] for rows in one.orders.returns.values() for row in rows] == ["OPEN"],
        "stock": lambda one: one.orders.stock,
    },
    "walmart": {
        "tracked": lambda one: [number for _, number in one.shipped],
        "refunded": _walmart_refunded,
        "cancelled": lambda one: sorted({order for order, _, _ in one.cancelled}),
        "answered": lambda _: True,
        "stock": lambda one: one.stock,
    },
    "woocommerce": {
        "tracked": lambda one: _tracked_in(one.notes, "note"),
        "refunded": lambda one: sum(Decimal(row["amount"]) for made in one.refunds.values() for row in made),
        "cancelled": lambda one: [row["number"] for row in one.orders.values() if row["status"] == "cancelled"],
        "answered": lambda _: True,
        "stock": lambda one: one.stock,
    },
}


def _ask_shopify(office: Any, _order: str, line: str) -> None:
    office.orders.ask_return("5000000001", {line: 2}, "DEFECTIVE")


def _ask_walmart(office: Any, order: str, line: str) -> None:
    quantity = {"unitOfMeasure": "EACH", "measurementValue": 2}
    asked = {
        "returnOrderLineNumber": 1,
        "purchaseOrderId": order,
        "purchaseOrderLineNumber": line,
        "quantity": quantity,
    }
    office.returns.append({"returnOrderId": "R1", "returnOrderDate": START.isoformat(), "returnOrderLines": [asked]})


ASKS: Mapping[str, Any] = {
    "ebay": lambda office, order, line: office.ask_return(order, line, 2, "DEFECTIVE_ITEM"),
    "shopify": _ask_shopify,
    "walmart": _ask_walmart,
}
