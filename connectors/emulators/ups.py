"""A local stand-in of UPS: rates, shipments by our own reference, labels drawn again, voids.

Source: https://github.com/UPS-API/api-documentation, Rating.yaml and Shipping.yaml
"""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from secrets import token_hex
from typing import Any

from aiohttp import web

from connectors.emulators.faults import Faults
from connectors.emulators.loopback import loopback

SERVICES = {"03": (Decimal("9.10"), 3), "12": (Decimal("14.40"), 2), "01": (Decimal("38.00"), 1)}
"""By service what a package costs before its weight, and its business days in transit."""
_POUND = Decimal("0.55")
DRAWN = {"PDF": b"%PDF-1.4 label", "PNG": b"\x89PNG label", "ZPL": b"^XA^FDlabel^XZ", "GIF": b"GIF89a label"}


@dataclass(slots=True)
class Ups:
    """One account: its shipments by UPS's number, and which of them were voided."""

    client_id: str = field(default_factory=token_hex)
    client_secret: str = field(default_factory=token_hex)
    webhook_secret: str = field(default_factory=token_hex)
    account: str = "A1B2C3"
    faults: Faults = field(default_factory=Faults)
    shipments: dict[str, dict[str, Any]] = field(default_factory=dict)
    voided: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    base_url: str = ""

    @property
    def live(self) -> dict[str, dict[str, Any]]:
        """What it would carry and bill."""
        return {number: made for number, made in self.shipments.items() if number not in self.voided}

    def application(self) -> web.Application:
        """The HTTP side."""
        application = web.Application()
        application.router.add_post("/security/v1/oauth/token", self._token)
        application.router.add_post("/api/rating/v2409/Shoptimeintransit", self._rate)
        application.router.add_post("/api/shipments/v2409/ship", self._ship)
        application.router.add_post("/api/labels/v1/recovery", self._recover)
        application.router.add_delete("/api/shipments/v2409/void/cancel/{number}", self._void)
        return application

    async def _token(self, _request: web.Request) -> web.Response:
        return web.json_response({"access_token": self.client_secret, "token_type": "Bearer", "expires_in": "14399"})

    async def _rate(self, request: web.Request) -> web.Response:
        return await self._answer(request, lambda body: web.json_response(rated(body["RateRequest"]["Shipment"])))

    async def _ship(self, request: web.Request) -> web.Response:
        return await self._answer(request, lambda body: web.json_response(self._made(body["ShipmentRequest"])))

    async def _recover(self, request: web.Request) -> web.Response:
        def recover(body: Mapping[str, Any]) -> web.Response:
            asked = body["LabelRecoveryRequest"]
            reference = asked["ReferenceValues"]["ReferenceNumber"]["Value"]
            found = next((number for number, made in self.live.items() if made["reference"] == reference), None)
            if found is None:
                return _error(400, "300025", "No shipment was found for this reference number")
            return web.json_response(self._recovered(found, asked["LabelSpecification"]["LabelImageFormat"]["Code"]))

        return await self._answer(request, recover)

    async def _void(self, request: web.Request) -> web.Response:
        def void(_: Mapping[str, Any]) -> web.Response:
            number = request.match_info["number"]
            if number in self.voided:
                return _error(400, "190117", "The shipment has already been voided")
            if number not in self.shipments:
                return _error(400, "190102", "No shipment found within the allowed void period")
            self.voided.add(number)
            return web.json_response({"VoidShipmentResponse": {"SummaryResult": {"Status": {"Code": "1"}}}})

        return await self._answer(request, void)

    async def _answer(self, request: web.Request, act: Callable[[Mapping[str, Any]], web.Response]) -> web.Response:
        text = await request.text()
        self.requests.append(f"{request.method} {request.path}")
        if request.headers.get("Authorization") != f"Bearer {self.client_secret}":
            return _error(401, "250002", "Invalid Authentication Information.")
        fault = self.faults.take(text)
        if spoilt := await self.faults.before(fault):
            return spoilt
        return await self.faults.after(fault, act(json.loads(text or "{}")))

    def _made(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        shipment, kind = asked["Shipment"], asked["LabelSpecification"]["LabelImageFormat"]["Code"]
        numbers = [f"1ZA1B2C303{10 * len(self.shipments) + place:08d}" for place in range(len(shipment["Package"]))]
        price = priced(shipment, shipment["Service"]["Code"])
        reference = shipment["ReferenceNumber"][0]["Value"]
        self.shipments[numbers[0]] = {"reference": reference, "packages": numbers, "price": price}
        drawn = [
            {"TrackingNumber": one, "ShippingLabel": {"ImageFormat": {"Code": kind}, "GraphicImage": picture(kind)}}
            for one in numbers
        ]
        charged = {"TotalCharges": {"CurrencyCode": "USD", "MonetaryValue": str(price)}}
        results = {"ShipmentIdentificationNumber": numbers[0], "ShipmentCharges": charged, "PackageResults": drawn}
        return {"ShipmentResponse": {"ShipmentResults": results}}

    def _recovered(self, number: str, kind: str) -> dict[str, Any]:
        drawn = [
            {"TrackingNumber": one, "LabelImage": {"LabelImageFormat": {"Code": kind}, "GraphicImage": picture(kind)}}
            for one in self.shipments[number]["packages"]
        ]
        return {"LabelRecoveryResponse": {"ShipmentIdentificationNumber": number, "LabelResults": drawn}}


def rated(shipment: Mapping[str, Any]) -> dict[str, Any]:
    """What every service costs."""
    told = [
        {
            "Service": {"Code": code},
            "TotalCharges": {"CurrencyCode": "USD", "MonetaryValue": str(priced(shipment, code))},
            "TimeInTransit": {"ServiceSummary": {"EstimatedArrival": {"BusinessDaysInTransit": str(days)}}},
        }
        for code, (_, days) in SERVICES.items()
    ]
    return {"RateResponse": {"Response": {"ResponseStatus": {"Code": "1"}}, "RatedShipment": told}}


def priced(shipment: Mapping[str, Any], service: str) -> Decimal:
    """What a service costs, for all packages together."""
    weights = [Decimal(package["PackageWeight"]["Weight"]) for package in shipment["Package"]]
    return sum((SERVICES[service][0] + _POUND * weight for weight in weights), Decimal(0)).quantize(Decimal("0.01"))


def picture(kind: str) -> str:
    """A label of a kind, in base64."""
    return b64encode(DRAWN[kind]).decode()


@asynccontextmanager
async def serving(office: Ups, port: int = 0) -> AsyncIterator[str]:
    """Serve it on loopback; yields its base URL, as the connection's `base_url` wants it."""
    async with loopback(office.application(), port) as url:
        office.base_url = url
        yield url


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"response": {"errors": [{"code": code, "message": message}]}}, status=status)
