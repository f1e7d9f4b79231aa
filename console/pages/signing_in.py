"""Signing in to the console and out of it, by a token or a one-time link; a session lives in a cookie."""

from urllib.parse import urlsplit

from aiohttp import web

from console.api.routes import HUB
from console.pages.rendering import rendered
from console.web.guard import Sessions
from console.web.problem import forbidden

SESSIONS = web.AppKey("sessions", Sessions)


def cookie_of(request: web.Request) -> str:
    """Browsers keep one cookie jar a host, whatever the port: two hubs on one machine must not share a name."""
    sockname = request.transport.get_extra_info("sockname") if request.transport else None
    return f"crossdock-{sockname[1] if sockname else 0}"


def _signed_in(request: web.Request, session: str) -> web.Response:
    response = web.Response(status=303, headers={"Location": "/"})
    response.set_cookie(cookie_of(request), session, httponly=True, samesite="Strict", secure=request.secure, path="/")
    return response


def refuse_foreign(request: web.Request) -> None:
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
    return rendered("login.html", hub=request.app[HUB].name, used=code is not None)


async def sign_in(request: web.Request) -> web.Response:
    """Exchange a token for a session."""
    refuse_foreign(request)
    token = str((await request.post()).get("token", "")).strip()
    session = await request.app[SESSIONS].sign_in(token, request.app[HUB].access)
    if session:
        return _signed_in(request, session)
    return rendered("login.html", 401, hub=request.app[HUB].name, wrong=True)


async def sign_out(request: web.Request) -> web.Response:
    """End the session."""
    refuse_foreign(request)
    request.app[SESSIONS].end(request.cookies.get(cookie_of(request), ""))
    response = web.Response(status=303, headers={"Location": "/login"})
    response.del_cookie(cookie_of(request), path="/")
    return response
