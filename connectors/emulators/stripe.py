"""A local stand-in of Stripe: PaymentIntents captured by hand, refunds, and a ledger of every movement.

Sources: https://docs.stripe.com/api/payment_intents, https://docs.stripe.com/api/refunds,
https://docs.stripe.com/api/balance_transactions,
https://docs.stripe.com/api/idempotent_requests and https://docs.stripe.com/api/errors.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from time import time
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qsl

from aiohttp import web

from connectors.emulators.faults import Faults

_LASTS = 7 * 24 * 3600
_Answer = tuple[int, dict[str, Any]]
_SIGNS = {"capture": 1, "refund": -1, "payout": -1}
"""What moves the balance, and which way."""
_TYPES = {"capture": "charge"}
"""What Stripe calls it there."""


class Movement(NamedTuple):
    """Money that moved, in cents."""

    action: str
    intent: str
    amount: int


@dataclass(slots=True)
class Stripe:
    """One account. `pm_card_visa` and every other means of payment is good, unless it is among `declines`."""

    root: ClassVar[str] = "/v1"
    secret_key: str = field(default_factory=lambda: f"sk_test_{token_hex(12)}")
    faults: Faults = field(default_factory=Faults)
    base_url: str = ""
    declines: set[str] = field(default_factory=set)
    """Means of payment and intents whose issuer says no."""
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    ledger: list[Movement] = field(default_factory=list)
    answered: dict[str, tuple[Mapping[str, str], _Answer]] = field(default_factory=dict)
    """What was asked under each key, and the answer it gets for ever."""

    def authorize(self, number: str, amount: int, multicapture: str = "never") -> None:
        """What a buyer authorized in the shop's own checkout before the order came."""
        self.intents[number] = _intent(number, amount, "usd", multicapture)

    def total(self, action: str) -> int:
        """Cents that were moved by an action in all."""
        return sum(one.amount for one in self.ledger if one.action == action)

    def application(self) -> web.Application:
        """The HTTP side."""
        application = web.Application()
        routes: Mapping[str, Callable[[Mapping[str, str], Mapping[str, str]], _Answer]] = {
            "/payment_intents": self._create,
            "/payment_intents/{id}/capture": self._capture,
            "/payment_intents/{id}/cancel": self._cancel,
            "/refunds": self._refund,
        }
        for path, act in routes.items():
            application.router.add_post("/v1" + path, self._keyed(act))
        application.router.add_get("/v1/payment_intents/{id}", self._plain(self._intent))
        application.router.add_get("/v1/payment_methods/{id}", self._plain(_method))
        application.router.add_get("/v1/balance_transactions", self._plain(self._movements))
        application.router.add_get("/v1/refunds", self._plain(self._refunds))
        return application

    def _plain(self, act: Callable[[Mapping[str, str], Mapping[str, str]], _Answer]) -> Any:
        async def handle(request: web.Request) -> web.Response:
            if request.headers.get("Authorization") != f"Bearer {self.secret_key}":
                return _response(_error(401, "invalid_request_error", "", "Invalid API Key provided"))
            fault = self.faults.take("")
            if spoilt := await self.faults.before(fault):
                return spoilt
            return await self.faults.after(fault, _response(act(request.match_info, request.query)))

        return handle

    def _keyed(self, act: Callable[[Mapping[str, str], Mapping[str, str]], _Answer]) -> Any:
        """The same key and content gets the first answer again, an error too; other content is refused."""

        async def handle(request: web.Request) -> web.Response:
            text = await request.text()
            if request.headers.get("Authorization") != f"Bearer {self.secret_key}":
                return _response(_error(401, "invalid_request_error", "", "Invalid API Key provided"))
            fault = self.faults.take(text)
            if spoilt := await self.faults.before(fault):
                return spoilt
            key, asked = request.headers.get("Idempotency-Key", ""), {"path": request.path, **dict(parse_qsl(text))}
            known = self.answered.get(key)
            if known is None:
                known = self.answered[key] = (asked, act(request.match_info, asked))
            if known[0] != asked:
                known = asked, _error(400, "idempotency_error", "", "Keys can only be used with the same parameters")
            return await self.faults.after(fault, _response(known[1]))

        return handle

    # --- what is asked ----------------------------------------------------------------------------------------------

    def _create(self, _of: Mapping[str, str], asked: Mapping[str, str]) -> _Answer:
        if asked["payment_method"] in self.declines:
            return _error(402, "card_error", "card_declined", "Your card was declined.", "insufficient_funds")
        number = f"pi_{len(self.intents) + 1}"
        multicapture = asked.get("payment_method_options[card][request_multicapture]", "never")
        self.intents[number] = _intent(number, int(asked["amount"]), asked["currency"].lower(), multicapture)
        self.intents[number]["metadata"].update(_metadata(asked))
        self.ledger.append(Movement("authorize", number, int(asked["amount"])))
        return 200, self.intents[number]

    def _intent(self, of: Mapping[str, str], _query: Mapping[str, str]) -> _Answer:
        known = self.intents.get(of["id"])
        return (200, known) if known else _error(404, "invalid_request_error", "resource_missing", "No such intent")

    def _capture(self, of: Mapping[str, str], asked: Mapping[str, str]) -> _Answer:
        intent, amount = self.intents[of["id"]], int(asked["amount_to_capture"])
        if of["id"] in self.declines:
            return _error(402, "card_error", "card_declined", "Your card was declined.", "do_not_honor")
        if intent["status"] != "requires_capture":
            return _unexpected(intent)
        if amount > intent["amount_capturable"]:
            message = "This value must be less than or equal to the remaining capturable amount."
            return _error(400, "invalid_request_error", "amount_too_large", message)
        whole = asked.get("final_capture", "true") == "true" or amount == intent["amount_capturable"]
        intent["amount_received"] += amount
        intent["amount_capturable"] = 0 if whole else intent["amount_capturable"] - amount
        intent["status"] = "succeeded" if whole else "requires_capture"
        intent["metadata"].update(_metadata(asked))
        self.ledger.append(Movement("capture", of["id"], amount))
        return 200, intent

    def _cancel(self, of: Mapping[str, str], _asked: Mapping[str, str]) -> _Answer:
        intent = self.intents[of["id"]]
        if intent["status"] != "requires_capture":
            return _unexpected(intent)
        self.ledger.append(Movement("void", of["id"], intent["amount_capturable"]))
        intent.update(status="canceled", amount_capturable=0)
        return 200, intent

    def _refund(self, _of: Mapping[str, str], asked: Mapping[str, str]) -> _Answer:
        intent, amount = self.intents[asked["payment_intent"]], int(asked["amount"])
        given_back = sum(one["amount"] for one in self.refunds if one["payment_intent"] == intent["id"])
        if amount > intent["amount_received"] - given_back:
            message = "Refund amount is greater than unrefunded amount on charge"
            return _error(400, "invalid_request_error", "charge_already_refunded", message)
        refund = {
            "id": f"re_{len(self.refunds) + 1}", "object": "refund", "amount": amount, "currency": intent["currency"],
            "payment_intent": intent["id"], "status": "succeeded",
            "metadata": _metadata(asked),
        }  # fmt: skip
        self.refunds.append(refund)
        self.ledger.append(Movement("refund", intent["id"], amount))
        return 200, refund

    def _movements(self, _of: Mapping[str, str], _query: Mapping[str, str]) -> _Answer:
        """Captures and refunds, the newest first, and the payout that they made."""
        moved = [one for one in self.ledger if one.action in _SIGNS]
        told = [_movement(f"txn_{place}", one) for place, one in enumerate(moved, start=1)]
        if told:
            told.append(_movement("txn_payout", Movement("payout", "po_1", sum(one["net"] for one in told))))
        return 200, {"object": "list", "data": told[::-1], "has_more": False}

    def _refunds(self, _of: Mapping[str, str], query: Mapping[str, str]) -> _Answer:
        those = [one for one in self.refunds if one["payment_intent"] == query["payment_intent"]]
        return 200, {"object": "list", "data": those, "has_more": False}


