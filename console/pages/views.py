"""The web console's pages: orders, one order, one document beside its bytes, exceptions. No script, no outside host."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast

from aiohttp import web

from canonical import Rejected
from console.api.reading import download, label_file
from console.api.routes import HUB
from console.desk import Hub
from console.labels import labels_of_order
from console.pages.json_view import lean, paint_json
from console.pages.lighting import MOST_LIT, Canonical, lighting_of, style
from console.pages.raw_view import raw_lines
from console.pages.rendering import rendered
from console.pages.signing_in import SESSIONS, cookie_of, refuse_foreign, show_login, sign_in, sign_out
from console.rights import Caller, Right
from console.timeline import steps_of
from console.web.guard import require
from console.web.problem import Problem, not_found
from console.web.sight import Sight
from console.wording import NOTHING_TO_RETRY

_STATIC = Path(__file__).parent / "static"
_PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to a page by someone signed in."""

    request: web.Request
    hub: Hub
    caller: Caller

    @property
    def sight(self) -> Sight:
        """The archive as this caller may see it."""
        return Sight(self.hub.archive, self.caller)

    def page(self, template: str, **content: Any) -> web.Response:
        """A rendered page."""
        return rendered(template, hub=self.hub.name, caller=self.caller, path=self.request.path, **content)


async def show_orders(visit: Visit) -> web.Response:
    """Orders, newest first, under the hub's counts."""
    page = await visit.sight.orders(_PER_PAGE, visit.request.query.get("after"))
    overview = await visit.hub.archive.overview() if visit.caller.may("inside") else None
    return visit.page("orders.html", orders=page.rows, next=page.next, overview=overview)


async def show_order(visit: Visit) -> web.Response:
    """One order: its lines and where every unit is, what happened, why, and its documents."""
    order = await visit.sight.order(visit.request.match_info["id"])
    if order is None:
        raise not_found("order")
    why = await visit.hub.hindsight.explain(order) if order.get("explanations") else ()
    labels = await labels_of_order(visit.sight, order.get("documents", ()))
    return visit.page("order.html", order={**order, "explanations": why}, steps=steps_of(order), labels=labels)


async def show_documents(visit: Visit) -> web.Response:
    """The newest documents in and out."""
    return visit.page("documents.html", documents=await visit.sight.documents(_PER_PAGE * 4))


async def show_document(visit: Visit) -> web.Response:
    """One document: as it travelled, and as the hub understands it."""
    identifier = visit.request.match_info["id"]
    document = await visit.sight.document(identifier)
    if document is None:
        raise not_found("document")
    raw = await visit.sight.raw(identifier)
    span = (document.get("place") or {}).get("span") or () if document["direction"] == "in" else ()
    lighting = lighting_of(await visit.hub.lineage(identifier) if visit.caller.may("inside") else None)
    view = raw_lines(raw, span, lighting) if raw else None
    content = lean(document.get("document"))
    painted = paint_json(content, Canonical(lighting)) if content else None
    document = {**document, "reasons": lighting.reasons}
    sources = await _sources(visit, document)
    return visit.page(
        "document.html", document=document, view=view, painted=painted, lit=lighting.count, sources=sources
    )


async def _sources(visit: Visit, document: Mapping[str, Any]) -> dict[str, str]:
    """What the reasons of a document of ours speak of: the document decided on, and the order's own."""
    if not document.get("reasons"):
        return {}
    sources = {"source": document.get("source_document"), "order": None}
    if document.get("order"):
        rows = await visit.hub.archive.documents(order=document["order"])
        first = (row["id"] for row in rows if row["direction"] == "in" and row["kind"] == "PurchaseOrder")
        sources["order"] = next(first, None)
    return {kind: identifier for kind, identifier in sources.items() if identifier}


async def show_lighting(request: web.Request) -> web.Response:
    """The style sheet that ties so many places to their values. It says nothing of any document."""
    count = min(int(request.match_info["places"]), MOST_LIT)
    headers = {"Cache-Control": "public, max-age=86400"}
    return web.Response(text=style(count), content_type="text/css", headers=headers)


