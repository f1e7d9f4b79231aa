"""A local stand-in of Walmart Marketplace: short-lived tokens, orders in linked pages, acknowledgment, shipping.

Sources: https://developer.walmart.com/us-marketplace/docs/get-all-orders and .../docs/ship-an-order
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from copy import deepcopy
from csv import DictWriter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from io import BytesIO, StringIO
from secrets import token_hex
from typing import Any, ClassVar
from zipfile import ZipFile

from aiohttp import encode_basic_auth, web

from connectors.emulators.faults import Faults

Handler = Callable[[web.Request], Awaitable[web.Response]]

SETTLEMENT_COLUMNS = (
    "Currency",
    "Transaction Posted Timestamp",
    "Transaction Type",
    "Total Payable",
    "Purchase Order #",
    "Amount Type",
    "Transaction Description",
    "Amount",
)
"""Those of the reconciliation report that matter here."""
ACCOUNT_FEE = Decimal("12.50")
"""What a settlement keeps that is of no order."""


@dataclass(slots=True)
class WalmartMarketplace:
    """One seller's account: its purchase orders, and what was done to them."""

    root: ClassVar[str] = "/v3"
    client_id: str = field(default_factory=token_hex)
    client_secret: str = field(default_factory=token_hex)
    webhook_secret: str = field(default_factory=token_hex)
    faults: Faults = field(default_factory=Faults)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    shipped: list[tuple[str, str]] = field(default_factory=list)
    """The ledger of effects: purchase order and tracking number, as often as the customer was charged."""
    refunded: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    """Purchase order and what was given back of it."""
    cancelled: list[tuple[str, str, str]] = field(default_factory=list)
    """Purchase order, line and reason of each cancellation."""
    stock: dict[str, int] = field(default_factory=dict)
    returns: list[Mapping[str, Any]] = field(default_factory=list)
    """What customers ask to send back."""
    settlements: dict[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    """Rows of the reconciliation reports, by their days."""
    tokens: list[str] = field(default_factory=list)
    """Every token handed out; only the last is taken."""
    correlations: set[str] = field(default_factory=set)
    base_url: str = ""

    def add_order(self, order: Mapping[str, Any]) -> None:
        """Know a purchase order, all its lines created."""
        self.orders[order["purchaseOrderId"]] = deepcopy(dict(order))

    def expire(self) -> None:
        """Let the token that is out run out."""
        self.tokens.append("")

    def application(self) -> web.Application:
        """The HTTP side."""
        application = web.Application()
        application.router.add_post("/v3/token", self._token)
        application.router.add_get("/v3/orders", self._guarded(self._list))
        application.router.add_get("/v3/orders/{id}", self._guarded(self._get))
        application.router.add_post("/v3/orders/{id}/acknowledge", self._guarded(self._acknowledge))
        application.router.add_post("/v3/orders/{id}/cancel", self._guarded(self._cancel))
        application.router.add_post("/v3/orders/{id}/shipping", self._guarded(self._ship))
        application.router.add_post("/v3/orders/{id}/refund", self._guarded(self._refund))
        application.router.add_get("/v3/returns", self._guarded(self._list_returns))
        application.router.add_get("/v3/report/reconreport/availableReconFiles", self._guarded(self._list_settlements))
        application.router.add_get("/v3/report/reconreport/reconFile", self._guarded(self._settlement))
        application.router.add_put("/v3/inventory", self._guarded(self._set_stock))
        return application

    async def _token(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != encode_basic_auth(self.client_id, self.client_secret):
            return _error("UNAUTHORIZED.GMP_GATEWAY_API", "Unauthorized", 401)
        self.tokens.append(token_hex(20))
        return web.json_response({"access_token": self.tokens[-1], "token_type": "Bearer", "expires_in": 900})

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.Response:
            if not self.tokens or request.headers.get("WM_SEC.ACCESS_TOKEN") != self.tokens[-1]:
                return _error(
                    "UNAUTHORIZED.GMP_GATEWAY_API", "Unauthorized token or incorrect authorization header.", 401
                )
            correlation = request.headers.get("WM_QOS.CORRELATION_ID", "")
            if not correlation or correlation in self.correlations or "WM_SVC.NAME" not in request.headers:
                return _error(
                    "INVALID_REQUEST_HEADER.GMP_GATEWAY_API", "WM_QOS.CORRELATION_ID set null or invalid", 400
                )
            self.correlations.add(correlation)
            fault = self.faults.take(f"{request.method} {request.path}")
            spoilt = await self.faults.before(fault)
            return spoilt or await self.faults.after(fault, await handler(request))

        return guarded

    async def _list(self, request: web.Request) -> web.Response:
        limit, start = int(request.query.get("limit", 100)), int(request.query.get("soIndex", 0))
        found = list(self.orders.values())
        shown = found[start : start + limit]
        more = start + limit < len(found)
        meta: dict[str, Any] = {"totalCount": len(found), "limit": limit}
        if more:
            meta["nextCursor"] = f"?limit={limit}&hasMoreElements=true&soIndex={start + limit}"
        elements = {"order": shown if len(shown) != 1 else shown[0]}
        return web.json_response({"list": {"meta": meta, "elements": elements}})

    async def _get(self, request: web.Request) -> web.Response:
        order = self.orders.get(request.match_info["id"])
        if order is None:
            return _error("CONTENT_NOT_FOUND.GMP_ORDER_API", "No purchase order found", 404)
        return web.json_response({"order": order})

    async def _acknowledge(self, request: web.Request) -> web.Response:
        order = self.orders[request.match_info["id"]]
        for line in order["orderLines"]["orderLine"]:
            if _statuses(line)[0]["status"] == "Created":
                line["orderLineStatuses"] = {"orderLineStatus": [_status("Acknowledged", line["orderLineQuantity"])]}
        return web.json_response({"order": order})

    def ask_cancel(self, order: str, line: str) -> None:
        """A customer wants a line cancelled before it ships."""
        for one in self.orders[order]["orderLines"]["orderLine"]:
            if one["lineNumber"] == line:
                one["intentToCancel"] = "2026-11-21T00:00:00.000Z"

    async def _cancel(self, request: web.Request) -> web.Response:
        order = self.orders[request.match_info["id"]]
        lines = {line["lineNumber"]: line for line in order["orderLines"]["orderLine"]}
        for line in json.loads(await request.text())["orderCancellation"]["orderLines"]["orderLine"]:
            [status] = _statuses(line)
            if _statuses(lines[line["lineNumber"]])[0]["status"] in ("Shipped", "Cancelled"):
                return _error("INVALID_REQUEST_CONTENT.GMP_ORDER_API", "The line can't be cancelled", 400)
            lines[line["lineNumber"]]["orderLineStatuses"] = {"orderLineStatus": [status]}
            self.cancelled.append((order["purchaseOrderId"], line["lineNumber"], status["cancellationReason"]))
        return web.json_response({"order": order})

    async def _ship(self, request: web.Request) -> web.Response:
        order = self.orders[request.match_info["id"]]
        lines = {line["lineNumber"]: line for line in order["orderLines"]["orderLine"]}
        told = json.loads(await request.text())["orderShipment"]["orderLines"]["orderLine"]
        if any(line["lineNumber"] not in lines for line in told):
            return _error("INVALID_REQUEST_CONTENT.GMP_ORDER_API", "Invalid line number", 400)
        for line in told:
            lines[line["lineNumber"]]["orderLineStatuses"] = line["orderLineStatuses"]
        numbers = {status["trackingInfo"]["trackingNumber"] for line in told for status in _statuses(line)}
        self.shipped += ((order["purchaseOrderId"], number) for number in sorted(numbers))
        return web.json_response({"order": order})

    async def _refund(self, request: web.Request) -> web.Response:
        order = self.orders[request.match_info["id"]]
        told = json.loads(await request.text())["orderRefund"]["orderLines"]["orderLine"]
        lines = {line["lineNumber"]: line for line in order["orderLines"]["orderLine"]}
        for line in told:
            [refund] = line["refunds"]["refund"]
            lines[line["lineNumber"]]["refund"] = {"refundComments": refund["refundComments"]}
            self.refunded.append((order["purchaseOrderId"], refund))
        return web.json_response({"order": order})

    async def _list_returns(self, _request: web.Request) -> web.Response:
        return web.json_response({"meta": {"totalCount": len(self.returns)}, "returnOrders": self.returns})

    def settle(self, number: str, at: datetime, order: str, price: Decimal, fee: Decimal) -> None:
        """Pay an order out, less a fee; the account's own is kept beside it."""
        head = {
            "Transaction Type": "PaymentSummary",
            "Transaction Posted Timestamp": f"{at:%m/%d/%Y}",
            "Currency": "USD",
        }
        told = (
            (order, "Product Price", "Purchase", price),
            (order, "Commission on Product", "Purchase", -fee),
            ("", "Fee/Reimbursement", "WFS StorageFee", -ACCOUNT_FEE),
        )
        rows = [
            {"Purchase Order #": of, "Amount Type": kind, "Transaction Description": what, "Amount": str(amount)}
            for of, kind, what, amount in told
        ]
        self.settlements[number] = [head | {"Total Payable": str(price - fee - ACCOUNT_FEE)}, *rows]

    async def _list_settlements(self, _request: web.Request) -> web.Response:
        return web.json_response({"availableApReportDates": list(self.settlements)})

    async def _settlement(self, request: web.Request) -> web.Response:
        written, packed = StringIO(), BytesIO()
        table = DictWriter(written, SETTLEMENT_COLUMNS)
        table.writeheader()
        table.writerows(self.settlements[request.query["reportDate"]])
        with ZipFile(packed, "w") as archive:
            archive.writestr("recon.csv", written.getvalue())
        return web.Response(body=packed.getvalue(), content_type="application/octet-stream")

    async def _set_stock(self, request: web.Request) -> web.Response:
        told = json.loads(await request.text())
        self.stock[told["sku"]] = told["quantity"]["amount"]
        return web.json_response({"sku": told["sku"], "quantity": told["quantity"]})


def _status(status: str, quantity: Mapping[str, Any]) -> dict[str, Any]:
    return {"status": status, "statusQuantity": dict(quantity)}


def _statuses(line: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = line["orderLineStatuses"]["orderLineStatus"]
    return found


def _error(code: str, description: str, status: int) -> web.Response:
    error = {"code": code, "description": description, "info": description, "severity": "ERROR", "category": "DATA"}
    return web.json_response({"error": [error]}, status=status)
