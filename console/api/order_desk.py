"""What people do to one order: hold it, let it go on, change it after it came; each in the caller's name."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from canonical import OrderChange
from console.api.acceptance import as_findings, malformed, read_change
from console.api.call import Call, reply
from console.api.sending import facts_of, key_of, receipt_of, replayed
from console.json_text import json_bytes
from console.web.problem import Problem, not_found
from router.ports import Arrival, WantedHold


async def list_holds(call: Call) -> web.Response:
    """Every hold in force: its owner, since when, and until when."""
    return reply({"holds": await call.hub.holds.waiting()})


async def place_hold(call: Call) -> web.Response:
    """Hold an order, in the caller's name."""
    try:
        hold = WantedHold.model_validate_json(await call.body())
    except ValidationError as error:
        raise Problem(422, "invalid-hold", "the hold has faults", findings=as_findings(error)) from error
    by = call.caller.name
    order = await call.hub.holds.place(call.path(), hold, by)
    if order is None:
        raise not_found("order")
    return reply({"order": order, "hold": hold.kind, "by": by}, 202)


async def release_hold(call: Call) -> web.Response:
    """Lift one hold of an order, in the caller's name."""
    kind, by = call.path("kind"), call.caller.name
    released = await call.hub.holds.release(call.path(), kind, by)
    if released is None:
        raise not_found(f"order with a hold {kind!r}")
    return reply({"order": released, "hold": kind, "by": by}, 202)


async def change_order(call: Call) -> web.Response:
    """Change lines, dates or the address of an order; what could not be done is answered to its channel, by line.

    The body is an `OrderChange` of which the order's own number and currency need not be said.
    """
    key = key_of(call, required=True)
    order = await call.sight.order(call.path())
    if order is None or key is None:
        raise not_found("order")
    content = json_bytes(_whole(order, await call.body(), key, call.caller.name))
    read_change(call.hub, content)
    arrival = Arrival(order["channel"], "api", content, key, facts_of(call, kind=OrderChange.__name__))
    receipt = await call.hub.receive(arrival)
    return reply(receipt_of(receipt), 202, replayed(receipt))


def _whole(order: Mapping[str, Any], body: bytes, key: str, by: str) -> dict[str, Any]:
    """The change with what the order says already, and who asks for it. Raises `Problem` 400."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise malformed(str(error)) from error
    if not isinstance(said, dict):
        raise malformed("a change is an object")
    usual = {"change_number": key, "changed_on": order["updated_at"], "currency": order["currency"]}
    own = {"number": order["number"], "release": order.get("release"), "usage": order["usage"]}
    return {**usual, **said, **own, "extensions": {"crossdock": {"by": by}}}
