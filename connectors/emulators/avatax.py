"""A local stand-in of AvaTax: quotes that nothing keeps, and a ledger of recorded transactions by their codes.

Source: https://developer.avalara.com/api-reference/avatax/rest/v2/methods/Transactions/
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from secrets import token_hex
from typing import Any, ClassVar

from aiohttp import encode_basic_auth, web

from connectors.emulators.faults import Faults
from connectors.emulators.tax_rates import rate_of, tax_on

ROOT = "/api/v2"
FREIGHT = "FR020100"
"""Freight is not taxed here."""


@dataclass(slots=True)
class AvaTax:
    """One account."""

    root: ClassVar[str] = ROOT
    account: str = "2000000000"
    license_key: str = field(default_factory=token_hex)
    faults: Faults = field(default_factory=Faults)
    base_url: str = ""
    recorded: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What it keeps, by code: the newest version."""
    requests: list[str] = field(default_factory=list)

    def application(self) -> web.Application:
        """The HTTP side."""
        application = web.Application()
        application.router.add_post(ROOT + "/transactions/create", self._create)
        application.router.add_post(ROOT + "/transactions/createoradjust", self._create_or_adjust)
        application.router.add_post(ROOT + "/companies/{company}/transactions/{code}/void", self._void)
        return application

    @property
    def tax_recorded(self) -> Decimal:
        """All tax on its books."""
        live = (one for one in self.recorded.values() if one["status"] != "Cancelled")
        return sum((Decimal(str(one["totalTax"])) for one in live), Decimal(0))

    async def _create(self, request: web.Request) -> web.Response:
        return await self._answer(request, transaction)

    async def _create_or_adjust(self, request: web.Request) -> web.Response:
        return await self._answer(request, lambda body: self._keep(body["createTransactionModel"]))

    async def _void(self, request: web.Request) -> web.Response:
        code = request.match_info["code"]
        if code not in self.recorded:
            return _error(404, "EntityNotFoundError", f"There is no transaction {code}.")
        return await self._answer(request, lambda _: self.recorded[code] | {"status": "Cancelled"}, keep=code)

    def _keep(self, model: Mapping[str, Any]) -> dict[str, Any]:
        version = int(self.recorded.get(str(model["code"]), {}).get("version", 0)) + 1
        self.recorded[str(model["code"])] = {**transaction(model), "id": len(self.recorded) + 1, "version": version}
        return self.recorded[str(model["code"])]

    async def _answer(self, request: web.Request, act: Any, keep: str | None = None) -> web.Response:
        text = await request.text()
        self.requests.append(request.path)
        if request.headers.get("Authorization") != encode_basic_auth(self.account, self.license_key):
            return _error(401, "AuthenticationException", "Authentication failed.")
        fault = self.faults.take(text)
        if spoilt := await self.faults.before(fault):
            return spoilt
        told = act(json.loads(text, parse_float=Decimal))
        if keep:
            self.recorded[keep] = told
        return await self.faults.after(fault, web.json_response(told, dumps=_dumps))


def transaction(model: Mapping[str, Any]) -> dict[str, Any]:
    """A TransactionModel for a CreateTransactionModel."""
    to = model["addresses"]["shipTo"]
    rate = Decimal(0) if model.get("exemptionNo") or model.get("entityUseCode") else rate_of(to.get("region"))
    lines = [_line(line, to, Decimal(0) if line.get("taxCode") == FREIGHT else rate) for line in model["lines"]]
    return {
        "id": 0,
        "code": model["code"],
        "type": model["type"],
        "status": "Committed" if model["type"] != "SalesOrder" else "Temporary",
        "currencyCode": model["currencyCode"],
        "customerCode": model["customerCode"],
        "totalAmount": sum((Decimal(str(line["amount"])) for line in model["lines"]), Decimal(0)),
        "totalTax": sum((line["tax"] for line in lines), Decimal(0)),
        "totalTaxable": sum((line["taxableAmount"] for line in lines), Decimal(0)),
        "lines": lines,
    }


def _line(line: Mapping[str, Any], to: Mapping[str, Any], rate: Decimal) -> dict[str, Any]:
    amount = Decimal(str(line["amount"]))
    tax, taxable = tax_on(amount, rate), amount if rate else Decimal(0)
    detail = {
        "country": to.get("country"), "region": to.get("region"), "jurisCode": "00", "jurisType": "STA",
        "taxName": f"{to.get('region')} STATE TAX", "rate": rate, "tax": tax, "taxableAmount": taxable,
        "exemptAmount": amount - taxable,
    }  # fmt: skip
    return {
        "lineNumber": line["number"],
        "lineAmount": amount,
        "tax": tax,
        "taxableAmount": taxable,
        "details": [detail],
    }


def _dumps(tree: Any) -> str:
    return json.dumps(tree, default=float)


def _error(status: int, code: str, message: str) -> web.Response:
    told = {"code": code, "message": message, "details": [{"code": code, "description": message}]}
    return web.json_response({"error": told}, status=status)
