"""Getting a token: what is asked (RFC 6749, or a request of the vendor's own), and what the answer grants."""

import base64
import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from canonical import Misconfigured, Rejected, Unavailable, exact_decimal
from connectors.connection import Connection
from connectors.engine.path import first_at
from connectors.engine.template import expand, expand_text
from connectors.engine.tokens import Token
from connectors.engine.wire import Answer, Request
from connectors.manifest_auth import OAuth2, TokenExchange
from connectors.secret import Secret
from connectors.syntax.json_text import read_json, write_json

_EARLY = timedelta(seconds=60)
_USUAL_LIFE = timedelta(hours=1)
_FORM = "application/x-www-form-urlencoded"

Grant = OAuth2 | TokenExchange


def token_request(grant: Grant, connection: Connection, refresh: Secret | None) -> Request:
    """The request for a token; `refresh` in the place of the configured refresh token."""
    scope = credentials_scope(connection)
    if isinstance(grant, OAuth2):
        return _oauth2_request(grant, scope, refresh)
    headers = {name: expand_text(value, scope) for name, value in grant.headers.items()}
    headers.setdefault("Accept", "application/json")
    content = None
    if grant.body is not None:
        tree = expand(grant.body, scope)
        content = urlencode(tree).encode() if grant.encoding == "form" else write_json(tree)
        headers.setdefault("Content-Type", _FORM if grant.encoding == "form" else "application/json")
    return Request(grant.method, expand_text(grant.url, scope), headers, content)


def granted(grant: Grant, answer: Answer, now: datetime, made_of: str, refresh: Secret | None) -> Token:
    """The token of an answer. Raises `Unavailable`, or `Misconfigured` when the credentials were refused."""
    if answer.status >= 500 or answer.status == 429:
        raise Unavailable(f"no token: HTTP {answer.status}")
    if answer.status not in (200, 201):
        raise Misconfigured(f"no token: HTTP {answer.status}; check the client's id and secret")
    tree = _tree(answer)
    token = _token(tree, "access_token" if isinstance(grant, OAuth2) else grant.token)
    replaced = tree.get("refresh_token") if isinstance(grant, OAuth2) and isinstance(tree, Mapping) else None
    life = _life(grant, tree)
    until = now + max(life - _EARLY, life / 2)
    return Token(Secret(token), until, made_of, Secret(replaced) if isinstance(replaced, str) else refresh)


def digest_of_credentials(grant: Grant, connection: Connection) -> str:
    """What tells tokens made of these credentials from those of others."""
    scope = {**credentials_scope(connection), "call": {"id": ""}}
    told = grant.model_dump(mode="json", exclude_none=True, exclude={"prefixes"})
    said = expand(_templates(told), scope)
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def credentials_scope(connection: Connection) -> Mapping[str, Any]:
    """What credentials may name: settings, the base URL, another id for every request."""
    return {
        "settings": connection.settings,
        "base_url": connection.base_url,
        "call": {"id": str(uuid.uuid4())},
    }


def basic_header(username: str, password: str) -> str:
    """RFC 7617."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def _oauth2_request(oauth: OAuth2, scope: Mapping[str, Any], refresh: Secret | None) -> Request:
    form: dict[str, str] = {"grant_type": oauth.grant}
    if oauth.refresh_token or oauth.grant == "authorization_code":
        form["grant_type"] = "refresh_token"
        form["refresh_token"] = refresh.reveal() if refresh else expand_text(oauth.refresh_token or "", scope)
    if oauth.scope and oauth.grant != "authorization_code":
        form["scope"] = oauth.scope
    return form_request(oauth, scope, form)


def form_request(oauth: OAuth2, scope: Mapping[str, Any], form: Mapping[str, str]) -> Request:
    """A request to the token endpoint, with the client's own proof."""
    headers = {name: expand_text(value, scope) for name, value in oauth.token_headers.items()}
    identity = expand_text(oauth.client_id, scope), expand_text(oauth.client_secret, scope)
    if oauth.client_auth == "basic":
        headers["Authorization"] = basic_header(*identity)
    else:
        form = {**form, "client_id": identity[0], "client_secret": identity[1]}
    headers |= {"Content-Type": _FORM, "Accept": "application/json"}
    return Request("POST", expand_text(oauth.token_url, scope), headers, urlencode(form).encode())


def _token(tree: Any, place: str) -> str:
    try:
        token = expand_text(place, tree if isinstance(tree, Mapping) else {}) if "{" in place else first_at(tree, place)
    except Rejected:
        token = None
    if not isinstance(token, str) or not token:
        raise Unavailable(f"no token: an answer without {place or 'one'}")
    return token


def _tree(answer: Answer) -> Any:
    try:
        return read_json(answer.content)
    except Rejected:
        return answer.content.decode("utf-8", "replace").strip()


def _life(grant: Grant, tree: Any) -> timedelta:
    said = first_at(tree, "expires_in" if isinstance(grant, OAuth2) else grant.expires_in or "expires_in")
    usual = _USUAL_LIFE if isinstance(grant, OAuth2) else grant.lifetime
    return timedelta(seconds=int(exact_decimal(said))) if said is not None else usual


def _templates(part: Any) -> Any:
    """The model's parts without the paths, which are no templates."""
    return {name: value for name, value in part.items() if name not in ("token", "expires_in", "kind")}
