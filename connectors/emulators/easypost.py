"""A local stand-in of EasyPost: orders rated, bought and refunded, label files, trackers and their signed events.

Sources: https://docs.easypost.com/docs/orders, /shipments, /trackers and https://docs.easypost.com/guides/webhooks-guide,
https://support.easypost.com/hc/en-us/articles/39826034964237-Webhook-HMAC-Validation
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime
from secrets import token_hex
from typing import Any, ClassVar
from urllib.parse import urlsplit

from aiohttp import ClientSession, encode_basic_auth, web

from connectors.emulators.faults import Faults
from connectors.emulators.labels import DRAWN, MEDIA_TYPES

ROOT = "/v2"
SERVICES = {
    ("UPSDAP", "Ground"): (Decimal("9.35"), 3),
    ("UPSDAP", "3DaySelect"): (Decimal("14.10"), 2),
    ("USPS", "Express"): (Decimal("36.50"), 1),
}
"""By carrier and service what a package costs before its weight, and its days in transit."""
_OUNCE = Decimal("0.034")
STATUSES = {
    "picked_up": "in_transit",
    "in_transit": "in_transit",
    "out_for_delivery": "out_for_delivery",
    "attempted_delivery": "failure",
    "delivered": "delivered",
    "returned_to_shipper": "return_to_sender",
}
"""What EasyPost says of each milestone."""


@dataclass(slots=True)
class EasyPost:
    """One account: its orders by EasyPost's number, and its trackers by tracking code."""

    root: ClassVar[str] = ROOT
    api_key: str = field(default_factory=token_hex)
    webhook_secret: str = field(default_factory=token_hex)
    faults: Faults = field(default_factory=Faults)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    trackers: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    base_url: str = ""

    @property
    def live(self) -> dict[str, Sequence[str]]:
        """The tracking codes of what it would carry and bill, by order."""
        return {
            number: codes
            for number, order in self.orders.items()
            if (codes := [one["tracking_code"] for one in order["shipments"] if _is_live(one)])
        }

    def application(self) -> web.Application:
        """The HTTP side."""
        application = web.Application()
        application.router.add_post(ROOT + "/orders", self._order)
        application.router.add_get(ROOT + "/orders/{id}", self._found)
        application.router.add_post(ROOT + "/orders/{id}/buy", self._buy)
        application.router.add_get(ROOT + "/shipments/{id}/label", self._convert)
        application.router.add_post(ROOT + "/shipments/{id}/refund", self._refund)
        application.router.add_get(ROOT + "/trackers", self._trackers)
        application.router.add_get("/files/{kind}", self._file)
        return application

    async def tell(self, code: str, milestone: str, at: datetime, url: str) -> int:
        """Note what happened to a package, and push the event to `url`. The status it got."""
        tracker = self.note(code, milestone, at)
        event = {"id": f"evt_{token_hex(8)}", "object": "Event", "description": "tracker.updated", "result": tracker}
        body = json.dumps(event).encode()
        async with ClientSession() as session, session.post(url, data=body, headers=self._signed(url, body)) as answer:
            return answer.status

    def _signed(self, url: str, body: bytes) -> dict[str, str]:
        sent, path, key = format_datetime(datetime.now(UTC)), urlsplit(url).path, self.webhook_secret.encode()
        first = hmac.new(key, body, hashlib.sha256).hexdigest()
        second = hmac.new(key, f"{sent}POST{path}".encode() + body, hashlib.sha256).hexdigest()
        return {
            "Content-Type": "application/json",
            "X-Timestamp": sent,
            "X-Path": path,
            "X-Hmac-Signature": f"hmac-sha256-hex={first}",
            "X-Hmac-Signature-V2": f"hmac-sha256-hex={second}",
        }

    def note(self, code: str, milestone: str, at: datetime) -> dict[str, Any]:
        """Something happened to a package; its tracker, which whoever asks is told from now on."""
        tracker, said = self.trackers[code], {"status": STATUSES[milestone], "datetime": _instant(at)}
        details = [*tracker["tracking_details"], {"object": "TrackingDetail", "message": milestone, **said}]
        tracker.update(status=STATUSES[milestone], updated_at=_instant(at), tracking_details=details)
        return tracker

    async def _order(self, request: web.Request) -> web.Response:
        return await self._answer(request, lambda body: web.json_response(self._made(body["order"]), status=201))

    async def _found(self, request: web.Request) -> web.Response:
        return await self._answer(request, lambda _: self._known(request, web.json_response))

    async def _buy(self, request: web.Request) -> web.Response:
        return await self._answer(request, lambda body: self._known(request, lambda order: self._bought(order, body)))

    async def _convert(self, request: web.Request) -> web.Response:
        kind = request.query["file_format"].lower()

        def convert(shipment: dict[str, Any]) -> web.Response:
            shipment["postage_label"][f"label_{kind}_url"] = f"{self._home}/files/{kind}"
            return web.json_response(shipment)

        return await self._answer(request, lambda _: self._shipment(request, convert))

    async def _refund(self, request: web.Request) -> web.Response:
        def refund(shipment: dict[str, Any]) -> web.Response:
            shipment["refund_status"] = "submitted"
            return web.json_response(shipment)

        return await self._answer(request, lambda _: self._shipment(request, refund))

    async def _trackers(self, request: web.Request) -> web.Response:
        wanted = request.query.get("tracking_code")
        found = [one for code, one in self.trackers.items() if wanted in (None, code)]
        return await self._answer(request, lambda _: web.json_response({"trackers": found[::-1], "has_more": False}))

    async def _file(self, request: web.Request) -> web.Response:
        kind = request.match_info["kind"]
        return web.Response(body=DRAWN[kind.upper()], content_type=MEDIA_TYPES[kind])

    async def _answer(self, request: web.Request, act: Callable[[Mapping[str, Any]], web.Response]) -> web.Response:
        text = await request.text()
        self.requests.append(f"{request.method} {request.path}")
        if request.headers.get("Authorization") != encode_basic_auth(self.api_key, ""):
            return _error(401, "APIKEY.INACTIVE", "This api key is no longer active.")
        fault = self.faults.take(text)
        if spoilt := await self.faults.before(fault):
            return spoilt
        return await self.faults.after(fault, act(json.loads(text or "{}", parse_float=Decimal)))

    def _known(self, request: web.Request, act: Callable[[dict[str, Any]], web.Response]) -> web.Response:
        wanted = request.match_info["id"]
        found = (one for one in self.orders.values() if wanted in (one["id"], one["reference"]))
        order = next(found, None)
        return act(order) if order else _error(404, "NOT_FOUND", "The requested resource could not be found.")

    def _shipment(self, request: web.Request, act: Callable[[dict[str, Any]], web.Response]) -> web.Response:
        every = (one for order in self.orders.values() for one in order["shipments"])
        found = next((one for one in every if one["id"] == request.match_info["id"]), None)
        return act(found) if found else _error(404, "NOT_FOUND", "The requested resource could not be found.")

    def _made(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        number = f"order_{token_hex(8)}"
        shipments = [
            {"id": f"shp_{token_hex(8)}", "object": "Shipment", "order_id": number, "parcel": _plain(one["parcel"]),
             "tracking_code": None, "postage_label": None, "selected_rate": None, "refund_status": None}
            for one in asked["shipments"]
        ]  # fmt: skip
        rates = [_rate(carrier, service, asked["shipments"]) for carrier, service in SERVICES]
        made = {"id": number, "object": "Order", "reference": asked["reference"], "shipments": shipments}
        self.orders[number] = {**made, "rates": rates, "messages": []}
        return self.orders[number]

    def _bought(self, order: dict[str, Any], asked: Mapping[str, Any]) -> web.Response:
        chosen = (str(asked["carrier"]), str(asked["service"]))
        if chosen not in SERVICES:
            return _error(422, "ORDER.PURCHASE.FAILED", f"No rate of {chosen[0]} {chosen[1]}")
        for shipment in order["shipments"]:
            if shipment["tracking_code"] is None:
                code = f"EZ4{len(self.trackers) + 1:09d}"
                label = {
                    "object": "PostageLabel",
                    "label_url": f"{self._home}/files/png",
                    "label_file_type": "image/png",
                }
                rate = _rate(*chosen, [{"parcel": shipment["parcel"]}])
                shipment.update(tracking_code=code, postage_label=label, selected_rate=rate)
                self.trackers[code] = _tracker(code, chosen[0])
        return web.json_response(order)

    @property
    def _home(self) -> str:
        return self.base_url.removesuffix(ROOT)


def _is_live(shipment: Mapping[str, Any]) -> bool:
    return bool(shipment["tracking_code"]) and not shipment["refund_status"]


def _rate(carrier: str, service: str, shipments: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    base, days = SERVICES[carrier, service]
    price = sum((base + _OUNCE * Decimal(str(one["parcel"]["weight"])) for one in shipments), Decimal(0))
    return {
        "id": f"rate_{token_hex(8)}", "object": "Rate", "carrier": carrier, "service": service,
        "rate": str(price.quantize(Decimal("0.01"))), "currency": "USD", "delivery_days": days,
    }  # fmt: skip


def _tracker(code: str, carrier: str) -> dict[str, Any]:
    return {
        "id": f"trk_{token_hex(8)}", "object": "Tracker", "tracking_code": code, "carrier": carrier,
        "status": "unknown", "updated_at": None, "tracking_details": [],
    }  # fmt: skip


def _plain(parcel: Mapping[str, Any]) -> dict[str, Any]:
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in parcel.items()}


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message, "errors": []}}, status=status)
