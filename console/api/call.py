"""One request to the API, and how it is answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from console.desk import Hub
from console.json_text import json_bytes
from console.rights import Caller
from console.web.body import read_body
from console.web.sight import Sight


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the hub it reached and who is asking."""

    request: web.Request
    hub: Hub
    caller: Caller

    @property
    def sight(self) -> Sight:
        """The archive as this caller may see it."""
        return Sight(self.hub.archive, self.caller)

    def path(self, name: str = "id") -> str:
        """A part of the path."""
        return self.request.match_info[name]

    def query(self, name: str) -> str | None:
        """A query parameter; blank is absent."""
        return self.request.query.get(name) or None

    async def body(self) -> bytes:
        """The bounded body."""
        return await read_body(self.request, self.hub.largest_body)


def reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer."""
    return web.Response(status=status, body=json_bytes(value), content_type="application/json", headers=headers)