def _movement(number: str, one: Movement) -> dict[str, Any]:
    """As a balance transaction: what was taken, less Stripe's part; nothing is kept of what goes out."""
    amount = _SIGNS[one.action] * one.amount
    fee = one.amount * 3 // 100 if amount > 0 else 0
    details = [{"type": "stripe_fee", "amount": fee, "currency": "usd"}] if fee else []
    source = {"id": f"{one.action}_{one.intent}", "payment_intent": one.intent}
    return {
        "id": number, "object": "balance_transaction", "type": _TYPES.get(one.action, one.action),
        "amount": amount, "fee": fee, "fee_details": details, "net": amount - fee, "currency": "usd",
        "created": int(time()), "reporting_category": _TYPES.get(one.action, one.action),
        "source": source if one.action != "payout" else {"id": one.intent},
    }  # fmt: skip


def _metadata(asked: Mapping[str, str]) -> dict[str, str]:
    return {name[9:-1]: value for name, value in asked.items() if name.startswith("metadata[")}


def _intent(number: str, amount: int, currency: str, multicapture: str) -> dict[str, Any]:
    card = {"capture_before": int(time()) + _LASTS, "multicapture": {"status": multicapture}}
    charge = {"id": f"ch_{number}", "object": "charge", "payment_method_details": {"type": "card", "card": card}}
    return {
        "id": number, "object": "payment_intent", "amount": amount, "amount_capturable": amount, "amount_received": 0,
        "capture_method": "manual", "currency": currency, "status": "requires_capture", "metadata": {},
        "latest_charge": charge, "livemode": False,
    }  # fmt: skip


def _method(of: Mapping[str, str], _query: Mapping[str, str]) -> _Answer:
    return 200, {"id": of["id"], "object": "payment_method", "type": "card", "customer": "cus_1"}


def _unexpected(intent: Mapping[str, Any]) -> _Answer:
    message = f"This PaymentIntent could not be changed because it has a status of {intent['status']}."
    status, body = _error(400, "invalid_request_error", "payment_intent_unexpected_state", message)
    return status, {"error": {**body["error"], "payment_intent": dict(intent)}}


def _error(status: int, kind: str, code: str, message: str, decline: str = "") -> _Answer:
    told = {"type": kind, "code": code, "message": message, "decline_code": decline}
    return status, {"error": {name: value for name, value in told.items() if value}}


def _response(answer: _Answer) -> web.Response:
    return web.json_response(answer[1], status=answer[0])
