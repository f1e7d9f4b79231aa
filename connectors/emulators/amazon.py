"""A local stand-in of Amazon's Selling Partner API for one seller: tokens, orders with their limits, shipments, stock.

Sources: github.com/amzn/selling-partner-api-models (orders_2026-01-01, ordersV0, listingsItems_2021-08-01) and
https://developer-docs.amazon.com/sp-api/docs/usage-plans-and-rate-limits
"""

import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from secrets import token_hex
from typing import Any, ClassVar

from aiohttp import web

from connectors.emulators.faults import Faults

Handler = Callable[[web.Request], Awaitable[web.Response]]

RETURN_COLUMNS = (
    "Order ID",
    "Return request date",
    "Amazon RMA ID",
    "Merchant SKU",
    "Return quantity",
    "Return Reason",
)
"""Those of GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE that matter here."""

SETTLEMENT_COLUMNS = (
    "settlement-id",
    "deposit-date",
    "total-amount",
    "currency",
    "transaction-type",
    "order-id",
    "amount-type",
    "amount-description",
    "amount",
)
"""Those of GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2 that matter here."""
ACCOUNT_FEE = Decimal("39.99")
"""What a settlement keeps that is of no order."""

_DONE = b"<AmazonEnvelope><Message><ProcessingReport/></Message></AmazonEnvelope>"

PLANS = {"orders": (0.0056, 20.0), "confirm": (2.0, 10.0), "listings": (5.0, 5.0), "documents": (2.0, 15.0)}
"""Calls a second and burst of each operation."""


@dataclass(slots=True)
class Plan:
    """A usage plan: a bucket that calls empty and time fills."""

    rate: float
    burst: float
    clock: Callable[[], float] = time.monotonic
    level: float = field(init=False)
    at: float = field(init=False)

    def __post_init__(self) -> None:
        self.level, self.at = self.burst, self.clock()

    def draw(self) -> bool:
        """Take a call, unless none is left."""
        now = self.clock()
        self.level, self.at = min(self.burst, self.level + (now - self.at) * self.rate), now
        if self.level < 1:
            return False
        self.level -= 1
        return True


