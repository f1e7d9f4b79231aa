"""A local stand-in of UPS: rates, shipments by our own reference, labels drawn again, voids, tracking and its events.

Source: https://github.com/UPS-API/api-documentation, Rating.yaml, Shipping.yaml, Tracking.yaml and UPSTrackAlert.yaml
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from secrets import token_hex
from typing import Any, ClassVar

from aiohttp import ClientSession, web

from connectors.emulators.faults import Faults
from connectors.emulators.labels import picture

SERVICES = {"03": (Decimal("9.10"), 3), "12": (Decimal("14.40"), 2), "01": (Decimal("38.00"), 1)}
"""By service what a package costs before its weight, and its business days in transit."""
_POUND = Decimal("0.55")
ACTIVITIES = {
    "picked_up": ("P", "PU", "038", "Picked up"),
    "in_transit": ("I", "DP", "005", "On the Way"),
    "out_for_delivery": ("I", "OT", "021", "Out for Delivery"),
    "attempted_delivery": ("X", "48", "022", "Delivery attempted"),
    "delivered": ("D", "FS", "011", "Delivered"),
    "returned_to_shipper": ("X", "RS", "033", "Returned to the sender"),
}
"""What UPS says of each milestone: its type, code, package status and words."""


@dataclass(slots=True)
class Ups:
    """One account: its shipments by UPS's number, and which of them were voided."""

    root: ClassVar[str] = ""
    client_id: str = field(default_factory=token_hex)
    client_secret: str = field(default_factory=token_hex)
    webhook_secret: str = field(default_factory=token_hex)
    account: str = "A1B2C3"
    faults: Faults = field(default_factory=Faults)
    shipments: dict[str, dict[str, Any]] = field(default_factory=dict)
    voided: set[str] = field(default_factory=set)
    subscribed: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """By tracking number, the destination that Track Alert was given."""
    activities: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """By tracking number, the latest first."""
    requests: list[str] = field(default_factory=list)
    base_url: str = ""

    @property
    def live(self) -> dict[str, Sequence[str]]:
        """The tracking numbers of what it would carry and bill, by shipment."""
        return {number: made["packages"] for number, made in self.shipments.items() if number not in self.voided}

    def application(self) -> web.Application:
        """The HTTP side."""
        application = web.Application()
        application.router.add_post("/security/v1/oauth/token", self._token)
        application.router.add_post("/api/rating/v2409/Shoptimeintransit", self._rate)
        application.router.add_post("/api/shipments/v2409/ship", self._ship)
        application.router.add_post("/api/labels/v1/recovery", self._recover)
        application.router.add_delete("/api/shipments/v2409/void/cancel/{number}", self._void)
        application.router.add_post("/api/track/v1/subscription/standard/package", self._subscribe)
        application.router.add_get("/api/track/v1/details/{number}", self._track)
        return application

    async def tell(self, number: str, milestone: str, at: datetime, url: str | None = None) -> int | None:
        """Note what happened to a package, and push it to whom it was subscribed for, or to `url` in the place of their
        address. The status it got; None where nobody subscribed."""
        self.note(number, milestone, at)
        if number not in self.subscribed:
            return None
        kind, code, status, description = ACTIVITIES[milestone]
        day, time = f"{at:%Y%m%d}", f"{at:%H%M%S}"
        event = {
            "trackingNumber": number, "localActivityDate": day, "localActivityTime": time, "gmtActivityDate": day,
            "gmtActivityTime": time, "activityLocation": {"city": "", "country": "US"}, "scheduledDeliveryDate": "",
            "activityStatus": {"type": kind, "code": code, "description": description, "descriptionCode": status},
        }  # fmt: skip
        destination = self.subscribed[number]
        headers = {"credential": destination["credential"], "User-Agent": "UPSPubSubTrackingService"}
        async with (
            ClientSession() as session,
            session.post(url or destination["url"], json=event, headers=headers) as answer,
        ):
            return answer.status

    def note(self, number: str, milestone: str, at: datetime) -> None:
        """Something happened to a package: whoever asks is told from now on."""
        kind, code, status, description = ACTIVITIES[milestone]
        said = {"type": kind, "code": code, "statusCode": status, "description": description}
        when = {"date": f"{at:%Y%m%d}", "time": f"{at:%H%M%S}", "gmtOffset": "+00:00"}
        place = {"address": {"countryCode": "US"}}
        self.activities.setdefault(number, []).insert(0, {**when, "location": place, "status": said})

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
            found = next((one for one in self.live if self.shipments[one]["reference"] == reference), None)
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

    async def _subscribe(self, request: web.Request) -> web.Response:
        def subscribe(body: Mapping[str, Any]) -> web.Response:
            numbers = body["trackingNumberList"]
            self.subscribed.update(dict.fromkeys(numbers, body["destination"]))
            return web.json_response({"validTrackingNumbers": numbers, "invalidTrackingNumbers": []})

        return await self._answer(request, subscribe)

    async def _track(self, request: web.Request) -> web.Response:
        number = request.match_info["number"]
        if number not in self.activities:
            return await self._answer(request, lambda _: _error(404, "TW0001", "Tracking Information Not Found"))
        package = {"trackingNumber": number, "activity": self.activities[number]}
        told = {"trackResponse": {"shipment": [{"inquiryNumber": number, "package": [package]}]}}
        return await self._answer(request, lambda _: web.json_response(told))

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


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"response": {"errors": [{"code": code, "message": message}]}}, status=status)
