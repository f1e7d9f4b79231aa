"""A first connector from an OpenAPI 3 file: its operations, and for those that list documents a pull and a map."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from canonical import Misconfigured
from connectors.authoring.connector_draft import essence, flow_json
from connectors.authoring.drafts import Proved, draft_map
from connectors.authoring.openapi import ApiOperation, OpenApi
from connectors.authoring.openapi_guesses import (
    ListGuess,
    base_url,
    guess_auth,
    guess_list,
    guess_refusals,
    server_settings,
)
from connectors.syntax.json_text import write_json
from connectors.translator import Translator
from mappings.authoring.draft import MARK

_SECRET = {"token", "api_key", "password", "client_secret"}
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_KEY_HEADER = re.compile(r"(x-)?idempotency-key|x-request-id", re.IGNORECASE)

Pulled = tuple[ListGuess, Proved, str]
"""A list, the map that reads its items, and that map's name."""


def draft_from_openapi(translator: Translator, name: str, api: OpenApi, label: str) -> dict[str, Any]:
    """`{name, map, document, files}` as from a sample; `map` and `document` are None where no list was understood."""
    operations = list(api.operations())
    if not operations:
        raise Misconfigured(f"{label} describes no operation")
    pulls = {one.name: pulled for one in operations if (pulled := _pulled(translator, name, api, one, label))}
    manifest = [*_head(name, api, label), *_errors(api, operations), "", "operations:"]
    for one in operations:
        manifest += _pull(one, *pulls[one.name]) if one.name in pulls else _plain(one)
    cases = [line for one in operations for line in _cases(api, one, pulls.get(one.name))]
    first = next(iter(pulls.values()), None)
    files = {
        f"connectors/{name}.yaml": "\n".join(manifest) + "\n",
        f"connectors/{name}.cases/first.yaml": "\n".join([_CASES, *cases]) + "\n",
        **{f"mappings/{map_name}.yaml": proved.draft.text() for _, proved, map_name in pulls.values()},
    }
    told = {"map": first[2] if first else None, "document": first[1].document if first else None}
    return {"ok": True, "name": name, **told, "files": files}


def _pulled(translator: Translator, name: str, api: OpenApi, operation: ApiOperation, label: str) -> Pulled | None:
    """The operation as a pull; None where it lists nothing, or nothing that a map could make a document of."""
    guessed = guess_list(api, operation)
    if guessed is None:
        return None
    map_name = f"{name}/{operation.name.replace('_', '-')}"
    try:
        return guessed, draft_map(translator, write_json(api.sample(guessed.schema)), label, map_name, None), map_name
    except Misconfigured:
        return None


# --- the manifest ---------------------------------------------------------------------------------------------------


def _head(name: str, api: OpenApi, label: str) -> Iterator[str]:
    info, docs = api.of(api.tree.get("info")), api.of(api.tree.get("externalDocs"))
    auth, secrets = guess_auth(api)
    yield "# yaml-language-server: $schema=../schemas/manifest.schema.json"
    yield f"# Drafted by `crossdock connector new` from {label}. What is marked must be held against the system's own"
    yield "# documentation; an operation that the hub has no use for is best taken out, with its cases."
    yield f"connector: {name}"
    yield "version: 1"
    yield f"kind: other  {MARK}: or marketplace, carrier, tax, erp, warehouse, supplier, payment"
    yield f"title: {_flow(str(info.get('title') or name))}"
    yield f"docs: {_flow(str(docs.get('url') or label))}"
    settings = {**{one: (None, says) for one, says in secrets.items()}, **server_settings(api)}
    if settings:
        yield "\nsettings:"
    for one, (default, says) in settings.items():
        secret = {"secret": True} if one in _SECRET else {}
        yield f"  {one}: {_flow({**secret, **({'default': str(default)} if default else {}), 'description': says})}"
    yield f"\nbase_url: {_flow(base_url(api))}"
    elsewhere = urlsplit(str(auth.get("token_url", ""))).hostname
    if elsewhere and elsewhere != urlsplit(base_url(api)).hostname and "{" not in elsewhere:
        yield f"hosts: {_flow([elsewhere])}"
    yield f"auth: {_flow(auth)}  {MARK}: the first of its security schemes that is understood"


def _errors(api: OpenApi, operations: Sequence[ApiOperation]) -> Iterator[str]:
    if rows := guess_refusals(api, operations):
        yield "\ndefaults:\n  errors:"
        yield from (f"    - {_flow(row)}  {MARK}: by the schema of a refusal" for row in rows)


def _plain(operation: ApiOperation) -> Iterator[str]:
    yield from _title(operation)
    if operation.method != "GET":
        yield from _repeatable(operation)
    call: dict[str, Any] = {"method": operation.method, "path": _path(operation)}
    for place, told in (("query", "query"), ("header", "headers")):
        asked = [one for one in operation.parameters if one.place == place and not _KEY_HEADER.fullmatch(one.name)]
        if asked:
            call[told] = {one.name: f"{{request.{one.word}{'' if one.required else '?'}}}" for one in asked}
    if operation.body is not None:
        call["body"] = "{request.body}"
        call |= {"encoding": "form"} if operation.encoding == "form" else {}
    yield from _step("call", call)