async def show_raw(visit: Visit) -> web.Response:
    """A document's bytes, to keep."""
    raw = await visit.sight.raw(visit.request.match_info["id"])
    if raw is None:
        raise not_found("document")
    return download(raw)


async def show_label(visit: Visit) -> web.Response:
    """A label as the carrier drew it, to print."""
    document = await visit.sight.document(visit.request.match_info["id"])
    return label_file(document, visit.request.match_info["number"])


async def show_exceptions(visit: Visit) -> web.Response:
    """What a person must look at."""
    rows = await visit.hub.archive.exceptions(status="open")
    return visit.page("exceptions.html", exceptions=rows, may_mend=visit.caller.may("mend"))


async def settle(visit: Visit) -> web.Response:
    """Retry or resolve an exception."""
    exception = visit.request.match_info["id"]
    action = cast("Literal['retry', 'resolve']", visit.request.match_info["action"])
    if not await visit.hub.archive.settle(exception, action, visit.caller.name):
        still_open = {row["id"] for row in await visit.hub.archive.exceptions(status="open")}
        raise (
            Problem(409, "not-retryable", NOTHING_TO_RETRY) if exception in still_open else not_found("open exception")
        )
    return web.Response(status=303, headers={"Location": "/exceptions"})


async def show_holds(visit: Visit) -> web.Response:
    """Every hold in force."""
    rows, now = await visit.hub.holds.waiting(), datetime.now(UTC)
    return visit.page("holds.html", holds=rows, now=now, may_mend=visit.caller.may("mend"))


async def lift_hold(visit: Visit) -> web.Response:
    """Lift a hold, in the visitor's name."""
    order, kind = visit.request.match_info["id"], visit.request.match_info["kind"]
    try:
        released = await visit.hub.holds.release(order, kind, visit.caller.name)
    except Rejected as error:
        raise Problem(422, "rejected", error.message) from error
    if released is None:
        raise not_found("hold")
    return web.Response(status=303, headers={"Location": "/holds"})


async def show_kpis(visit: Visit) -> web.Response:
    """How well orders were served."""
    told = await visit.hub.hindsight.kpis()
    groups = (("Channels", "channels"), ("Partners", "partners"), ("Nodes", "nodes"))
    tables = [("All orders", {"all": told["all"]}), *((title, told.get(name, {})) for title, name in groups)]
    return visit.page("kpis.html", all=told["all"], tables=tables)


PageHandler = Callable[[Visit], Awaitable[web.Response]]

_PAGES: tuple[tuple[str, str, Right, PageHandler], ...] = (
    ("GET", "/", "read", show_orders),
    ("GET", "/orders/{id:.+}", "read", show_order),
    ("GET", "/documents", "read", show_documents),
    ("GET", "/documents/{id:.+}/raw", "read", show_raw),
    ("GET", "/documents/{id:.+}/labels/{number}", "read", show_label),
    ("GET", "/documents/{id:.+}", "read", show_document),
    ("GET", "/exceptions", "inside", show_exceptions),
    ("GET", "/holds", "inside", show_holds),
    ("POST", "/holds/{id:.+}/{kind}/release", "mend", lift_hold),
    ("GET", "/kpis", "inside", show_kpis),
    ("POST", "/exceptions/{id}/{action:retry|resolve}", "mend", settle),
)


def _guarded(handler: PageHandler, needs: Right) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        if request.method == "POST":
            refuse_foreign(request)
        hub = request.app[HUB]
        caller = await request.app[SESSIONS].caller(request.cookies.get(cookie_of(request)), hub.access)
        if caller is None:
            return web.Response(status=303, headers={"Location": "/login"})
        require(caller, needs)
        return await handler(Visit(request, hub, caller))

    return handle


def add_pages(app: web.Application) -> None:
    """Put the pages, their sign-in and their style into `app`."""
    app.router.add_get("/login", show_login)
    app.router.add_get("/lighting/{places:[0-9]{1,4}}.css", show_lighting)
    app.router.add_post("/login", sign_in)
    app.router.add_post("/logout", sign_out)
    for method, path, needs, handler in _PAGES:
        app.router.add_route(method, path, _guarded(handler, needs))
    app.router.add_static("/static/", _STATIC)
