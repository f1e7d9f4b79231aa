"""Orders that stand-ins begin with, each as its API tells it: two lines, with shipping, tax and a discount."""

from datetime import datetime
from decimal import Decimal
from typing import Any

_LINES = (("CS-1005", "Oak cutting board", 1, "39.50", "3.26"), ("CS-1003", "Beeswax candle, pair", 2, "18.75", "3.09"))
"""SKU, title, quantity, unit price, tax of the line."""
_SHIPPING, _DISCOUNT = "5.99", "7.70"
_TOTAL = "81.64"
_ADDRESS = ("Ada Moreno", "969 Market St", "San Francisco", "CA", "94103", "US")


def shopify_order(number: int, at: datetime) -> dict[str, Any]:
    """As webhooks send it."""
    name, street, city, region, postcode, country = _ADDRESS
    lines = [
        {
            "id": 1_000_000 + number * 10 + place,
            "sku": sku,
            "name": title,
            "quantity": count,
            "price": price,
            "tax_lines": [{"title": "State", "rate": 0.0825, "price": tax}],
            "discount_allocations": [{"amount": _DISCOUNT}] if place == 0 else [],
        }
        for place, (sku, title, count, price, tax) in enumerate(_LINES)
    ]
    address = {"name": name, "address1": street, "city": city, "province_code": region, "zip": postcode}
    return {
        "id": 5_000_000_000 + number,
        "name": f"#{1000 + number}",
        "created_at": _instant(at),
        "updated_at": _instant(at),
        "currency": "USD",
        "total_price": _TOTAL,
        "line_items": lines,
        "shipping_lines": [{"title": "Standard", "code": "Standard", "price": _SHIPPING, "tax_lines": []}],
        "shipping_address": {**address, "country_code": country},
    }


def walmart_order(number: int, at: datetime) -> dict[str, Any]:
    """Version 3; a PRODUCT charge is for all units of its line."""
    name, street, city, region, postcode, _ = _ADDRESS
    address = {"name": name, "address1": street, "city": city, "state": region, "postalCode": postcode}
    lines = [
        {
            "lineNumber": str(place + 1),
            "item": {"productName": title, "sku": sku},
            "charges": {"charge": _walmart_charges(Decimal(price) * count, tax, first=place == 0)},
            "orderLineQuantity": {"unitOfMeasurement": "EACH", "amount": str(count)},
            "orderLineStatuses": {"orderLineStatus": [{"status": "Created"}]},
        }
        for place, (sku, title, count, price, tax) in enumerate(_LINES)
    ]
    return {
        "purchaseOrderId": str(4_000_000_000 + number),
        "customerOrderId": str(7_000_000_000 + number),
        "orderDate": int(at.timestamp() * 1000),
        "shippingInfo": {"phone": "5550101", "postalAddress": {**address, "country": "USA"}},
        "orderLines": {"orderLine": lines},
        "shipNode": {"type": "SellerFulfilled"},
    }


def woocommerce_order(number: int, at: datetime) -> dict[str, Any]:
    """Version 3: prices after discounts."""
    name, street, city, region, postcode, country = _ADDRESS
    first, last = name.split()
    lines = [
        {
            "id": number * 10 + place,
            "sku": sku,
            "name": title,
            "product_id": place + 1,
            "quantity": count,
            "price": Decimal(price) - (Decimal(_DISCOUNT) if place == 0 else 0),
            "total_tax": tax,
        }
        for place, (sku, title, count, price, tax) in enumerate(_LINES)
    ]
    address = {"first_name": first, "last_name": last, "address_1": street, "city": city, "state": region}
    return {
        "id": number,
        "number": str(number),
        "status": "processing",
        "currency": "USD",
        "date_created_gmt": _naive(at),
        "date_modified_gmt": _naive(at),
        "total": _TOTAL,
        "line_items": [{**line, "price": float(str(line["price"]))} for line in lines],
        "shipping_lines": [
            {"method_id": "flat_rate", "method_title": "Flat rate", "total": _SHIPPING, "total_tax": "0.00"}
        ],
        "fee_lines": [],
        "coupon_lines": [],
        "billing": {**address, "postcode": postcode, "country": country, "email": "ada@example.com"},
        "shipping": {**address, "postcode": postcode, "country": country},
    }


