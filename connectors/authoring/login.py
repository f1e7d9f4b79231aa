"""`crossdock connector login`: a person consents in a browser, and the tokens that gives are kept."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from canonical import Rejected, Unavailable
from connectors.emulators.loopback import loopback
from connectors.engine.caller import Caller
from connectors.engine.consent import Consent, ask_consent, code_in, consented, query_of
from connectors.engine.grant import credentials_scope
from connectors.engine.template import expand_text

CALLBACK = "/callback"
PATIENCE = 300.0
"""Seconds a person has."""

Show = Callable[[str], None]
Paste = Callable[[], Awaitable[str]]


@dataclass
class _Answers:
    """Takes what the browser brings back; others' guesses at the state are turned away and waited out."""

    consent: Consent | None = None
    code: "asyncio.Future[str]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def take(self, request: web.Request) -> web.Response:
        try:
            found = code_in(self.consent, request.query) if self.consent else ""
        except Rejected as error:
            if self.consent and request.query.get("state") == self.consent.state and not self.code.done():
                self.code.set_exception(error)
            return web.Response(status=400, text=error.message)
        if not self.code.done():
            self.code.set_result(found)
        return web.Response(text="Done. You may close this page.")


async def log_in(caller: Caller, port: int, show: Show, paste: Paste, patience: float = PATIENCE) -> None:
    """Ask for consent (`show` gets the address to open) and keep the tokens.

    The answer comes to a listener on loopback, or is pasted where the vendor sends people elsewhere. Raises `Rejected`
    when there is no consent, `Unavailable` when nothing comes in time, `Misconfigured` for a connector without log-in.
    """
    oauth = consented(caller.connection)
    if oauth.redirect_uri:
        consent = ask_consent(caller.connection, expand_text(oauth.redirect_uri, credentials_scope(caller.connection)))
        show(consent.url)
        await caller.log_in(consent, code_in(consent, query_of(await paste())))
        return
    answers, application = _Answers(), web.Application()
    application.router.add_get(CALLBACK, answers.take)
    async with loopback(application, port) as url:
        answers.consent = ask_consent(caller.connection, url + CALLBACK)
        show(answers.consent.url)
        try:
            code = await asyncio.wait_for(answers.code, patience)
        except TimeoutError:
            raise Unavailable(f"nobody consented within {patience:.0f} seconds") from None
        await caller.log_in(answers.consent, code)
