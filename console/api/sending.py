"""What comes in over the API: documents, orders, webhooks, stock. Kept before it is answered."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from canonical.exchange import OWN_PEOPLE
from console.api.acceptance import (
    StockLevel,
    read_customer,
    read_item,
    read_order,
    read_price_list,
    read_return,
    read_return_receipt,
    read_stock,
)
from console.api.call import Call, reply
from console.desk import Hub
from console.web.problem import Problem, forbidden, not_found, unauthorized
from console.web.sight import header_of
from router.ports import Arrival, Receipt, StockRoom

_PATIENCE = 2.0
_LONGEST_PATIENCE = 30.0
_LONGEST_KEY = 255


def _sender(call: Call) -> str | None:
    """The partner this call sends for: its own, or the one a role's token names."""
    named, own = call.query("partner"), call.caller.partner
    if own is not None:
        if named not in (None, own):
            raise forbidden(f"this token is partner {own}'s: it cannot send as {named}")
        return own
    if named is not None and named not in {door.id for door in call.hub.doors}:
        raise Problem(422, "unknown-partner", f"no partner or connection is called {named}")
    return named


def key_of(call: Call, *, required: bool) -> str | None:
    """The `Idempotency-Key`. Raises `Problem` 400."""
    key = call.request.headers.get("Idempotency-Key", "").strip()
    if (required and not key) or len(key) > _LONGEST_KEY:
        raise Problem(400, "idempotency-key", f"send an Idempotency-Key header of 1 to {_LONGEST_KEY} characters")
    return key or None


def facts_of(call: Call, **more: str) -> dict[str, str]:
    """What is known of who sends."""
    facts = {
        "content_type": call.request.content_type,
        "remote": call.request.remote or "",
        "sent_by": call.caller.name,
    }
    return {**facts, **more}


def receipt_of(receipt: Receipt) -> dict[str, Any]:
    """The first answer, whether this is the first time or not."""
    if receipt.status == "conflict":
        raise Problem(
            409, "conflict", f"this key came before with other content; a person looks at both ({receipt.id})"
        )
    return {"id": receipt.id, "status": "accepted", "sha256": receipt.sha256, "received_at": receipt.received_at}


def replayed(receipt: Receipt) -> dict[str, str]:
    """Says that it came before."""
    return {"Idempotency-Replayed": "true"} if receipt.status == "duplicate" else {}


async def take_document(call: Call) -> web.Response:
    """Keep a partner's bytes; what they mean is answered in the partner's own language."""
    sender = _sender(call)
    if sender is None:
        raise Problem(400, "partner-missing", "say whose document this is: ?partner=ID")
    content, key = await call.body(), key_of(call, required=False)
    if not content:
        raise Problem(400, "empty-body", "the body is empty")
    key = key or f"sha256:{hashlib.sha256(content).hexdigest()}"
    receipt = await call.hub.receive(Arrival(sender, "http", content, key, facts_of(call)))
    return reply(receipt_of(receipt), 202, replayed(receipt))


def _patience(call: Call) -> float:
    """Seconds to wait for the decision, as `Prefer: wait=N` (RFC 7240) asks."""
    for preference in call.request.headers.get("Prefer", "").split(","):
        name, _, seconds = preference.strip().partition("=")
        if name.lower() == "wait" and seconds.isdigit():
            return min(float(seconds), _LONGEST_PATIENCE)
    return _PATIENCE


async def take_order(call: Call) -> web.Response:
    """Keep a canonical order; 201 with the order once it is decided, 202 while it is not."""
    key = key_of(call, required=True)
    content = await call.body()
    read_order(call.hub, content)
    facts = facts_of(call, kind="PurchaseOrder")
    receipt = await call.hub.receive(Arrival(_sender(call) or OWN_PEOPLE, "api", content, key, facts))
    answer = receipt_of(receipt)
    order = await call.hub.order_of(receipt, _patience(call))
    if order is None:
        return reply(answer, 202, replayed(receipt))
    return reply({**answer, "order": header_of(order)}, 201, replayed(receipt))