def _repeatable(operation: ApiOperation) -> Iterator[str]:
    header = next((one.name for one in operation.parameters if _KEY_HEADER.fullmatch(one.name)), None)
    if header:
        yield f"    idempotency: {_flow({'kind': 'header', 'name': header})}  {MARK}: by the header's name"
    elif operation.method in ("PUT", "DELETE"):
        yield f"    idempotency: {{kind: natural_key}}  {MARK}: {operation.method} is idempotent (RFC 9110, 9.2.2)"
    else:
        yield f"    {MARK}: no idempotency is described; say how a second try is known as the same"


def _pull(operation: ApiOperation, guessed: ListGuess, proved: Proved, map_name: str) -> Iterator[str]:
    yield from _title(operation)
    needed = {
        one.name: str(one.schema.get("default", one.schema.get("example", one.schema.get("enum", ["?"])[0])))
        for one in operation.parameters
        if one.place == "query" and one.required and one.name not in guessed.query
    }
    query = {**needed, **guessed.query}
    call = {"method": "GET", "path": operation.path, **({"query": query} if query else {})}
    yield from _step("list", call, f"  {MARK}: what it asks for" if query else "")
    yield "    pull:"
    yield f"      items: {_flow(guessed.items)}  {MARK}: the first list of objects in the answer"
    yield f"      kind: {proved.document}  {MARK}: by the names in its schema"
    yield f"      map: {map_name}"
    yield f"      key: {_flow('{item.' + guessed.key + '}')}  {MARK}"
    yield "      updates: ignore"
    yield "      every: PT5M"
    for what in ("pages", "cursor"):
        if said := getattr(guessed, what):
            yield f"      {what}: {_flow(said)}  {MARK}: by the names of its parameters"
        else:
            yield f"      {MARK}: no parameter looks like {what}"


def _title(operation: ApiOperation) -> Iterator[str]:
    yield f"  {operation.name}:"
    yield f"    # {operation.method} {operation.path}{': ' + operation.summary if operation.summary else ''}"
    if operation.docs:
        yield f"    docs: {_flow(operation.docs)}"


def _step(name: str, call: Mapping[str, Any], remark: str = "") -> Iterator[str]:
    yield f"    steps:\n      - name: {name}\n        call: {_flow(call)}{remark}"


def _path(operation: ApiOperation) -> str:
    words = {one.name: one.word for one in operation.parameters if one.place == "path"}
    return re.sub(r"\{([^{}]+)\}", lambda name: f"{{request.{words.get(name[1], 'value')}}}", operation.path)


# --- its cases ------------------------------------------------------------------------------------------------------

_CASES = """\
# yaml-language-server: $schema=../../schemas/cases.schema.json
# Requests and answers are the examples of the OpenAPI file, or made from its schemas.
cases:"""


def _cases(api: OpenApi, operation: ApiOperation, pulled: Pulled | None) -> Iterator[str]:
    """One that succeeds, and one for the first refusal that is described."""
    done = operation.done
    body = api.sample(done.schema) if done and done.schema else None
    if pulled:
        guessed, proved, _ = pulled
        token = (guessed.pages or {}).get("token")
        outcome = {"then": "arrived", "documents": [essence(proved)]}
        yield from _case(api, operation, "a listed document is taken", 200, _last_page(body, token), outcome)
    elif done:
        status = int(done.status) if done.status.isdecimal() else 200
        yield from _case(api, operation, "it is done", status, body, {"then": "done"})
    refused = next((one for one in operation.answers if one.status in ("400", "404", "409", "422")), None)
    if refused:
        body = api.sample(refused.schema) if refused.schema else None
        yield from _case(api, operation, "a refusal is final", int(refused.status), body, {"then": "rejected"})


def _case(
    api: OpenApi, operation: ApiOperation, says: str, status: int, body: Any, outcome: Mapping[str, Any]
) -> Iterator[str]:
    answer = {**({"status": status} if status != 200 else {}), **({} if body is None else {"body": body})}
    exchanges = [*_log_in(api), {"expect": {"method": operation.method}, "answer": answer}]
    yield f"  - case: {_flow(f'{operation.name}, {says}')}"
    yield f"    operation: {operation.name}"
    if request := _request(api, operation):
        yield f"    request: {flow_json(request, 4)}"
    yield f"    exchanges: {flow_json(exchanges, 4)}"
    yield f"    outcome: {flow_json(outcome, 4)}"


def _log_in(api: OpenApi) -> list[dict[str, Any]]:
    """The exchange that fetches a token first; who logs in as a person has done so before."""
    if guess_auth(api)[0].get("grant") != "client_credentials":
        return []
    token = {"access_token": "test-token", "token_type": "Bearer", "expires_in": 3600}
    return [{"expect": {"method": "POST"}, "answer": {"body": token}}]


def _request(api: OpenApi, operation: ApiOperation) -> dict[str, Any]:
    asked = {
        one.word: api.sample(one.schema) for one in operation.parameters if one.place in ("path", "query", "header")
    }
    return {**asked, **({} if operation.body is None else {"body": api.sample(operation.body)})}


def _last_page(body: Any, token: str | None) -> Any:
    """The answer without what names a next page."""
    if not token or not isinstance(body, Mapping):
        return body
    name, _, rest = token.partition(".")
    if not rest:
        return {member: value for member, value in body.items() if member != name}
    return {member: _last_page(value, rest) if member == name else value for member, value in body.items()}


def _flow(value: Any) -> str:
    """YAML on one line."""
    if isinstance(value, Mapping):
        members = (f"{name if _PLAIN.fullmatch(name) else _flow(name)}: {_flow(part)}" for name, part in value.items())
        return "{" + ", ".join(members) + "}"
    return json.dumps(value, ensure_ascii=False)