@dataclass(slots=True)
class AmazonSeller:
    """One seller's account: orders as searchOrders tells them, and what was done."""

    root: ClassVar[str] = ""
    client_id: str = field(default_factory=token_hex)
    client_secret: str = field(default_factory=token_hex)
    refresh_token: str = field(default_factory=token_hex)
    faults: Faults = field(default_factory=Faults)
    orders: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    shipped: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    """The ledger of effects: packages by order and package reference."""
    stock: dict[str, int] = field(default_factory=dict)
    returns: list[tuple[str, ...]] = field(default_factory=list)
    """Rows of the returns report, by `RETURN_COLUMNS`."""
    settlements: dict[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    """Rows of the settlement reports it made, by `SETTLEMENT_COLUMNS`."""
    cancelled: list[str] = field(default_factory=list)
    """Orders that a feed cancelled."""
    refunded: dict[str, Decimal] = field(default_factory=dict)
    """What was given back, by our numbers for it."""
    documents: dict[str, bytes] = field(default_factory=dict)
    """What lies in its store: feeds that came, reports that were made."""
    tokens: list[str] = field(default_factory=list)
    plans: dict[str, Plan] = field(default_factory=lambda: {name: Plan(*plan) for name, plan in PLANS.items()})
    base_url: str = ""

    def add_order(self, order: Mapping[str, Any]) -> None:
        """Know an order."""
        self.orders[order["orderId"]] = order

    def expire(self) -> None:
        """Let the token that is out run out."""
        self.tokens.append("")

    def application(self) -> web.Application:
        """The HTTP side."""
        application = web.Application()
        application.router.add_post("/auth/o2/token", self._token)
        application.router.add_get("/orders/2026-01-01/orders", self._guarded("orders", self._search))
        confirmation = "/orders/v0/orders/{id}/shipmentConfirmation"
        application.router.add_post(confirmation, self._guarded("confirm", self._confirm))
        item = "/listings/2021-08-01/items/{seller}/{sku}"
        application.router.add_patch(item, self._guarded("listings", self._patch))
        for path, create, result in (
            ("/feeds/2021-06-30/feeds", self._take_feed, "resultFeedDocumentId"),
            ("/reports/2021-06-30/reports", self._make_report, "reportDocumentId"),
        ):
            application.router.add_post(path, self._guarded("documents", create))
            application.router.add_get(path + "/{id}", self._guarded("documents", self._finished(result)))
            application.router.add_get(
                path.rpartition("/")[0] + "/documents/{id}", self._guarded("documents", self._locate)
            )
        application.router.add_get("/reports/2021-06-30/reports", self._guarded("documents", self._list_reports))
        application.router.add_post("/feeds/2021-06-30/documents", self._guarded("documents", self._locate))
        application.router.add_put("/store/{id}", self._keep)
        application.router.add_get("/store/{id}", self._fetch)
        return application

    def settle(self, number: str, at: datetime, order: str, price: Decimal, fee: Decimal) -> None:
        """Pay an order out, less a fee; the account's own is kept beside it."""
        head = {"settlement-id": number, "deposit-date": f"{at:%Y-%m-%d %H:%M:%S} UTC", "currency": "USD"}
        told = (
            (order, "ItemPrice", "Principal", price),
            (order, "ItemFees", "Commission", -fee),
            ("", "other-transaction", "Subscription Fee", -ACCOUNT_FEE),
        )
        rows = [
            {
                "settlement-id": number,
                "order-id": of,
                "amount-type": kind,
                "amount-description": what,
                "amount": str(amount),
            }
            for of, kind, what, amount in told
        ]
        self.settlements[number] = [head | {"total-amount": str(price - fee - ACCOUNT_FEE)}, *rows]

    async def _list_reports(self, request: web.Request) -> web.Response:
        assert request.query["reportTypes"] == "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
        for number, rows in self.settlements.items():
            table = [SETTLEMENT_COLUMNS, *([row.get(name, "") for name in SETTLEMENT_COLUMNS] for row in rows)]
            self.documents[number] = "".join("\t".join(row) + "\n" for row in table).encode()
        told = [{"reportId": number, "reportDocumentId": number} for number in self.settlements]
        return web.json_response({"reports": told})

    async def _locate(self, request: web.Request) -> web.Response:
        document = request.match_info.get("id") or token_hex(8)
        return web.json_response({"feedDocumentId": document, "url": f"{self.base_url}/store/{document}"})

    async def _keep(self, request: web.Request) -> web.Response:
        self.documents[request.match_info["id"]] = await request.read()
        return web.Response()

    async def _fetch(self, request: web.Request) -> web.Response:
        return web.Response(body=self.documents[request.match_info["id"]])

    def _finished(self, result: str) -> Handler:
        async def told(request: web.Request) -> web.Response:
            return web.json_response({"processingStatus": "DONE", result: request.match_info["id"]})

        return told

    async def _make_report(self, _request: web.Request) -> web.Response:
        report = token_hex(8)
        self.documents[report] = "".join("\t".join(row) + "\n" for row in (RETURN_COLUMNS, *self.returns)).encode()
        return web.json_response({"reportId": report}, status=202)

    async def _take_feed(self, request: web.Request) -> web.Response:
        asked, feed = json.loads(await request.text()), token_hex(8)
        content = self.documents[asked["inputFeedDocumentId"]]
        takes = {"JSON_LISTINGS_FEED": self._take_listings, "POST_PAYMENT_ADJUSTMENT_DATA": self._take_refund}
        self.documents[feed] = takes.get(asked["feedType"], self._take_cancellation)(content)
        return web.json_response({"feedId": feed}, status=202)

    def _take_listings(self, content: bytes) -> bytes:
        for message in json.loads(content)["messages"]:
            self.stock[message["sku"]] = message["patches"][0]["value"][0]["quantity"]
        return b'{"issues": []}'

    def _take_cancellation(self, content: bytes) -> bytes:
        self.cancelled += re.findall("<AmazonOrderID>(.*?)</AmazonOrderID>", content.decode())
        return _DONE

    def _take_refund(self, content: bytes) -> bytes:
        text = content.decode()
        numbers = re.findall("<MerchantAdjustmentItemID>(.*?)</MerchantAdjustmentItemID>", text)
        amounts = [Decimal(amount) for amount in re.findall('<Amount currency="USD">(.*?)</Amount>', text)]
        self.refunded[",".join(numbers)] = sum(amounts, Decimal(0))
        return _DONE

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        said = (form.get("client_id"), form.get("client_secret"), form.get("refresh_token"))
        if said != (self.client_id, self.client_secret, self.refresh_token):
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.tokens.append("Atza|" + token_hex(20))
        return web.json_response({"access_token": self.tokens[-1], "token_type": "bearer", "expires_in": 3600})

    def _guarded(self, name: str, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.Response:
            if not self.tokens or request.headers.get("x-amz-access-token") != self.tokens[-1]:
                expired = "The access token you provided has expired."
                return _error(403, "Unauthorized", "Access to requested resource is denied.", expired)
            fault = self.faults.take(f"{request.method} {request.path}")
            if spoilt := await self.faults.before(fault):
                return spoilt
            plan = self.plans[name]
            if not plan.draw():
                return _error(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
            answer = await self.faults.after(fault, await handler(request))
            answer.headers["x-amzn-RateLimit-Limit"] = str(plan.rate)
            return answer

        return guarded

    async def _search(self, request: web.Request) -> web.Response:
        query = request.query
        size, start = int(query.get("maxResultsPerPage", 100)), int(query.get("paginationToken") or 0)
        statuses = query.get("fulfillmentStatuses", "").split(",")
        found = [
            order
            for order in sorted(self.orders.values(), key=lambda one: str(one["lastUpdatedTime"]))
            if order["lastUpdatedTime"] >= query["lastUpdatedAfter"]
            and order["fulfillment"]["fulfillmentStatus"] in statuses
        ]
        more = {"nextToken": str(start + size)} if start + size < len(found) else {}
        return web.json_response({"orders": found[start : start + size], "pagination": more})

    async def _confirm(self, request: web.Request) -> web.Response:
        order = self.orders.get(request.match_info["id"])
        if order is None:
            return _error(404, "NotFound", "The order does not exist.")
        package = json.loads(await request.text())["packageDetail"]
        known = {item["orderItemId"] for item in order["orderItems"]}
        if not package["packageReferenceId"].isdecimal() or {i["orderItemId"] for i in package["orderItems"]} - known:
            return _error(400, "InvalidInput", "Invalid package reference or order item.")
        self.shipped[order["orderId"], package["packageReferenceId"]] = package
        return web.Response(status=204)

    async def _patch(self, request: web.Request) -> web.Response:
        sku = request.match_info["sku"]
        [patch] = json.loads(await request.text())["patches"]
        self.stock[sku] = patch["value"][0]["quantity"]
        return web.json_response({"sku": sku, "status": "ACCEPTED", "submissionId": token_hex(8), "issues": []})


def _error(status: int, code: str, message: str, details: str = "") -> web.Response:
    return web.json_response({"errors": [{"code": code, "message": message, "details": details}]}, status=status)
