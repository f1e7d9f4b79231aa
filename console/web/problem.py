"""RFC 9457 problem documents: what every error of the HTTP API looks like."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

from canonical import Finding, Unavailable
from console.json_text import json_bytes

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - it is the answer, not a failure of ours
    """An error answer. `kind` names it for programs; `detail` tells a person what to do."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        findings: Iterable[Finding] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.findings = tuple(findings)
        self.headers = dict(headers or {})

    def as_json(self) -> dict[str, Any]:
        """The members of RFC 9457 section 3.1, and `findings`."""
        body: dict[str, Any] = {
            "type": f"urn:crossdock:problem:{self.kind}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.findings:
            body["findings"] = [finding.as_json() for finding in self.findings]
        return body

    def response(self) -> web.Response:
        """The answer on the wire."""
        return web.Response(
            status=self.status, body=json_bytes(self.as_json()), content_type=MEDIA_TYPE, headers=self.headers
        )


def unauthorized(detail: str) -> Problem:
    """401, saying how to prove oneself (RFC 6750)."""
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="crossdock"'})


def forbidden(detail: str) -> Problem:
    """403: known, but not allowed."""
    return Problem(403, "forbidden", detail)


def unavailable(error: Unavailable) -> Problem:
    """503, saying when to try again."""
    wait = {"Retry-After": str(int(error.retry_after or 5))}
    return Problem(503, "unavailable", "the hub cannot take this now; try again", headers=wait)


def not_found(what: str) -> Problem:
    """404, the same for what is not there and for what the caller may not see."""
    return Problem(404, "not-found", f"there is no {what} here that you may see")
