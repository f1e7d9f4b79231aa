"""A local stand-in of a payment provider: authorizations, captures, refunds and voids, each once for its key."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from secrets import token_hex
from typing import Any, ClassVar

from aiohttp import web

from connectors.emulators.faults import Faults

_LASTS = timedelta(days=7)


@dataclass(slots=True)
class Paydesk:
    """One merchant's account: what was set aside, taken and given back, and every movement by its key."""

    root: ClassVar[str] = "/v1"
    api_key: str = field(default_factory=token_hex)
    faults: Faults = field(default_factory=Faults)
    authorizations: dict[str, Decimal] = field(default_factory=dict)
    """What may still be captured, by the authorization's number."""
    movements: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """What was asked for under each key."""
    declines: set[str] = field(default_factory=set)
    """Actions that are declined."""
    requests: int = 0
    base_url: str = ""

    def authorize(self, reference: str, amount: Decimal) -> None:
        """What a buyer authorized before the order came."""
        self.authorizations[reference] = amount

    def total(self, action: str) -> Decimal:
        """What was moved by an action in all."""
        done = (one for one in self.movements.values() if (one["action"], one["status"]) == (action, "done"))
        return sum((Decimal(one["amount"]) for one in done), Decimal(0))

    def application(self) -> web.Application:
        """The HTTP side."""
        application = web.Application()
        application.router.add_post("/v1/movements", self._move)
        return application

    async def _move(self, request: web.Request) -> web.Response:
        self.requests += 1
        text = await request.text()
        if request.headers.get("Authorization") != f"Bearer {self.api_key}":
            return web.json_response({"error": "who are you"}, status=401)
        fault = self.faults.take(text)
        if spoilt := await self.faults.before(fault):
            return spoilt
        key, asked = request.headers.get("Idempotency-Key", ""), json.loads(text)
        if not key or self.asked.setdefault(key, asked) != asked:
            return web.json_response({"error": "this key moved other money"}, status=409)
        if key not in self.movements:
            self.movements[key] = self._moved(asked)
        return await self.faults.after(fault, web.json_response(self.movements[key]))

    def _moved(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        number = f"mov_{len(self.movements) + 1}"
        told = {"id": number, "action": asked["action"], "currency": asked["currency"]}
        refusal = self._refusal(asked)
        if refusal:
            return {**told, "status": "declined", "amount": "0.00", "reason": refusal}
        amount, reference = Decimal(asked["amount"]), str(asked.get("authorization") or "")
        if asked["action"] == "authorize":
            reference = f"auth_{number}"
            self.authorizations[reference] = amount
            told["expires_at"] = (datetime.now(UTC) + _LASTS).isoformat()
        elif asked["action"] == "capture":
            self.authorizations[reference] -= amount
        elif asked["action"] == "void":
            self.authorizations[reference] = Decimal(0)
        return {**told, "status": "done", "amount": str(amount), "authorization": reference}

    def _refusal(self, asked: Mapping[str, Any]) -> str | None:
        """Why it is declined, in a bank's words."""
        action, amount = asked["action"], Decimal(asked["amount"])
        if action in self.declines:
            return "insufficient funds"
        if action == "authorize":
            return None if asked.get("token") else "no means of payment"
        if action == "capture" and amount > self.authorizations.get(str(asked.get("authorization")), Decimal(0)):
            return "more than was authorized"
        if action == "refund" and amount > self.total("capture") - self.total("refund"):
            return "more than was taken"
        return None
