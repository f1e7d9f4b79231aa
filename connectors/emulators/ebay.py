"""A local stand-in of the Sell APIs of eBay for one seller: tokens, orders, fulfilments, stock, returns, notifications.

Sources: https://developer.ebay.com/api-docs/sell/fulfillment/overview.html,
https://developer.ebay.com/api-docs/commerce/notification/overview.html; for returns and cancellations
https://developer.ebay.com/Devzone/post-order, which takes the token after another word.
"""

import base64
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, ClassVar

import aiohttp
from aiohttp import encode_basic_auth, web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connectors.emulators.faults import Faults

Handler = Callable[[web.Request], Awaitable[web.Response]]

ORDERS = "/sell/fulfillment/v1/order"
RETURNS = "/post-order/v2/return"
_SINCE = re.compile(r"lastmodifieddate:\[([^.\]]*(?:\.\d+Z)?)\.\.")


@dataclass(slots=True)
class EbaySeller:
    """One seller's account: orders, and what was done to them."""

    root: ClassVar[str] = ""
    client_id: str = field(default_factory=token_hex)
    client_secret: str = field(default_factory=token_hex)
    refresh_token: str = field(default_factory=token_hex)
    verification_token: str = field(default_factory=token_hex)
    faults: Faults = field(default_factory=Faults)
    orders: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    fulfilments: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    """The ledger of effects, by order."""
    refunds: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    """What was given back, by order."""
    returns: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What buyers ask to send back, by return."""
    decided: dict[str, str] = field(default_factory=dict)
    """What was said to a return."""
    cancelled: list[str] = field(default_factory=list)
    """Orders by their legacy id."""
    stock: dict[str, int] = field(default_factory=dict)
    skus: set[str] = field(default_factory=set)
    tokens: list[str] = field(default_factory=list)
    keys: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)
    keys_asked: list[str] = field(default_factory=list)
    base_url: str = ""

    def add_order(self, order: Mapping[str, Any]) -> None:
        """Know an order."""
        self.orders[order["orderId"]] = order
        self.skus |= {line["sku"] for line in order["lineItems"]}

    def ask_return(self, order: str, line: str, quantity: int, reason: str) -> str:
        """A buyer asks to send back so many of an order's line; the return's id."""
        asked = str(5_000 + len(self.returns))
        item = {"itemId": "1", "transactionId": line, "returnQuantity": quantity}
        made = {"item": item, "reason": reason, "creationDate": {"value": self.orders[order]["lastModifiedDate"]}}
        self.returns[asked] = {"returnId": asked, "orderId": order, "state": "RETURN_REQUESTED", "creationInfo": made}
        return asked

    def expire(self) -> None:
        """Let the token that is out run out."""
        self.tokens.append("")

    def application(self) -> web.Application:
        """The HTTP side."""
        application = web.Application()
        application.router.add_post("/identity/v1/oauth2/token", self._token)
        application.router.add_get(ORDERS, self._guarded(self._list))
        application.router.add_get(ORDERS + "/{id}", self._guarded(self._get))
        application.router.add_post(ORDERS + "/{id}/issue_refund", self._guarded(self._refund))
        application.router.add_get(ORDERS + "/{id}/shipping_fulfillment", self._guarded(self._fulfilled))
        application.router.add_post(ORDERS + "/{id}/shipping_fulfillment", self._guarded(self._fulfil))
        application.router.add_get(RETURNS + "/search", self._guarded(self._list_returns))
        application.router.add_get(RETURNS + "/{id}", self._guarded(self._get_return))
        application.router.add_post(RETURNS + "/{id}/decide", self._guarded(self._decide))
        application.router.add_post("/post-order/v2/cancellation", self._guarded(self._cancel))
        bulk = "/sell/inventory/v1/bulk_update_price_quantity"
        application.router.add_post(bulk, self._guarded(self._set_stock))
        application.router.add_get("/commerce/notification/v1/public_key/{id}", self._guarded(self._key))
        return application

    async def push(self, url: str, event: Mapping[str, Any], key_id: str = "key-1") -> int:
        """Send a signed notification. Returns the status it got."""
        key = self.keys.setdefault(key_id, ec.generate_private_key(ec.SECP256R1()))
        body = json.dumps(event, separators=(",", ":")).encode()
        signature = base64.b64encode(key.sign(body, ec.ECDSA(SHA1()))).decode()  # noqa: S303 - as eBay signs
        told = json.dumps({"alg": "ecdsa", "kid": key_id, "signature": signature, "digest": "SHA1"})
        headers = {"X-EBAY-SIGNATURE": base64.b64encode(told.encode()).decode(), "Content-Type": "application/json"}
        async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
            return answer.status

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        known = request.headers.get("Authorization") == encode_basic_auth(self.client_id, self.client_secret)
        if not known or form.get("refresh_token") != self.refresh_token:
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.tokens.append("v^1.1#" + token_hex(20))
        return web.json_response({"access_token": self.tokens[-1], "expires_in": 7200})

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.Response:
            word = "IAF" if request.path.startswith("/post-order/") else "Bearer"
            if not self.tokens or request.headers.get("Authorization") != f"{word} {self.tokens[-1]}":
                return _error(401, 1001, "Invalid access token")
            fault = self.faults.take(f"{request.method} {request.path}")
            spoilt = await self.faults.before(fault)
            return spoilt or await self.faults.after(fault, await handler(request))

        return guarded

    async def _list(self, request: web.Request) -> web.Response:
        size, start = int(request.query.get("limit", 50)), int(request.query.get("offset", 0))
        asked = _SINCE.match(request.query["filter"])
        if asked is None or size > 200:
            return _error(400, 30700, "Invalid filter or limit")
        found = [
            order
            for order in self.orders.values()
            if order["lastModifiedDate"] >= asked[1] and order["orderFulfillmentStatus"] != "FULFILLED"
        ]
        shown = found[start : start + size]
        return web.json_response({"total": len(found), "limit": size, "offset": start, "orders": shown})

    async def _get(self, request: web.Request) -> web.Response:
        order = request.match_info["id"]
        if order not in self.orders:
            return _error(404, 32100, "Invalid order ID")
        return web.json_response(self.orders[order])

    async def _refund(self, request: web.Request) -> web.Response:
        made = self.refunds.setdefault(request.match_info["id"], [])
        made.append(json.loads(await request.text()))
        return web.json_response({"refundId": str(len(made)), "refundStatus": "PENDING"})

    async def _list_returns(self, request: web.Request) -> web.Response:
        if not {"creation_date_range_from", "creation_date_range_to"} <= set(request.query):
            return web.json_response({"error": [{"errorId": 10003, "message": "Missing input"}]}, status=400)
        found = [one for key, one in self.returns.items() if key not in self.decided]
        start, size = int(request.query["offset"]), int(request.query["limit"])
        return web.json_response({"total": len(found), "members": found[start : start + size]})

    async def _get_return(self, request: web.Request) -> web.Response:
        asked = request.match_info["id"]
        if asked not in self.returns:
            return web.json_response({"error": [{"errorId": 1001, "message": "Invalid return id"}]}, status=404)
        open_ones = [] if asked in self.decided else ["SELLER_APPROVE_REQUEST", "SELLER_DECLINE_REQUEST"]
        options = [{"actionType": one} for one in open_ones]
        return web.json_response({"summary": {**self.returns[asked], "sellerAvailableOptions": options}})

    async def _decide(self, request: web.Request) -> web.Response:
        self.decided[request.match_info["id"]] = json.loads(await request.text())["decision"]
        return web.json_response({})

    async def _cancel(self, request: web.Request) -> web.Response:
        self.cancelled.append(json.loads(await request.text())["legacyOrderId"])
        return web.json_response({"cancelId": str(len(self.cancelled))}, status=201)

    async def _fulfilled(self, request: web.Request) -> web.Response:
        order = request.match_info["id"]
        if order not in self.orders:
            return _error(404, 32100, "Invalid order ID")
        made = [
            {"fulfillmentId": one["trackingNumber"], "shipmentTrackingNumber": one["trackingNumber"]}
            for one in self.fulfilments.get(order, ())
        ]
        return web.json_response({"fulfillments": made, "total": len(made)})

    async def _fulfil(self, request: web.Request) -> web.Response:
        order, told = request.match_info["id"], json.loads(await request.text())
        known = {line["lineItemId"] for line in self.orders[order]["lineItems"]}
        if {line["lineItemId"] for line in told["lineItems"]} - known:
            return _error(400, 32210, "Invalid line item ID")
        self.fulfilments.setdefault(order, []).append(told)
        place = f"{self.base_url}{ORDERS}/{order}/shipping_fulfillment/{told['trackingNumber']}"
        return web.Response(status=201, headers={"Location": place})

    async def _set_stock(self, request: web.Request) -> web.Response:
        rows = json.loads(await request.text())["requests"]
        if len(rows) > 25:
            return _error(400, 25709, "Too many requests in one call")
        return web.json_response({"responses": [self._set(row) for row in rows]})

    def _set(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        if row["sku"] not in self.skus:
            error = {"errorId": 25710, "message": "The resource was not found"}
            return {"statusCode": 404, "sku": row["sku"], "errors": [error]}
        self.stock[row["sku"]] = row["shipToLocationAvailability"]["quantity"]
        return {"statusCode": 200, "sku": row["sku"], "errors": []}

    async def _key(self, request: web.Request) -> web.Response:
        key_id = request.match_info["id"]
        self.keys_asked.append(key_id)
        if key_id not in self.keys:
            return _error(404, 195001, "The specified key id is invalid")
        pem = self.keys[key_id].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        return web.json_response({"key": pem.replace("\n", ""), "algorithm": "ECDSA", "digest": "SHA1"})


def _error(status: int, number: int, message: str) -> web.Response:
    error = {"errorId": number, "domain": "API_FULFILLMENT", "category": "REQUEST", "message": message}
    return web.json_response({"errors": [error]}, status=status)
