"""From a declared call to a request: the manifest's defaults, templates expanded, body encoded."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from canonical import Misconfigured
from connectors.engine.authorization import Carried
from connectors.engine.encoding import encode
from connectors.engine.template import expand, expand_text, in_url
from connectors.engine.wire import Request
from connectors.manifest_calls import Call, Defaults, Idempotency
from connectors.syntax.json_text import write_json


def with_defaults(call: Call, defaults: Defaults) -> Call:
    """The call with what it leaves out taken from the defaults."""
    return call.model_copy(
        update={
            "method": call.method or defaults.method or ("POST" if call.body or call.graphql else "GET"),
            "path": "" if call.url else call.path or defaults.path or "",
            "query": call.query if call.url else {**defaults.query, **call.query},
            "headers": call.headers if call.url else {**defaults.headers, **call.headers},
            "encoding": call.encoding or defaults.encoding or "json",
            "answer": call.answer or defaults.answer or "json",
            "lists": call.lists or defaults.lists,
        }
    )


def repeat_key(idempotency: Idempotency | None, call: Call, scope: Mapping[str, Any]) -> Carried:
    """What tells the other side that a request is the one it saw before."""
    if idempotency is None or not idempotency.name or not call.effects:
        return Carried()
    value = {idempotency.name: expand_text(idempotency.value, scope)}
    return Carried(headers=value) if idempotency.kind == "header" else Carried(query=value)


def build(call: Call, base_url: str, scope: Mapping[str, Any], carried: Carried, timeout: float) -> Request:
    """The request of a call that has its defaults. Raises `Rejected` when a value it needs is missing."""
    query = {**_texts(call.query, scope), **carried.query}
    headers = {**_texts(call.headers, scope), **carried.headers}
    content, media_type = _body(call, scope)
    if media_type:
        headers.setdefault("Content-Type", media_type)
    root = (
        expand_text(call.url, scope) if call.url else base_url.rstrip("/") + expand_text(call.path or "", scope, in_url)
    )
    url = f"{root}{'&' if '?' in root else '?'}{urlencode(query)}" if query else root
    return Request(call.method or "GET", url, _clean(headers), content, timeout)


def _texts(templates: Mapping[str, str], scope: Mapping[str, Any]) -> dict[str, str]:
    found = {name: expand_text(template, scope) for name, template in templates.items()}
    return {name: value for name, value in found.items() if value or not templates[name].endswith("?}")}


def _body(call: Call, scope: Mapping[str, Any]) -> tuple[bytes | None, str]:
    if call.graphql:
        body = {"query": call.graphql.query, "variables": expand(call.graphql.variables, scope)}
        return write_json(body), "application/json"
    if call.body is None:
        return None, ""
    return encode(call.encoding or "json", expand(call.body, scope))


def _clean(headers: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in headers.items():
        if not value.isprintable() or not value.isascii():
            raise Misconfigured(f"the header {name} would hold characters that headers may not")
    return headers
