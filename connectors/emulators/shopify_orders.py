"""A Shopify shop's orders as its GraphQL Admin API tells them, made from what its webhooks say; money and stock.

Sources: https://shopify.dev/docs/api/admin-graphql/latest/objects/Order, .../mutations/orderCancel, refundCreate,
inventorySetQuantities
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from connectors.emulators.graphql import Object, connection

Payload = Mapping[str, Any]

ACCOUNT_FEE = Decimal("7.50")
"""What is kept of the payments account that is of no order."""
_NAME = re.compile(r'name:"(.*)"')
_SINCE = re.compile(r"updated_at:>='([^']*)'")


@dataclass(slots=True)
class OrderBook:
    """Orders by id, and the ledger of what was done: cancelled orders, refunds, quantities set."""

    payloads: dict[str, Payload] = field(default_factory=dict)
    cancelled: list[str] = field(default_factory=list)
    refunds: list[Mapping[str, Any]] = field(default_factory=list)
    stock: dict[str, int] = field(default_factory=dict)
    returns: dict[str, list[Object]] = field(default_factory=dict)
    """What buyers ask to send back, by order."""
    movements: list[Object] = field(default_factory=list)
    """Of its payments account: what was paid out."""
    keys: dict[str, Object] = field(default_factory=dict)
    """What each idempotency key was answered."""

    def add(self, payload: Payload) -> None:
        """Know an order as its webhook tells it."""
        self.payloads[_gid("Order", payload["id"])] = payload

    def ask_return(self, order: str, lines: Mapping[str, int], reason: str) -> None:
        """A buyer asks to send back so many of an order's lines (by their numeric ids)."""
        asked = self.returns.setdefault(_gid("Order", order), [])
        name = self.payloads[_gid("Order", order)].get("name")
        kept = [
            {
                "id": f"gid://{line}",
                "quantity": n,
                "returnReason": reason,
                "fulfillmentLineItem": {"lineItem": _sold(line)},
            }
            for line, n in lines.items()
        ]
        asked.append(
            {
                "id": _gid("Return", len(asked) + 1),
                "name": f"{name}-R{len(asked) + 1}",
                "status": "REQUESTED",
                "createdAt": _updated(self.payloads[_gid("Order", order)]),
                "order": {"name": name},
                "returnLineItems": connection(kept),
            }
        )

    def root(self, fulfilments_of: Callable[[str], Any]) -> Object:
        """The fields of queries and mutations; an order's fulfilments are told by the shop."""
        return {
            "orders": partial(self._list, fulfilments_of),
            "shopifyPaymentsAccount": {"balanceTransactions": self._movements},
            "orderCancel": self._cancel,
            "refundCreate": self._refund,
            "returnApproveRequest": partial(self._decide, "OPEN"),
            "returnDeclineRequest": partial(self._decide, "DECLINED"),
            "inventoryItems": self._items,
            "inventorySetQuantities": self._set,
        }

    def told(self, order: str) -> Object:
        """One order's own fields."""
        payload = self.payloads[order]
        sale = [{"id": f"{order}/sale", "kind": "SALE", "status": "SUCCESS", "gateway": "manual"}]
        return {
            "id": order,
            "cancelledAt": "2026-11-21T00:00:00Z" if order in self.cancelled else None,
            "refunds": lambda first: [_refund_told(one, payload) for one in self.refunds if one["orderId"] == order][
                :first
            ],
            "transactions": lambda first: sale[:first],
            "returns": connection(self.returns.get(order, [])),
            **_order(payload),
        }

    def settle(self, number: str, at: datetime, order: str, price: Decimal, fee: Decimal) -> None:
        """Pay an order out, less a fee; the account's own is kept beside it."""
        known = next(one for one in self.payloads.values() if one["name"] == order)
        sold = {"id": _gid("Order", known["id"]), "name": order}
        self._move(f"{number}1", at, "CHARGE", price, fee, sold)
        self._move(f"{number}2", at, "ADJUSTMENT", -ACCOUNT_FEE, Decimal(0), None)

    def _move(self, number: str, at: datetime, kind: str, amount: Decimal, fee: Decimal, order: Object | None) -> None:
        moved = {
            "id": _gid("ShopifyPaymentsBalanceTransaction", number), "type": kind, "test": False,
            "transactionDate": at.isoformat(), "adjustmentReason": None if order else "marketplace_fee",
            "sourceType": kind, "amount": {"amount": str(amount), "currencyCode": "USD"}, "fee": {"amount": str(fee)},
            "net": {"amount": str(amount - fee)}, "associatedOrder": order,
            "associatedPayout": {"id": _gid("ShopifyPaymentsPayout", 1)},
        }  # fmt: skip
        self.movements.append(moved)

    def _movements(self, first: int, after: str | None = None, **_: Any) -> Object:
        return connection(self.movements)(first, after)

    def _list(
        self, fulfilments_of: Callable[[str], Any], first: int, query: str, after: str | None = None, **_: Any
    ) -> Object:
        name, since = _NAME.search(query), _SINCE.search(query)
        found = [
            {**self.told(order), "fulfillments": fulfilments_of(order)}
            for order, payload in sorted(self.payloads.items(), key=lambda item: _updated(item[1]))
            if (name is None or payload.get("name") == name[1])
            and (since is None or _updated(payload) >= since[1])
            and (order in self.returns or "return_status:" not in query)
        ]
        return connection(found)(first, after)

    def _cancel(self, **asked: Any) -> Object:
        order = asked["orderId"]
        if order in self.cancelled:
            error = {"code": "INVALID", "message": "Cannot cancel an order that has already been canceled"}
            return {"job": None, "orderCancelUserErrors": [error]}
        self.cancelled.append(order)
        return {"job": {"id": f"{order}/cancel"}, "orderCancelUserErrors": []}

    def _refund(self, input: Mapping[str, Any], idempotent: Mapping[str, Any]) -> Object:  # noqa: A002 - their word
        if idempotent["key"] not in self.keys:
            self.refunds.append(input)
            self.keys[idempotent["key"]] = {"refund": {"id": _gid("Refund", len(self.refunds))}, "userErrors": []}
        return self.keys[idempotent["key"]]

    def _decide(self, status: str, input: Mapping[str, Any]) -> Object:  # noqa: A002 - their word
        for asked in self.returns.values():
            asked[:] = [{**one, "status": status} if one["id"] == input["id"] else one for one in asked]
        return {"return": {"id": input["id"], "status": status}, "userErrors": []}

    def _items(self, first: int, query: str) -> Object:
        skus = {str(line.get("sku")) for payload in self.payloads.values() for line in payload["line_items"]}
        wanted = query.removeprefix('sku:"').removesuffix('"')
        found = [{"id": f"gid://shopify/InventoryItem/{wanted}", "sku": wanted}] if wanted in skus else []
        return connection(found)(first)

    def _set(self, input: Mapping[str, Any], idempotent: Mapping[str, Any]) -> Object:  # noqa: A002 - their word
        if idempotent["key"] not in self.keys:
            for row in input["quantities"]:
                self.stock[str(row["inventoryItemId"]).rpartition("/")[2]] = row["quantity"]
            self.keys[idempotent["key"]] = {"inventoryAdjustmentGroup": {"id": "gid://1"}, "userErrors": []}
        return self.keys[idempotent["key"]]


