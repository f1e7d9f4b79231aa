"""What an OpenAPI file doesn't say in so many words: how calls are proved, lists are paged, and refusals told."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from connectors.authoring.openapi import ApiOperation, OpenApi, Tree
from mappings.authoring.sample import words_of

PAGE_SIZE = 50
_REACHABLE = re.compile(r"[A-Za-z_]\w*")
_SIZE = re.compile(r"(per|page)_?size|per_?page|(max_)?(limit|results|count)|size")
_PAGE = re.compile(r"page(_?(number|no|index))?")
_OFFSET = re.compile(r"offset|skip|start(_index)?")
_TOKEN = re.compile(r"(next_?|page_?)*(cursor|token)|(starting_)?after")
_NEXT = re.compile(r"(next_?|page_?|end_?)*(cursor|token)|next")
_SINCE = re.compile(
    r"since|.*(updated|modified|changed|created).*(since|after|from|min|gte?)|(since|from)_.*(date|time)"
)
_CHANGED = re.compile(r".*(updated|modified|changed).*")
_KEY = ("id", "uuid", "number", "key", "reference", "sku")
_MESSAGE = ("message", "detail", "error_description", "description", "title", "error")
_NESTED = ("error", "errors", "fault")


@dataclass(frozen=True, slots=True)
class ListGuess:
    """A list: where its items are, what tells one apart, and how it goes on."""

    items: str
    schema: Tree
    key: str
    query: Mapping[str, str]
    pages: Mapping[str, Any] | None
    cursor: Mapping[str, Any] | None


def guess_auth(api: OpenApi) -> tuple[dict[str, Any], dict[str, str]]:
    """The manifest's `auth`, and the settings it names with what each is. The first way that is understood."""
    schemes = api.of(api.of(api.tree.get("components")).get("securitySchemes"))
    asked = [name for one in api.tree.get("security", ()) for name in one]
    for name in (*asked, *schemes):
        if found := _auth_of(api.of(schemes.get(name)), base_url(api)):
            return found, dict.fromkeys(_settings_of(found), f"From the security scheme {name}")
    return {"kind": "none"}, {}


def base_url(api: OpenApi) -> str:
    """The first server's address, its variables as settings; without one, a setting alone."""
    server = next((api.of(one) for one in api.tree.get("servers", ())), {})
    url = str(server.get("url", "")).rstrip("/")
    if not url.startswith(("https://", "http://")):
        return "https://{settings.site}" + url
    return re.sub(r"\{([^{}]+)\}", lambda name: "{settings." + _snake(name[1]) + "}", url)


def server_settings(api: OpenApi) -> dict[str, tuple[str | None, str]]:
    """The settings that `base_url` names: the default of each, and what it is."""
    server = next((api.of(one) for one in api.tree.get("servers", ())), {})
    if "{settings.site}" in base_url(api):
        return {"site": (None, "Where it answers, such as api.example.com")}
    known = {_snake(name): api.of(one) for name, one in api.of(server.get("variables")).items()}
    return {
        name: (one.get("default"), str(one.get("description") or "Part of the server's address"))
        for name, one in known.items()
        if "{settings." + name + "}" in base_url(api)
    }


def guess_list(api: OpenApi, operation: ApiOperation) -> ListGuess | None:
    """How a GET without a resource of its own would be pulled; None where its answer holds no list of objects."""
    if operation.method != "GET" or "{" in operation.path or not operation.done or not operation.done.schema:
        return None
    found = next(_lists(api, operation.done.schema), None)
    if found is None:
        return None
    items, schema = found
    members = api.properties(schema)
    key = next((name for name in _KEY if name in members), None)
    if key is None:
        return None
    query = _Query(operation)
    pages = query.pages(_next_token(api, operation.done.schema))
    return ListGuess(items, schema, key, query.said, pages, query.cursor(members))


