"""What the API tells: orders, documents, availability, exceptions."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from aiohttp import web

from console.api.call import Call, reply
from console.json_text import json_bytes
from console.labels import labels_of
from console.web.problem import Problem, not_found
from router.decision import StockRow
from router.ports import Rendered

_LARGEST_PAGE = 500
_SHOWN_AS_THEY_ARE = frozenset({"application/json", "application/xml", "application/edi-x12", "text/csv", "text/plain"})


def _limit(call: Call) -> int:
    text = call.query("limit") or "100"
    if not text.isdecimal() or not 1 <= int(text) <= _LARGEST_PAGE:
        raise Problem(400, "bad-limit", f"limit is a number from 1 to {_LARGEST_PAGE}")
    return int(text)


async def list_orders(call: Call) -> web.Response:
    """Orders, newest first; `next` is the cursor for `after`."""
    page = await call.sight.orders(_limit(call), call.query("after"))
    return reply({"orders": page.rows, "next": page.next})


async def _order(call: Call) -> Mapping[str, Any]:
    order = await call.sight.order(call.path())
    if order is None:
        raise not_found("order")
    return order


async def show_order(call: Call) -> web.Response:
    """One order with its lines and their ledgers."""
    return reply(await _order(call))


async def show_timeline(call: Call) -> web.Response:
    """What happened to an order, in sequence, and its documents."""
    order = await _order(call)
    return reply({"order": order["id"], "timeline": order.get("timeline", ()), "documents": order.get("documents", ())})


async def show_explanation(call: Call) -> web.Response:
    """Why each decision fell as it did."""
    order = await _order(call)
    return reply({"order": order["id"], "explanations": await call.hub.hindsight.explain(order)})


async def show_availability(call: Call) -> web.Response:
    """What can be promised of a SKU, with the nodes and their stock; of it a partner is told what its terms offer."""
    sku = call.query("sku")
    if sku is None:
        raise Problem(400, "sku-missing", "say which item: ?sku=SKU")
    rows, partner = tuple(await call.hub.stock.glance(sku)), call.caller.partner
    if partner is None:
        return web.Response(body=_inside(sku, rows), content_type="application/json")
    return reply({"sku": sku, "available": call.hub.offered(partner, rows)})


@lru_cache(maxsize=4096)
def _inside(sku: str, rows: tuple[StockRow, ...]) -> bytes:
    """The answer to our own people, made once for as long as the rows are the same."""
    nodes = [{**row._asdict(), "available": row.available} for row in rows]
    return json_bytes({"sku": sku, "available": sum((row.available for row in rows), Decimal(0)), "nodes": nodes})


async def show_kpis(call: Call) -> web.Response:
    """The key figures of order fulfilment."""
    since = call.query("since")
    try:
        instant = datetime.fromisoformat(since) if since else None
    except ValueError as error:
        raise Problem(400, "bad-time", f"{since!r} is no time such as 2026-03-01T09:30:00Z") from error
    aware = instant.replace(tzinfo=UTC) if instant and instant.tzinfo is None else instant
    return reply(await call.hub.hindsight.kpis(aware))


async def show_document(call: Call) -> web.Response:
    """One document: canonical, with its findings and where its bytes are."""
    document = await call.sight.document(call.path())
    if document is None:
        raise not_found("document")
    return reply(document)


async def show_lineage(call: Call) -> web.Response:
    """Where each value of a document comes from: its place in the bytes and its rule, or the reason of our own."""
    lineage = await call.hub.lineage(call.path())
    if lineage is None:
        raise not_found("document")
    return reply(lineage)


def download(raw: Rendered) -> web.Response:
    """Bytes as they were kept, never to be run or shown as a page by a browser."""
    media_type = raw.media_type.partition(";")[0].strip().lower()
    response = web.Response(body=raw.content)
    response.content_type = media_type if media_type in _SHOWN_AS_THEY_ARE else "application/octet-stream"
    name = "".join(character if character.isalnum() or character in "-._" else "_" for character in raw.filename)
    response.headers["Content-Disposition"] = f'attachment; filename="{name.encode("ascii", "replace").decode()}"'
    return response


async def show_raw(call: Call) -> web.Response:
    """The bytes of one document."""
    raw = await call.sight.raw(call.path())
    if raw is None:
        raise not_found("document")
    return download(raw)


async def show_label(call: Call) -> web.Response:
    """One label of a `Label` document, counted from 1."""
    return label_file(await call.sight.document(call.path()), call.path("number"))


def label_file(document: Mapping[str, Any] | None, number: str) -> web.Response:
    """The file of a label, to keep. Raises `Problem` 404."""
    files = labels_of(document) if document else []
    if not number.isdecimal() or not 1 <= int(number) <= len(files):
        raise not_found("label")
    return download(files[int(number) - 1])


async def list_exceptions(call: Call) -> web.Response:
    """What a person must look at."""
    status = call.query("status") or "open"
    rows = await call.hub.archive.exceptions(status=None if status == "all" else status)
    return reply({"exceptions": rows})
