"""A local stand-in of one Shopify shop: its GraphQL Admin API for fulfilment, its limits, its signed webhooks.

Sources: https://shopify.dev/docs/api/admin-graphql/latest/mutations/fulfillmentCreate,
https://shopify.dev/docs/api/usage/limits, https://shopify.dev/docs/apps/build/webhooks/delivery-structure
"""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, ClassVar

import aiohttp
from aiohttp import web

from connectors.emulators.faults import Faults
from connectors.emulators.graphql import GraphQLError, Object, connection, execute, parse
from connectors.emulators.shopify_orders import OrderBook

API_VERSION = "2026-07"
QUERY_COST = 10
EVENT_STATUSES = frozenset(
    {
        "ATTEMPTED_DELIVERY", "CARRIER_PICKED_UP", "CONFIRMED", "DELAYED", "DELIVERED", "FAILURE", "IN_TRANSIT",
        "LABEL_PRINTED", "LABEL_PURCHASED", "OUT_FOR_DELIVERY", "READY_FOR_PICKUP",
    }
)  # fmt: skip
"""FulfillmentEventStatus."""


@dataclass(slots=True)
class Fulfilment:
    """One effect in the ledger: what was fulfilled, by the order's line items."""

    id: int
    order: str
    tracking: Mapping[str, Any]
    quantities: Mapping[str, int]
    notified: bool
    status: str = "SUCCESS"
    events: list[Mapping[str, Any]] = field(default_factory=list)
    """What became of it on its way, as often as it was told."""


@dataclass(slots=True)
class Bucket:
    """Cost points: `capacity`, filled again by `rate` a second."""

    capacity: float = 2000.0
    rate: float = 100.0
    clock: Callable[[], float] = time.monotonic
    level: float = field(init=False)
    filled_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.level, self.filled_at = self.capacity, self.clock()

    def draw(self, points: float) -> bool:
        """Take points, unless there are too few."""
        now = self.clock()
        self.level = min(self.capacity, self.level + (now - self.filled_at) * self.rate)
        self.filled_at = now
        if points > self.level:
            return False
        self.level -= points
        return True