def _order(payload: Payload) -> Object:
    lines = [_line(line) for line in payload["line_items"]]
    return {
        "name": payload.get("name"),
        "createdAt": payload.get("created_at"),
        "updatedAt": _updated(payload),
        "test": payload.get("test", False),
        "email": payload.get("email"),
        "phone": payload.get("phone"),
        "note": payload.get("note"),
        "tags": [],
        "currencyCode": payload.get("currency", "USD"),
        "taxesIncluded": payload.get("taxes_included", False),
        "sourceName": payload.get("source_name"),
        "displayFinancialStatus": "PAID",
        "discountCodes": [],
        "customAttributes": [],
        "totalPriceSet": _money(payload.get("total_price", "0.00")),
        "totalTipReceivedSet": _money(payload.get("total_tip_received") or "0.00"),
        "customer": _customer(payload.get("customer")),
        "shippingAddress": _address(payload.get("shipping_address")),
        "billingAddress": _address(payload.get("billing_address")),
        "shippingLines": connection([_shipping(line) for line in payload.get("shipping_lines", ())]),
        "lineItems": connection(lines),
    }


def _line(line: Payload) -> Object:
    return {
        "id": _gid("LineItem", line["id"]),
        "name": line.get("name"),
        "title": line.get("title"),
        "sku": line.get("sku"),
        "quantity": line["quantity"],
        "requiresShipping": line.get("requires_shipping", True),
        "isGiftCard": line.get("gift_card", False),
        "variant": {"id": _gid("ProductVariant", line["variant_id"])} if line.get("variant_id") else None,
        "product": {"id": _gid("Product", line["product_id"])} if line.get("product_id") else None,
        "customAttributes": [{"key": one["name"], "value": one["value"]} for one in line.get("properties", ())],
        "originalUnitPriceSet": _money(line.get("price", "0.00")),
        "discountAllocations": _discounts(line),
        "taxLines": _taxes(line),
        "duties": [],
    }


