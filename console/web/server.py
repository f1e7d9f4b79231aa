"""The web server: the API and the pages in one application, its last line of defence, and its address."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from canonical import Misconfigured, Unavailable
from console.api.routes import HUB, add_api
from console.desk import Hub
from console.pages.rendering import problem_page
from console.pages.signing_in import SESSIONS
from console.pages.views import add_pages
from console.rights import Caller
from console.web.guard import Sessions
from console.web.problem import Problem, unavailable

log = logging.getLogger("crossdock.web")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "crossdock",
}

_EXPLAINED = {
    404: ("not-found", "there is nothing at this address"),
    405: ("method-not-allowed", "this address does not take that method"),
    413: ("too-large", "the request is too large"),
}


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error leaves as a problem document, or as a page for a browser; none tells of our insides."""
    try:
        return await handler(request)
    except Problem as problem:
        return _answer(request, problem)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        kind, detail = _EXPLAINED.get(error.status, ("refused", error.reason))
        allowed = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return _answer(request, Problem(error.status, kind, detail, headers=allowed))
    except Unavailable as error:
        return _answer(request, unavailable(error))
    except (ConnectionResetError, web.RequestPayloadError) as error:
        log.info("%s %s: the sender broke off: %s", request.method, request.path, error)
        return _answer(request, Problem(400, "broken-body", "the body broke off"))
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return _answer(request, Problem(500, "internal", "the hub failed to answer; its log says why"))


def _answer(request: web.Request, problem: Problem) -> web.Response:
    for_a_person = "text/html" in request.headers.get("Accept", "") and not request.path.startswith(("/v1/", "/hooks/"))
    return problem_page(problem) if for_a_person else problem.response()


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
    response.headers.setdefault("Cache-Control", "no-cache" if request.path.startswith("/static/") else "no-store")


def make_app(hub: Hub, sessions: Sessions) -> web.Application:
    """The application over an open hub."""
    app = web.Application(middlewares=[answer_errors])
    app[HUB] = hub
    app[SESSIONS] = sessions
    app.on_response_prepare.append(_add_headers)
    add_api(app)
    add_pages(app)
    return app


@dataclass(frozen=True, slots=True)
class Served:
    """Where the hub is served. `login` signs its first user in as admin, once."""

    url: str
    login: str


@asynccontextmanager
async def serve(hub: Hub, host: str, port: int) -> AsyncIterator[Served]:
    """Serve until left. Port 0 takes a free one."""
    sessions = Sessions()
    # Bodies are unpacked by console.web.body, which bounds what a packed one may become.
    runner = web.AppRunner(make_app(hub, sessions), access_log=None, auto_decompress=False)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise Misconfigured(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port") from error
        url = f"http://{_name(host)}:{runner.addresses[0][1]}"
        yield Served(url, f"{url}/login?code={sessions.invite(Caller(None, 'admin'))}")
    finally:
        await runner.cleanup()


def _name(host: str) -> str:
    return f"[{host}]" if ":" in host else host