@dataclass(slots=True)
class ShopifyShop:
    """One shop: what it knows, what was done to it, and how it behaves."""

    root: ClassVar[str] = f"/admin/api/{API_VERSION}"
    domain: str = "trailhead-outfitters.myshopify.com"
    access_token: str = field(default_factory=token_hex)
    client_secret: str = field(default_factory=token_hex)
    faults: Faults = field(default_factory=Faults)
    bucket: Bucket = field(default_factory=Bucket)
    fulfilments: list[Fulfilment] = field(default_factory=list)
    """The ledger of effects."""
    requests: list[str] = field(default_factory=list)
    """The body of every request that came."""
    orders: OrderBook = field(default_factory=OrderBook)
    """What it sold, and what became of its money and stock."""
    base_url: str = ""
    _orders: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _last: int = 1_000

    def add_order(self, payload: Mapping[str, Any]) -> None:
        """Know an order as its webhook payload tells it, once: all its lines open, in one fulfilment order."""
        self.orders.add(payload)
        order = f"gid://shopify/Order/{payload['id']}"
        if order in self._orders:
            return
        lines = [
            {"id": self._gid("FulfillmentOrderLineItem"), "item": str(line["id"]), "remaining": int(line["quantity"])}
            for line in payload["line_items"]
        ]
        self._orders[order] = [{"id": self._gid("FulfillmentOrder"), "lines": lines}]

    def application(self) -> web.Application:
        """The HTTP side."""
        application = web.Application()
        application.router.add_post("/admin/api/{version}/graphql.json", self._graphql)
        return application

    async def push(self, url: str, topic: str, body: bytes, delivery_id: str | None = None) -> int:
        """Send a signed webhook; the same `delivery_id` again is a redelivery. Returns the status it got."""
        signature = hmac.new(self.client_secret.encode(), body, hashlib.sha256).digest()
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": base64.b64encode(signature).decode(),
            "X-Shopify-Shop-Domain": self.domain,
            "X-Shopify-API-Version": API_VERSION,
            "X-Shopify-Webhook-Id": delivery_id or str(uuid.uuid4()),
            "X-Shopify-Event-Id": str(uuid.uuid4()),
        }
        async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
            return answer.status

    async def _graphql(self, request: web.Request) -> web.Response:
        body = await request.text()
        self.requests.append(body)
        if request.headers.get("X-Shopify-Access-Token") != self.access_token:
            message = "[API] Invalid API key or access token (unrecognized login or wrong password)"
            return web.json_response({"errors": message}, status=401)
        if not self.bucket.draw(QUERY_COST):
            return web.json_response(self._throttled())
        fault = self.faults.take(body)
        spoilt = await self.faults.before(fault)
        return spoilt or await self.faults.after(fault, web.json_response(self._answer(json.loads(body))))

    def _answer(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            operation = parse(asked["query"])
            root: Object = {
                "order": self._order,
                "fulfillment": self._fulfilment,
                "fulfillmentCreate": self._create,
                "fulfillmentEventCreate": self._tell,
                **self.orders.root(self._fulfilments_of),
            }
            return {
                "data": execute(operation, root, asked.get("variables") or {}),
                "extensions": self._cost(QUERY_COST),
            }
        except GraphQLError as error:
            return {"errors": [{"message": str(error), "extensions": {"code": "undefinedField"}}]}

    def _throttled(self) -> Mapping[str, Any]:
        code = {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits"}
        return {"errors": [{"message": "Throttled", "extensions": code}], "extensions": self._cost(None)}

    def _cost(self, actual: int | None) -> Mapping[str, Any]:
        status = {
            "maximumAvailable": self.bucket.capacity,
            "currentlyAvailable": int(self.bucket.level),
            "restoreRate": self.bucket.rate,
        }
        return {"cost": {"requestedQueryCost": QUERY_COST, "actualQueryCost": actual, "throttleStatus": status}}

    def _order(self, id: str) -> Object | None:  # noqa: A002 - the API's own argument
        if id not in self._orders:
            return None
        return {
            **self.orders.told(id),
            "fulfillments": self._fulfilments_of(id),
            "fulfillmentOrders": connection([_open(group) for group in self._orders[id]]),
        }

    def _fulfilments_of(self, order: str) -> Callable[..., list[Object]]:
        return lambda first=None: [_shown(one) for one in self.fulfilments if one.order == order][:first]

    def _known(self, fulfilment: str) -> Fulfilment | None:
        return next((one for one in self.fulfilments if _shown(one)["id"] == fulfilment), None)

    def _fulfilment(self, id: str) -> Object | None:  # noqa: A002 - the API's own argument
        known = self._known(id)
        return {"id": id, "events": connection(known.events)} if known else None

    def _tell(self, fulfillmentEvent: Mapping[str, Any]) -> Object:  # noqa: N803 - the API's own argument
        known = self._known(fulfillmentEvent["fulfillmentId"])
        if known is None or fulfillmentEvent["status"] not in EVENT_STATUSES:
            return {
                "fulfillmentEvent": None,
                "userErrors": [{"field": None, "message": "Fulfillment event is invalid"}],
            }
        known.events.append(fulfillmentEvent)
        return {"fulfillmentEvent": {"id": self._gid("FulfillmentEvent")}, "userErrors": []}

    def _create(self, fulfillment: Mapping[str, Any]) -> Object:
        wanted: dict[str, int] = {}
        for part in fulfillment["lineItemsByFulfillmentOrder"]:
            known = self._group(part["fulfillmentOrderId"])
            if known is None:
                return _refused("Fulfillment order does not exist.")
            for line in part.get("fulfillmentOrderLineItems") or [
                {"id": line["id"], "quantity": line["remaining"]} for line in known[1]["lines"]
            ]:
                wanted[line["id"]] = wanted.get(line["id"], 0) + line["quantity"]
        lines = {line["id"]: line for groups in self._orders.values() for group in groups for line in group["lines"]}
        if not wanted or any(key not in lines or not 0 < n <= lines[key]["remaining"] for key, n in wanted.items()):
            return _refused("Invalid fulfillment order line item quantity requested.")
        return self._fulfil(known[0] if known else "", fulfillment, lines, wanted)

    def _fulfil(
        self, order: str, asked: Mapping[str, Any], lines: Mapping[str, dict[str, Any]], wanted: Mapping[str, int]
    ) -> Object:
        for key, quantity in wanted.items():
            lines[key]["remaining"] -= quantity
        quantities = {lines[key]["item"]: quantity for key, quantity in wanted.items()}
        self._last += 1
        made = Fulfilment(
            self._last, order, asked.get("trackingInfo") or {}, quantities, asked.get("notifyCustomer") is True
        )
        self.fulfilments.append(made)
        return {"fulfillment": _shown(made), "userErrors": []}

    def _group(self, group_id: str) -> tuple[str, dict[str, Any]] | None:
        return next(
            ((order, group) for order, groups in self._orders.items() for group in groups if group["id"] == group_id),
            None,
        )

    def _gid(self, kind: str) -> str:
        self._last += 1
        return f"gid://shopify/{kind}/{self._last}"


def _shown(made: Fulfilment) -> Object:
    numbers = made.tracking.get("numbers") or [number for number in [made.tracking.get("number")] if number]
    company = made.tracking.get("company")
    return {
        "id": f"gid://shopify/Fulfillment/{made.id}",
        "status": made.status,
        "trackingInfo": lambda first=None: [{"number": number, "company": company, "url": None} for number in numbers][
            :first
        ],
    }


def _open(group: Mapping[str, Any]) -> Object:
    lines = [
        {
            "id": line["id"],
            "remainingQuantity": line["remaining"],
            "lineItem": {"id": f"gid://shopify/LineItem/{line['item']}"},
        }
        for line in group["lines"]
    ]
    done = all(line["remaining"] == 0 for line in group["lines"])
    return {"id": group["id"], "status": "CLOSED" if done else "OPEN", "lineItems": connection(lines)}


def _refused(message: str) -> Object:
    return {"fulfillment": None, "userErrors": [{"field": ["fulfillment"], "message": message}]}
