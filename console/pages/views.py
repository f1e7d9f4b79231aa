"""The web console's pages: orders, one order, one document beside its bytes, exceptions. No script, no outside host."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import quote, urlsplit

from aiohttp import web
from jinja2 import Environment, FileSystemLoader

from canonical import Rejected
from console.api.reading import download, label_file
from console.api.routes import HUB
from console.desk import Hub
from console.labels import labels_of_order
from console.pages.json_view import lean, paint_json
from console.pages.lighting import MOST_LIT, Canonical, lighting_of, style
from console.pages.picture import ledger_bar, moment, order_bar, tone
from console.pages.raw_view import raw_lines
from console.rights import Caller, Right
from console.timeline import steps_of
from console.web.guard import Sessions, require
from console.web.problem import Problem, forbidden, not_found
from console.web.sight import Sight
from console.wording import (
    BUCKETS,
    NOTHING_TO_RETRY,
    age,
    counted,
    figures,
    identity,
    key_figure,
    money,
    quantity,
    sentence,
    sums,
)

SESSIONS = web.AppKey("sessions", Sessions)

_HERE = Path(__file__).parent
_PER_PAGE = 50

_templates = Environment(
    loader=FileSystemLoader(_HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


def _path_segment(text: object) -> str:
    return quote(str(text), safe="")


def _without(mapping: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name not in names}


_templates.filters.update(
    without=_without,
    moment=moment,
    quantity=quantity,
    money=money,
    named=identity,
    sentence=sentence,
    tone=tone,
    counted=counted,
    figures=figures,
    sums=sums,
    age=age,
    key_figure=key_figure,
    segment=_path_segment,
)
_templates.globals.update(ledger_bar=ledger_bar, order_bar=order_bar, paint_json=paint_json, buckets=BUCKETS)


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
        return _page(template, hub=self.hub.name, caller=self.caller, path=self.request.path, **content)


def _page(template: str, status: int = 200, **content: Any) -> web.Response:
    text = _templates.get_template(template).render(**content)
    return web.Response(status=status, text=text, content_type="text/html")


def problem_page(problem: Problem) -> web.Response:
    """A problem, for a person."""
    return _page("problem.html", problem.status, problem=problem)


# --- signing in and out ---------------------------------------------------------------------------------------------


def _cookie(request: web.Request) -> str:
    """Browsers keep one cookie jar a host, whatever the port: two hubs on one machine must not share a name."""
    sockname = request.transport.get_extra_info("sockname") if request.transport else None
    return f"crossdock-{sockname[1] if sockname else 0}"


def _signed_in(request: web.Request, session: str) -> web.Response:
    response = web.Response(status=303, headers={"Location": "/"})
    response.set_cookie(_cookie(request), session, httponly=True, samesite="Strict", secure=request.secure, path="/")
    return response


def _same_origin(request: web.Request) -> None:
    """Refuse a form that another site made the browser send. Raises `Problem` 403."""
    origin = request.headers.get("Origin")
    if origin is None:
        same = request.headers.get("Sec-Fetch-Site") == "same-origin"
    else:
        same = urlsplit(origin).netloc == request.host
    if not same:
        raise forbidden("this form was not sent from the console's own page")


async def show_login(request: web.Request) -> web.Response:
    """The sign-in page; a one-time link's code signs in at once."""
    code = request.query.get("code")
    session = request.app[SESSIONS].redeem(code) if code else None
    if session:
        return _signed_in(request, session)
    return _page("login.html", hub=request.app[HUB].name, used=code is not None)


async def sign_in(request: web.Request) -> web.Response:
    """Exchange a token for a session."""
    _same_origin(request)
    token = str((await request.post()).get("token", "")).strip()
    session = await request.app[SESSIONS].sign_in(token, request.app[HUB].access)
    if session:
        return _signed_in(request, session)
    return _page("login.html", 401, hub=request.app[HUB].name, wrong=True)


async def sign_out(request: web.Request) -> web.Response:
    """End the session."""
    _same_origin(request)
    request.app[SESSIONS].end(request.cookies.get(_cookie(request), ""))
    response = web.Response(status=303, headers={"Location": "/login"})
    response.del_cookie(_cookie(request), path="/")
    return response


# --- the pages ------------------------------------------------------------------------------------------------------


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
            _same_origin(request)
        hub = request.app[HUB]
        caller = await request.app[SESSIONS].caller(request.cookies.get(_cookie(request)), hub.access)
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
    app.router.add_static("/static/", _HERE / "static")