def guess_refusals(api: OpenApi, operations: Sequence[ApiOperation]) -> list[dict[str, Any]]:
    """The rows of the error table that the 4xx schemas give: one for each status and place of its message."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for operation in operations:
        for answer in operation.answers:
            status = answer.status.lower()
            message = _message(api, answer.schema) if re.fullmatch(r"4(\d\d|xx)", status) and answer.schema else None
            if message:
                rows[status, message] = {"status": status, "body": message, **_meaning(status), "message": message}
    return sorted(rows.values(), key=lambda row: (row["status"].endswith("xx"), row["status"], row["message"]))


class _Query:
    """The query of a list's call, filled parameter by parameter."""

    def __init__(self, operation: ApiOperation) -> None:
        self.left = {one.word: one for one in operation.parameters if one.place == "query"}
        self.said: dict[str, str] = {}
        self.size = self._size()

    def pages(self, token: str | None) -> dict[str, Any] | None:
        size = {"size": self.size} if self.size else {}
        if self._say(_PAGE, "{page.number}"):
            return {"kind": "page", **size}
        if self._say(_OFFSET, "{page.offset}"):
            return {"kind": "offset", **size}
        if token and self._say(_TOKEN, "{page.token?}"):
            return {"kind": "cursor", "token": token}
        return None

    def cursor(self, members: Mapping[str, Tree]) -> dict[str, Any] | None:
        if not self._say(_SINCE, "{since}"):
            return None
        changed = next(
            (name for name in members if _CHANGED.fullmatch(_snake(name)) and _REACHABLE.fullmatch(name)), ""
        )
        return {**({"field": changed} if changed else {}), "lookback": "PT5M"}

    def _size(self) -> int | None:
        found = next((one for word, one in self.left.items() if _SIZE.fullmatch(word)), None)
        if found is None:
            return None
        size = min(PAGE_SIZE, int(found.schema.get("maximum", PAGE_SIZE)))
        self.said[self.left.pop(found.word).name] = str(size)
        return size

    def _say(self, pattern: re.Pattern[str], value: str) -> bool:
        found = next((word for word in self.left if pattern.fullmatch(word)), None)
        if found is not None:
            self.said[self.left.pop(found).name] = value
        return found is not None


def _lists(api: OpenApi, schema: Any, path: str = "", deep: int = 0) -> Iterator[tuple[str, Tree]]:
    """Every list of objects in an answer, with its path; those further out first."""
    node = api.of(schema)
    if "items" in node:
        if api.properties(node["items"]):
            yield path, node["items"]
        return
    for name, member in api.properties(node).items() if deep < 3 else ():
        if _REACHABLE.fullmatch(name):
            yield from _lists(api, member, f"{path}.{name}".lstrip("."), deep + 1)


def _next_token(api: OpenApi, schema: Any, path: str = "", deep: int = 0) -> str | None:
    for name, member in api.properties(schema).items() if deep < 3 else ():
        here = f"{path}.{name}".lstrip(".")
        if _NEXT.fullmatch(_snake(name)) and not api.properties(member):
            return here
        if found := _next_token(api, member, here, deep + 1):
            return found
    return None


def _message(api: OpenApi, schema: Any, deep: int = 0) -> str | None:
    """Where a refusal says in words what is wrong."""
    members = api.properties(schema)
    for name in _NESTED:
        below = api.of(members.get(name))
        said = _message(api, below.get("items", below), deep + 1) if below and deep < 3 else None
        if said:
            return f"{name}[].{said}" if "items" in below else f"{name}.{said}"
    return next((name for name in _MESSAGE if name in members), None)


def _meaning(status: str) -> dict[str, str]:
    if status == "429":
        return {"then": "rate_limited", "class": "transient"}
    return {"then": "fail", "class": "config" if status in ("401", "403") else "data"}


def _auth_of(scheme: Tree, base: str) -> dict[str, Any] | None:
    kind, way = str(scheme.get("type")), str(scheme.get("scheme", "")).lower()
    if kind == "apiKey" and scheme.get("in") in ("header", "query"):
        return {"kind": "api_key", "in": scheme["in"], "name": scheme.get("name"), "value": "{settings.api_key}"}
    if kind == "http" and way == "basic":
        return {"kind": "basic", "username": "{settings.username}", "password": "{settings.password}"}
    if kind == "oauth2":
        return _oauth2(scheme.get("flows") or {}, base)
    if way == "bearer" or kind == "openIdConnect":
        return {"kind": "bearer", "token": "{settings.token}"}
    return None


def _oauth2(flows: Tree, base: str) -> dict[str, Any] | None:
    grants = {"clientCredentials": "client_credentials", "authorizationCode": "authorization_code"}
    for flow, grant in grants.items():
        if given := flows.get(flow):
            consent = {"authorize_url": urljoin(base, given["authorizationUrl"])} if "authorizationUrl" in given else {}
            scope = {"scope": " ".join(given["scopes"])} if given.get("scopes") else {}
            client = {"client_id": "{settings.client_id}", "client_secret": "{settings.client_secret}"}
            token = {"token_url": urljoin(base, str(given.get("tokenUrl", "")))}
            return {"kind": "oauth2", "grant": grant, **consent, **token, **client, **scope}
    return None


def _settings_of(auth: Mapping[str, Any]) -> list[str]:
    said = " ".join(value for name, value in auth.items() if isinstance(value, str) and not name.endswith("_url"))
    return re.findall(r"\{settings\.(\w+)\}", said)


def _snake(name: str) -> str:
    return "_".join(words_of(name))
