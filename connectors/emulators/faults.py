"""Faults by switch: what a stand-in does in the place of answering as it should."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web

Fault = Literal["server_error", "silent_after_accepting", "silent_before_accepting", "garbage", "too_many", "html"]


@dataclass(slots=True)
class Faults:
    """Faults to come, the next first. `only` narrows them to requests whose body holds that text."""

    queue: deque[Fault] = field(default_factory=deque)
    only: str = ""
    silence: float = 30.0
    """Seconds that a silent answer takes."""

    def add(self, *faults: Fault, only: str = "") -> None:
        """Let the next requests meet these."""
        self.queue.extend(faults)
        self.only = only

    def take(self, body: str) -> Fault | None:
        """The fault this request meets."""
        return self.queue.popleft() if self.queue and self.only in body else None

    async def before(self, fault: Fault | None) -> web.Response | None:
        """The answer of a fault that keeps the request from taking effect."""
        if fault == "silent_before_accepting":
            await asyncio.sleep(self.silence)
        if fault == "too_many":
            return web.json_response(
                {"errors": "Exceeded 2 calls per second"}, status=429, headers={"Retry-After": "2.0"}
            )
        if fault in ("server_error", "silent_before_accepting"):
            return web.json_response({"errors": "Internal Server Error"}, status=500)
        return None

    async def after(self, fault: Fault | None, answer: web.Response) -> web.Response:
        """The answer of a request that took effect, spoilt by its fault."""
        if fault == "silent_after_accepting":
            await asyncio.sleep(self.silence)
        if fault == "garbage":
            return web.Response(body=b'{"data": {"fulfillmentCr\xff', content_type="application/json")
        if fault == "html":
            return web.Response(text="<html><body>Bad gateway</body></html>", content_type="text/html")
        return answer
