"""A local stand-in of a WooCommerce shop: its orders in pages, its order notes, its signed webhooks.

Source: https://github.com/woocommerce/woocommerce-rest-api-docs, source/includes/wp-api-v3
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, ClassVar

import aiohttp
from aiohttp import encode_basic_auth, web

from connectors.emulators.faults import Faults

ROOT = "/wp-json/wc/v3"


@dataclass(slots=True)
class WooCommerceShop:
    """One shop: its orders by id, and the notes put on them (the ledger of effects)."""

    root: ClassVar[str] = ROOT
    consumer_key: str = field(default_factory=token_hex)
    consumer_secret: str = field(default_factory=token_hex)
    webhook_secret: str = field(default_factory=token_hex)
    faults: Faults = field(default_factory=Faults)
    orders: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    notes: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    refunds: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    stock: dict[str, int] = field(default_factory=dict)
    """By SKU, which is its product's id too."""
    requests: list[str] = field(default_factory=list)
    base_url: str = ""

    def add_order(self, order: Mapping[str, Any]) -> None:
        """Know an order."""
        self.orders[order["id"]] = order

    def application(self) -> web.Application:
        """The HTTP side."""
        application = web.Application()
        application.router.add_get(ROOT + "/orders", self._list)
        application.router.add_put(ROOT + "/orders/{id}", self._change)
        application.router.add_get(ROOT + "/products", self._products)
        application.router.add_put(ROOT + "/products/{id}", self._set_stock)
        application.router.add_get(ROOT + "/orders/{id}/notes", self._list_notes)
        application.router.add_post(ROOT + "/orders/{id}/notes", self._add_note)
        application.router.add_get(ROOT + "/orders/{id}/refunds", self._list_refunds)
        application.router.add_post(ROOT + "/orders/{id}/refunds", self._add_refund)
        application.router.add_get(ROOT + "/orders/{id}/refunds/{refund}", self._get_refund)
        return application

    async def push(self, url: str, topic: str, body: bytes, delivery_id: str) -> int:
        """Send a signed webhook. Returns the status it got."""
        signature = hmac.new(self.webhook_secret.encode(), body, hashlib.sha256).digest()
        headers = {
            "Content-Type": "application/json",
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-WC-Webhook-Delivery-ID": delivery_id,
        }
        async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
            return answer.status

    async def _list(self, request: web.Request) -> web.Response:
        if refused := await self._refused(request):
            return refused
        query = request.query
        after, size, page = query.get("modified_after", ""), int(query.get("per_page", 10)), int(query.get("page", 1))
        found = [self.orders[key] for key in sorted(self.orders)]
        statuses = query.get("status", "any").split(",")
        found = [
            order
            for order in found
            if str(order["date_modified_gmt"]) > after
            and ("any" in statuses or order.get("status", "processing") in statuses)
        ]
        shown = [self._told(order) for order in found[(page - 1) * size : page * size]]
        pages = -(-len(found) // size)
        return _answer(shown, headers={"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)})

    async def _list_notes(self, request: web.Request) -> web.Response:
        if refused := await self._refused(request):
            return refused
        order = int(request.match_info["id"])
        if order not in self.orders:
            return _error("woocommerce_rest_shop_order_invalid_id", "Invalid order ID.", 404)
        return _answer(self.notes.get(order, []))

    async def _add_note(self, request: web.Request) -> web.Response:
        if refused := await self._refused(request):
            return refused
        fault = self.faults.take("note")
        if spoilt := await self.faults.before(fault):
            return spoilt
        order = int(request.match_info["id"])
        notes = self.notes.setdefault(order, [])
        notes.append({"id": len(notes) + 1, **json.loads(await request.text())})
        return await self.faults.after(fault, _answer(notes[-1], status=201))

    async def _list_refunds(self, request: web.Request) -> web.Response:
        return await self._refused(request) or _answer(self.refunds.get(int(request.match_info["id"]), []))

    async def _add_refund(self, request: web.Request) -> web.Response:
        if refused := await self._refused(request):
            return refused
        order, asked = int(request.match_info["id"]), json.loads(await request.text())
        made = self.refunds.setdefault(order, [])
        lines = [
            {
                "id": place,
                "quantity": -line["quantity"],
                "price": float(line["refund_total"]) / line["quantity"],
                "meta_data": [{"key": "_refunded_item_id", "value": str(line["id"])}],
            }
            for place, line in enumerate(asked.get("line_items", ()))
        ]
        made.append({**asked, "id": 700 + len(made), "date_created_gmt": self._changed(order), "line_items": lines})
        return _answer(made[-1], status=201)

    async def _get_refund(self, request: web.Request) -> web.Response:
        made = self.refunds.get(int(request.match_info["id"]), [])
        return await self._refused(request) or _answer(
            next(one for one in made if str(one["id"]) == request.match_info["refund"])
        )

    async def _change(self, request: web.Request) -> web.Response:
        if refused := await self._refused(request):
            return refused
        order = int(request.match_info["id"])
        self.orders[order] = {**self.orders[order], **json.loads(await request.text())}
        return _answer(self.orders[order])

    async def _products(self, request: web.Request) -> web.Response:
        return await self._refused(request) or _answer([{"id": request.query["sku"], "parent_id": 0}])

    async def _set_stock(self, request: web.Request) -> web.Response:
        if refused := await self._refused(request):
            return refused
        self.stock[request.match_info["id"]] = json.loads(await request.text())["stock_quantity"]
        return _answer({"id": request.match_info["id"]})

    def _told(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        made = self.refunds.get(order["id"], [])
        return {**order, "refunds": [{"id": one["id"], "reason": one.get("reason")} for one in made]}

    def _changed(self, order: int) -> str:
        return str(self.orders[order]["date_modified_gmt"])

    async def _refused(self, request: web.Request) -> web.Response | None:
        self.requests.append(str(request.rel_url))
        if request.headers.get("Authorization") != encode_basic_auth(self.consumer_key, self.consumer_secret):
            return _error("woocommerce_rest_cannot_view", "Sorry, you cannot list resources.", 401)
        return None


def _answer(tree: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response(tree, status=status, headers=headers)


def _error(code: str, message: str, status: int) -> web.Response:
    return _answer({"code": code, "message": message, "data": {"status": status}}, status)
