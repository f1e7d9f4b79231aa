"""A local stand-in of an Adobe Commerce shop: orders in pages, shipments, invoices, credit memos, sources' stock.

Source: https://developer.adobe.com/commerce/webapi/rest/, quick reference and order tutorials. Of OAuth 1.0 it looks
at the keys alone.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from secrets import token_hex
from typing import Any, ClassVar

from aiohttp import web

from canonical import round_money
from connectors.emulators.faults import Faults

Handler = Callable[[web.Request], Awaitable[web.Response]]
Row = dict[str, Any]

ROOT = "/rest/default/V1"
_FIELD = re.compile(r"searchCriteria\[filter_groups\]\[(\d)\]\[filters\]\[0\]\[field\]")


@dataclass(slots=True)
class AdobeCommerceShop:
    """One shop: its orders by id, and what was made of them."""

    root: ClassVar[str] = ROOT
    consumer_key: str = field(default_factory=token_hex)
    consumer_secret: str = field(default_factory=token_hex)
    access_token: str = field(default_factory=token_hex)
    access_token_secret: str = field(default_factory=token_hex)
    faults: Faults = field(default_factory=Faults)
    orders: dict[int, Row] = field(default_factory=dict)
    shipments: list[Row] = field(default_factory=list)
    invoices: list[Row] = field(default_factory=list)
    memos: list[Row] = field(default_factory=list)
    """What was given back; the shop works out each amount itself."""
    stock: dict[str, int] = field(default_factory=dict)
    base_url: str = ""

    def add_order(self, order: Mapping[str, Any]) -> None:
        """Know an order."""
        self.orders[order["entity_id"]] = dict(order)

    def application(self) -> web.Application:
        """The HTTP side."""
        application = web.Application()
        get, post = application.router.add_get, application.router.add_post
        get(ROOT + "/orders", self._guarded(self._listed(lambda: list(self.orders.values()))))
        get(ROOT + "/orders/{id}", self._guarded(self._get))
        post(ROOT + "/orders/{id}/cancel", self._guarded(self._cancel))
        for name, rows, made in (
            ("shipments", self.shipments, "ship"),
            ("invoices", self.invoices, "invoice"),
            ("creditmemos", self.memos, "refund"),
        ):
            get(f"{ROOT}/{name}", self._guarded(self._listed(partial(list, rows))))
            post(f"{ROOT}/order/{{id}}/{made}", self._guarded(self._making(rows, refund=made == "refund")))
        post(ROOT + "/inventory/source-items", self._guarded(self._set_stock))
        return application

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.Response:
            said = request.headers.get("Authorization", "")
            if not said.startswith("OAuth ") or self.consumer_key not in said or self.access_token not in said:
                return web.json_response({"message": "The consumer isn't authorized to access %resources."}, status=401)
            fault = self.faults.take(f"{request.method} {request.path}")
            spoilt = await self.faults.before(fault)
            return spoilt or await self.faults.after(fault, await handler(request))

        return guarded

    def _listed(self, rows: Callable[[], Sequence[Row]]) -> Handler:
        async def listed(request: web.Request) -> web.Response:
            query = request.query
            found = [row for row in rows() if all(_fits(row, *wanted) for wanted in _filters(query))]
            size = int(query.get("searchCriteria[pageSize]", 100))
            start = (int(query.get("searchCriteria[currentPage]", 1)) - 1) * size
            return web.json_response({"items": found[start : start + size], "total_count": len(found)})

        return listed

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(self.orders[int(request.match_info["id"])])

    async def _cancel(self, request: web.Request) -> web.Response:
        self.orders[int(request.match_info["id"])] |= {"state": "canceled", "status": "canceled"}
        return web.json_response(True)

    def _making(self, rows: list[Row], *, refund: bool) -> Handler:
        async def make(request: web.Request) -> web.Response:
            order, asked = self.orders[int(request.match_info["id"])], json.loads(await request.text())
            comments = [asked["comment"]] if "comment" in asked else []
            made = {**asked, "entity_id": len(rows) + 1, "order_id": order["entity_id"], "comments": comments}
            rows.append(made | (_refunded(order, made) if refund else {}))
            return web.json_response(made["entity_id"])

        return make

    async def _set_stock(self, request: web.Request) -> web.Response:
        for row in json.loads(await request.text())["sourceItems"]:
            self.stock[row["sku"]] = row["quantity"]
        return web.json_response([])


def _refunded(order: Row, made: Row) -> Row:
    """What an order's rows cost by the piece, after discount and with tax."""
    known = {row["item_id"]: row for row in order["items"]}
    rows: list[Row] = []
    for asked in made["items"]:
        row = known[int(asked["order_item_id"])]
        share = Decimal(asked["qty"]) / Decimal(str(row["qty_ordered"]))
        parts = {name: _part(row, name, share) for name in ("row_total", "tax_amount", "discount_amount")}
        rows.append(
            {"entity_id": len(rows) + 1, "order_item_id": row["item_id"], "sku": row["sku"], "qty": asked["qty"]}
            | parts
        )
    total = sum(row["row_total"] + row["tax_amount"] - row["discount_amount"] for row in rows)
    return {
        "increment_id": f"{made['entity_id']:09}",
        "created_at": order["created_at"],
        "updated_at": order["updated_at"],
        "order_currency_code": order["order_currency_code"],
        "items": rows,
        "grand_total": round(total, 2),
    }


def _part(row: Row, name: str, share: Decimal) -> float:
    return float(round_money(Decimal(str(row.get(name, 0))) * share, "USD"))


def _filters(query: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """(field, value, condition) of each filter."""
    found = [(match[0], name) for name in query if (match := _FIELD.fullmatch(name))]
    return [
        (
            query[name],
            query[name.replace("[field]", "[value]")],
            query.get(name.replace("[field]", "[condition_type]"), "eq"),
        )
        for _, name in found
    ]


def _fits(row: Row, name: str, value: str, condition: str) -> bool:
    said = str(row.get(name, ""))
    return said >= value.replace("T", " ") if condition == "gteq" else said == value