def adobe_commerce_order(number: int, at: datetime) -> dict[str, Any]:
    """As the REST API tells it."""
    name, street, city, region, postcode, country = _ADDRESS
    first, last = name.split()
    address = {"firstname": first, "lastname": last, "street": [street], "city": city, "region_code": region}
    rows = [
        {
            "item_id": number * 10 + place,
            "sku": sku,
            "name": title,
            "product_type": "simple",
            "qty_ordered": count,
            "row_total": float(Decimal(price) * count),
            "discount_amount": float(_DISCOUNT) if place == 0 else 0,
            "tax_amount": float(tax),
        }
        for place, (sku, title, count, price, tax) in enumerate(_LINES)
    ]
    whole = {**address, "postcode": postcode, "country_id": country}
    return {
        "entity_id": number,
        "increment_id": f"{number:09}",
        "created_at": _naive(at).replace("T", " "),
        "updated_at": _naive(at).replace("T", " "),
        "status": "processing",
        "state": "processing",
        "order_currency_code": "USD",
        "customer_email": "ada@example.com",
        "grand_total": float(_TOTAL),
        "discount_amount": -float(_DISCOUNT),
        "shipping_amount": float(_SHIPPING),
        "billing_address": whole,
        "extension_attributes": {"shipping_assignments": [{"shipping": {"address": whole}}]},
        "items": rows,
    }


def amazon_order(number: int, at: datetime) -> dict[str, Any]:
    """As searchOrders (2026-01-01) tells it."""
    name, street, city, region, postcode, country = _ADDRESS
    address = {"name": name, "addressLine1": street, "city": city, "stateOrRegion": region, "postalCode": postcode}
    items = []
    for place, (sku, title, count, price, tax) in enumerate(_LINES):
        parts = {"ITEM": Decimal(price) * count, "TAX": Decimal(tax)}
        if place == 0:
            parts |= {"SHIPPING": Decimal(_SHIPPING), "DISCOUNT": -Decimal(_DISCOUNT)}
        item = {
            "orderItemId": f"{number:010}{place}",
            "quantityOrdered": count,
            "product": {"asin": f"B00000000{place}", "sellerSku": sku, "title": title},
            "proceeds": {
                "proceedsTotal": _amazon_money(sum(parts.values())),
                "breakdowns": [{"type": kind, "subtotal": _amazon_money(amount)} for kind, amount in parts.items()],
            },
        }
        items.append(item)
    return {
        "orderId": f"111-{number:07}-0000000",
        "createdTime": _instant(at),
        "lastUpdatedTime": _instant(at),
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "ATVPDKIKX0DER"},
        "recipient": {"deliveryAddress": {**address, "countryCode": country}},
        "proceeds": {"grandTotal": {"amount": _TOTAL, "currencyCode": "USD"}},
        "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT"},
        "orderItems": items,
    }


def ebay_order(number: int, at: datetime) -> dict[str, Any]:
    """As getOrders tells it."""
    name, street, city, region, postcode, country = _ADDRESS
    address = {"addressLine1": street, "city": city, "stateOrProvince": region, "postalCode": postcode}
    lines = [
        {
            "lineItemId": f"{number:010}{place}",
            "sku": sku,
            "title": title,
            "quantity": count,
            "lineItemCost": _ebay_money(Decimal(price) * count),
            "taxes": [{"taxType": "STATE_SALES_TAX", "amount": _ebay_money(tax)}],
        }
        for place, (sku, title, count, price, tax) in enumerate(_LINES)
    ]
    summary = {"deliveryCost": _SHIPPING, "priceDiscount": "-" + _DISCOUNT, "total": _TOTAL}
    recipient = {"fullName": name, "contactAddress": {**address, "countryCode": country}}
    return {
        "orderId": f"01-{number:05}-00001",
        "legacyOrderId": f"11000000{number:04}-1",
        "creationDate": _instant(at),
        "lastModifiedDate": _instant(at),
        "orderFulfillmentStatus": "NOT_STARTED",
        "orderPaymentStatus": "PAID",
        "buyer": {"username": "ada"},
        "pricingSummary": {kind: _ebay_money(amount) for kind, amount in summary.items()},
        "fulfillmentStartInstructions": [{"shippingStep": {"shipTo": recipient}}],
        "lineItems": lines,
    }


def _walmart_charges(goods: Decimal, tax: str, *, first: bool) -> list[dict[str, Any]]:
    charges = [_walmart_charge("PRODUCT", "ItemPrice", goods, tax)]
    if first:
        charges += [_walmart_charge("SHIPPING", "Shipping", Decimal(_SHIPPING))]
    return charges


def _walmart_charge(kind: str, name: str, amount: Decimal, tax: str | None = None) -> dict[str, Any]:
    told = {"taxName": "Tax1", "taxAmount": {"currency": "USD", "amount": float(tax)}} if tax else None
    money = {"currency": "USD", "amount": float(amount)}
    return {"chargeType": kind, "chargeName": name, "chargeAmount": money, "tax": told}


def _amazon_money(amount: Decimal | int) -> dict[str, str]:
    return {"amount": str(amount), "currencyCode": "USD"}


def _ebay_money(amount: Decimal | str) -> dict[str, str]:
    return {"value": str(amount), "currency": "USD"}


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _naive(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(timespec="seconds")