async def take_return(call: Call) -> web.Response:
    """Keep a request for a return; the answer goes to the channel, and stands in the order's timeline."""
    return await _keep(call, "ReturnAuthorization", read_return)


async def take_return_receipt(call: Call) -> web.Response:
    """Keep what somebody says came back."""
    return await _keep(call, "ReturnReceipt", read_return_receipt)


async def take_item(call: Call) -> web.Response:
    """Keep what somebody says of an item we sell."""
    return await _keep(call, "Item", read_item)


async def take_customer(call: Call) -> web.Response:
    """Keep what somebody says of a customer."""
    return await _keep(call, "Customer", read_customer)


async def take_price_list(call: Call) -> web.Response:
    """Keep a price list; who pays by it is said in it."""
    return await _keep(call, "PriceList", read_price_list)


async def _keep(call: Call, kind: str, judge: Callable[[Hub, bytes], object]) -> web.Response:
    """Keep a canonical document that `judge` does not refuse."""
    key, content = key_of(call, required=True), await call.body()
    judge(call.hub, content)
    arrival = Arrival(_sender(call) or OWN_PEOPLE, "api", content, key, facts_of(call, kind=kind))
    receipt = await call.hub.receive(arrival)
    return reply(receipt_of(receipt), 202, replayed(receipt))


async def take_hook(call: Call) -> web.Response:
    """A webhook: its signature over the raw body is verified before anything reads it."""
    content, request = await call.body(), call.request
    try:
        if answer := call.hub.webhooks.challenge(call.path("connector"), request.query):
            return web.Response(body=answer[0], content_type=answer[1])
        arrival = await call.hub.webhooks.verify(
            call.path("connector"), request.headers, content, request.method, request.raw_path, request.remote
        )
    except KeyError as error:
        raise not_found("webhook") from error
    if arrival is None:
        raise unauthorized("the signature does not hold for this body")
    receipt = await call.hub.receive(arrival)
    return reply(receipt_of(receipt), 200, replayed(receipt))


async def answer_challenge(call: Call) -> web.Response:
    """A sender asks whether this address is ours."""
    try:
        answer = call.hub.webhooks.challenge(call.path("connector"), call.request.query)
    except KeyError as error:
        raise not_found("webhook") from error
    if answer is None:
        raise not_found("challenge")
    return web.Response(body=answer[0], content_type=answer[1])


async def settle_return(call: Call) -> web.Response:
    """Authorize or deny a return that waits for a person, in the caller's name."""
    number, verdict, by = call.path("number"), call.path("verdict"), call.caller.name
    if verdict not in ("authorize", "deny"):
        raise not_found("verdict; it is authorize or deny")
    order = await call.hub.returns.settle(call.path(), number, "authorize" if verdict == "authorize" else "deny", by)
    if order is None:
        raise not_found(f"order with a return {number!r} that waits")
    return reply({"order": order, "return": number, "verdict": verdict, "by": by}, 202)


async def set_stock(call: Call) -> web.Response:
    """Set what nodes have on hand."""
    levels = read_stock(call.hub, await call.body())
    for level in levels:
        if level.on_hand is not None:
            await call.hub.stock.set(level.sku, level.node, level.on_hand, level.safety)
        if level.incoming is not None:
            await call.hub.stock.expect(level.sku, level.node, level.incoming)
    return reply(await _set(call.hub.stock, levels))


async def _set(stock: StockRoom, levels: Sequence[StockLevel]) -> dict[str, object]:
    """How the rows and what is on its way now stand, of what was set."""
    places = {(level.sku, level.node) for level in levels}
    skus = sorted({level.sku for level in levels})
    rows = [row for sku in skus for row in await stock.availability(sku) if row[:2] in places]
    return {
        "stock": rows,
        "incoming": [row._asdict() for sku in skus for row in await stock.incoming(sku) if row[:2] in places],
    }