def _shipping(line: Payload) -> Object:
    return {
        "title": line.get("title"),
        "code": line.get("code"),
        "originalPriceSet": _money(line["price"]),
        "discountAllocations": _discounts(line),
        "taxLines": _taxes(line),
    }


def _customer(customer: Payload | None) -> Object | None:
    if customer is None:
        return None
    first, last = customer.get("first_name"), customer.get("last_name")
    email = {"emailAddress": customer.get("email")}
    return {"id": _gid("Customer", customer["id"]), "firstName": first, "lastName": last, "defaultEmailAddress": email}


def _address(address: Payload | None) -> Object | None:
    names = {"firstName": "first_name", "lastName": "last_name", "provinceCode": "province_code"}
    names |= {"countryCodeV2": "country_code"}
    same = ("name", "company", "address1", "address2", "city", "province", "zip", "country", "phone")
    return address and {**{name: address.get(name) for name in same}, **{a: address.get(b) for a, b in names.items()}}


def _discounts(line: Payload) -> list[Object]:
    return [{"allocatedAmountSet": _money(part["amount"])} for part in line.get("discount_allocations", ())]


def _taxes(line: Payload) -> list[Object]:
    return [
        {"title": tax["title"], "rate": tax.get("rate"), "priceSet": _money(tax["price"])}
        for tax in line.get("tax_lines", ())
    ]


def _refund_told(refund: Mapping[str, Any], payload: Payload) -> Object:
    prices = {_gid("LineItem", line["id"]): line for line in payload["line_items"]}
    lines = [
        {
            "id": _gid("RefundLineItem", place),
            "quantity": line["quantity"],
            "restockType": line.get("restockType"),
            "subtotalSet": _money(Decimal(prices[line["lineItemId"]]["price"]) * line["quantity"]),
            "totalTaxSet": _money("0.00"),
            "lineItem": {"id": line["lineItemId"], "name": None, "sku": prices[line["lineItemId"]].get("sku")},
        }
        for place, line in enumerate(refund.get("refundLineItems", ()))
    ]
    given = sum((Decimal(one["amount"]) for one in refund["transactions"]), Decimal(0))
    return {
        "id": f"gid://shopify/Refund/{refund.get('note')}",
        "note": refund.get("note"),
        "createdAt": _updated(payload),
        "totalRefundedSet": _money(given),
        "refundLineItems": connection(lines),
        "refundShippingLines": connection([]),
    }


def _money(amount: Any) -> Object:
    return {"shopMoney": {"amount": str(amount)}}


def _sold(line: str) -> Object:
    return {"id": _gid("LineItem", line), "sku": None}


def _updated(payload: Payload) -> str:
    return str(payload.get("updated_at") or payload.get("created_at") or "2026-11-21T00:00:00Z")


def _gid(kind: str, number: object) -> str:
    return f"gid://shopify/{kind}/{number}"
