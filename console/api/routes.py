"""The HTTP API in one table: each route, the right it needs, and what it takes and answers."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web

from canonical import Rejected
from console.api import books, health, order_desk, reading, sending
from console.api.call import Call, reply
from console.desk import Hub
from console.rights import Caller, Right
from console.web.guard import api_caller, require
from console.web.problem import Problem

HUB = web.AppKey("hub", Hub)

Handler = Callable[[Call], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """One route. `needs` is the right its token must give; None: anyone, or the route itself proves who asks."""

    method: Literal["GET", "POST"]
    path: str
    handler: Handler
    needs: Right | None
    summary: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    """The schema's name, or `bytes`."""
    answers: Mapping[int, str] = field(default_factory=lambda: {200: "the answer"})


async def openapi(call: Call) -> web.Response:
    """This API, described."""
    from console.api.openapi import describe

    return reply(describe(call.hub.name, ROUTES))


_PARTNER = {"partner": "the partner (or connection) it is sent for; a partner's own token need not say it"}
_KEYED = {"Idempotency-Key": "the same key and content again gives the first answer again; other content is a conflict"}
_RECEIPT = {202: "kept: its receipt"}

ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/documents",
        sending.take_document,
        "send",
        "Send a document as its bytes",
        query=_PARTNER,
        headers=_KEYED,
        body="bytes",
        answers=_RECEIPT,
    ),
    Route(
        "POST",
        "/v1/orders",
        sending.take_order,
        "send",
        "Send a canonical order",
        query=_PARTNER,
        headers={**_KEYED, "Prefer": "`wait=N`: seconds to wait for the decision"},
        body="PurchaseOrder",
        answers={201: "kept and decided: its receipt and the order", **_RECEIPT},
    ),
    Route(
        "GET",
        "/v1/orders",
        reading.list_orders,
        "read",
        "List orders",
        query={"limit": "at most so many (100)", "after": "the cursor `next` of the page before"},
    ),
    Route("GET", "/v1/orders/{id}/timeline", reading.show_timeline, "read", "What happened to an order"),
    Route("GET", "/v1/orders/{id}/explanation", reading.show_explanation, "inside", "Why an order went where it went"),
    Route(
        "POST",
        "/v1/orders/{id}/holds/{kind}/release",
        order_desk.release_hold,
        "mend",
        "Lift an order's hold",
        answers={202: "lifted: the order is decided again"},
    ),
    Route(
        "POST",
        "/v1/orders/{id}/holds",
        order_desk.place_hold,
        "mend",
        "Hold an order",
        body="WantedHold",
        answers={202: "placed: the order is decided again"},
    ),
    Route("GET", "/v1/reconciliation", books.reconcile, "inside", "Where orders, postings and the ERPs' books differ"),
    Route("GET", "/v1/holds", order_desk.list_holds, "inside", "Every hold in force, with owner, age and deadline"),
    Route(
        "POST",
        "/v1/orders/{id}/changes",
        order_desk.change_order,
        "send",
        "Change an order's lines, dates or address",
        headers=_KEYED,
        body="OrderChange",
        answers=_RECEIPT,
    ),
    Route(
        "GET",
        "/v1/kpis",
        reading.show_kpis,
        "inside",
        "How well orders were served: by channel, partner and node",
        query={"since": "orders that came since this time (ISO 8601)"},
    ),
    Route(
        "POST",
        "/v1/orders/{id}/returns/{number}/{verdict}",
        sending.settle_return,
        "mend",
        "Authorize or deny a return that waits for a person: `authorize` or `deny`",
        answers={202: "said: the buyer and the node are told"},
    ),
    Route(
        "POST",
        "/v1/returns",
        sending.take_return,
        "send",
        "Ask whether goods may come back, or withdraw that",
        query=_PARTNER,
        headers=_KEYED,
        body="ReturnAuthorization",
        answers=_RECEIPT,
    ),
    Route(
        "POST",
        "/v1/returns/receipts",
        sending.take_return_receipt,
        "send",
        "Say what came back; `order_number` is the number of our return authorization",
        query=_PARTNER,
        headers=_KEYED,
        body="ReturnReceipt",
        answers=_RECEIPT,
    ),
    Route("GET", "/v1/orders/{id}", reading.show_order, "read", "One order"),
    Route(
        "GET",
        "/v1/availability",
        reading.show_availability,
        "availability",
        "What can be promised",
        query={"sku": "the item"},
    ),
    *(
        Route("POST", path, handler, "stock", summary, query=_PARTNER, headers=_KEYED, body=body, answers=_RECEIPT)
        for path, handler, summary, body in (
            ("/v1/items", sending.take_item, "Say what we sell: a new item, or what has changed of one", "Item"),
            ("/v1/customers", sending.take_customer, "Say what has changed of a customer", "Customer"),
            ("/v1/price-lists", sending.take_price_list, "List what a customer pays", "PriceList"),
        )
    ),
    Route("POST", "/v1/inventory", sending.set_stock, "stock", "Set stock", body="Stock"),
    Route("GET", "/v1/documents/{id}/raw", reading.show_raw, "read", "A document's bytes"),
    Route("GET", "/v1/documents/{id}/labels/{number}", reading.show_label, "read", "A label as the carrier drew it"),
    Route("GET", "/v1/documents/{id}/lineage", reading.show_lineage, "inside", "Where a document's values come from"),
    Route("GET", "/v1/documents/{id}", reading.show_document, "read", "One document"),
    Route(
        "GET",
        "/v1/exceptions",
        reading.list_exceptions,
        "inside",
        "What a person must look at",
        query={"status": "open (default), retried, resolved or all"},
    ),
    Route(
        "POST",
        "/hooks/{connector}",
        sending.take_hook,
        None,
        "A connection's webhook, signed its vendor's way",
        body="bytes",
        answers={200: "kept: its receipt"},
    ),
    Route(
        "GET", "/hooks/{connector}", sending.answer_challenge, None, "A sender's question whether this address is ours"
    ),
    Route("GET", "/healthz", health.healthy, None, "The process answers"),
    Route("GET", "/readyz", health.ready, None, "The hub can work", answers={200: "ready", 503: "not ready"}),
    Route("GET", "/metrics", health.metrics, None, "Counts for Prometheus"),
    Route("GET", "/openapi.json", openapi, None, "This description"),
)

_NOBODY = Caller(None, None)


def _guarded(route: Route) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        hub = request.app[HUB]
        caller = _NOBODY
        if route.needs is not None:
            caller = await api_caller(request, hub.access)
            require(caller, route.needs)
        try:
            return await route.handler(Call(request, hub, caller))
        except Rejected as error:
            raise Problem(422, "rejected", error.message, findings=error.findings) from error

    return handle


def add_api(app: web.Application) -> None:
    """Put every route of the API into `app`; what can be got can be asked for by HEAD."""
    for route in ROUTES:
        path = route.path.replace("{id}", "{id:.+}")
        add = app.router.add_get if route.method == "GET" else app.router.add_post
        add(path, _guarded(route))
