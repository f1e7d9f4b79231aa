"""A local stand-in of TaxJar: taxes worked out, and a ledger of order and refund transactions by their ids.

Source: https://developers.taxjar.com/api/reference/
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from secrets import token_hex
from typing import Any, ClassVar

from aiohttp import web

from connectors.emulators.faults import Faults
from connectors.emulators.tax_rates import rate_of, tax_on

ROOT = "/v2"


@dataclass(slots=True)
class TaxJar:
    """One account."""

    root: ClassVar[str] = ROOT
    token: str = field(default_factory=token_hex)
    faults: Faults = field(default_factory=Faults)
    base_url: str = ""
    recorded: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Orders and refunds by their ids."""
    requests: list[str] = field(default_factory=list)

    def application(self) -> web.Application:
        """The HTTP side."""
        application = web.Application()
        application.router.add_post(ROOT + "/taxes", self._taxes)
        application.router.add_post(ROOT + "/transactions/{kind:orders|refunds}", self._record)
        application.router.add_get(ROOT + "/transactions/{kind:orders|refunds}/{id}", self._show)
        application.router.add_put(ROOT + "/transactions/orders/{id}", self._correct)
        application.router.add_delete(ROOT + "/transactions/orders/{id}", self._delete)
        return application

    @property
    def tax_recorded(self) -> Decimal:
        """All tax on its books."""
        return sum((Decimal(str(one["sales_tax"])) for one in self.recorded.values()), Decimal(0))

    async def _taxes(self, request: web.Request) -> web.Response:
        return await self._answer(request, lambda body: web.json_response({"tax": worked_out(body)}, dumps=_dumps))

    async def _record(self, request: web.Request) -> web.Response:
        kind = "order" if request.match_info["kind"] == "orders" else "refund"

        def record(body: dict[str, Any]) -> web.Response:
            if body["transaction_id"] in self.recorded:
                return _error(422, "Unprocessable Entity", "Provider tranx already imported for your user account")
            self.recorded[body["transaction_id"]] = body
            return web.json_response({kind: body}, status=201, dumps=_dumps)

        return await self._answer(request, record)

    async def _show(self, request: web.Request) -> web.Response:
        kind = "order" if request.match_info["kind"] == "orders" else "refund"

        def show(_: dict[str, Any]) -> web.Response:
            known = self.recorded.get(request.match_info["id"])
            return web.json_response({kind: known}, dumps=_dumps) if known else _error(404, "Not Found", "Unknown id")

        return await self._answer(request, show)

    async def _correct(self, request: web.Request) -> web.Response:
        def correct(body: dict[str, Any]) -> web.Response:
            self.recorded[request.match_info["id"]] = body
            return web.json_response({"order": body}, dumps=_dumps)

        return await self._answer(request, correct)

    async def _delete(self, request: web.Request) -> web.Response:
        def delete(_: dict[str, Any]) -> web.Response:
            if self.recorded.pop(request.match_info["id"], None) is None:
                return _error(404, "Not Found", "Resource can not be found")
            return web.json_response({"order": {"transaction_id": request.match_info["id"], "sales_tax": None}})

        return await self._answer(request, delete)

    async def _answer(self, request: web.Request, act: Callable[[dict[str, Any]], web.Response]) -> web.Response:
        text = await request.text()
        self.requests.append(f"{request.method} {request.path}")
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return _error(401, "Unauthorized", "Not authorized for route")
        fault = self.faults.take(text)
        if spoilt := await self.faults.before(fault):
            return spoilt
        return await self.faults.after(fault, act(json.loads(text or "{}", parse_float=Decimal)))


def worked_out(order: Mapping[str, Any]) -> dict[str, Any]:
    """The tax on an order; freight is not taxed here."""
    rate = Decimal(0) if order.get("exemption_type") else rate_of(order.get("to_state"))
    lines = [_line(line, rate) for line in order["line_items"]]
    collect = sum((line["tax_collectable"] for line in lines), Decimal(0))
    return {
        "amount_to_collect": collect,
        "taxable_amount": sum((line["taxable_amount"] for line in lines), Decimal(0)),
        "rate": rate,
        "has_nexus": True,
        "freight_taxable": False,
        "jurisdictions": {"country": order["to_country"], "state": order.get("to_state")},
        "breakdown": {"tax_collectable": collect, "line_items": lines},
    }


def _line(line: Mapping[str, Any], rate: Decimal) -> dict[str, Any]:
    amount = Decimal(str(line["unit_price"])) * line["quantity"]
    tax, taxable = tax_on(amount, rate), amount if rate else Decimal(0)
    return {
        "id": line["id"], "taxable_amount": taxable, "tax_collectable": tax, "combined_tax_rate": rate,
        "state_taxable_amount": taxable, "state_sales_tax_rate": rate, "state_amount": tax,
    }  # fmt: skip


def _dumps(tree: Any) -> str:
    return json.dumps(tree, default=float)


def _error(status: int, error: str, detail: str) -> web.Response:
    return web.json_response({"status": status, "error": error, "detail": detail}, status=status)
