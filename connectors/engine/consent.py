"""A person's consent: the authorization code flow (RFC 6749, 4.1) with PKCE (RFC 7636) for an app on this machine
(RFC 8252): where to send the person, and what the address they come back to says."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from canonical import Misconfigured, Rejected
from connectors.connection import Connection
from connectors.engine.grant import credentials_scope, form_request
from connectors.engine.template import expand_text
from connectors.engine.wire import Request
from connectors.manifest_auth import OAuth2


@dataclass(frozen=True, slots=True)
class Consent:
    """One asking for consent. `state` ties the answer to it, `verifier` the token to us."""

    url: str
    redirect_uri: str
    state: str
    verifier: str


def ask_consent(connection: Connection, redirect_uri: str) -> Consent:
    """Where to send the person. Raises `Misconfigured` for a connector that nobody logs in to."""
    oauth = consented(connection)
    scope = credentials_scope(connection)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": expand_text(oauth.client_id, scope),
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **({"scope": oauth.scope} if oauth.scope else {}),
        **{name: expand_text(value, scope) for name, value in oauth.authorize_query.items()},
    }
    url = expand_text(oauth.authorize_url or "", scope)
    return Consent(f"{url}{'&' if '?' in url else '?'}{urlencode(query)}", redirect_uri, state, verifier)


def consented(connection: Connection) -> OAuth2:
    """The terms of a connection that a person logs in to. Raises `Misconfigured` for any other."""
    auth = connection.manifest.auth
    if not isinstance(auth, OAuth2) or auth.grant != "authorization_code":
        raise Misconfigured(f"{connection.id} needs no log-in; its settings say who we are")
    connection.require()
    return auth


def code_in(consent: Consent, query: Mapping[str, str]) -> str:
    """The code of the answer. Raises `Rejected` when it answers another asking, or says no."""
    if not hmac.compare_digest(query.get("state", "").encode(), consent.state.encode()):
        raise Rejected("this is not the answer to our question (another state)")
    if "code" not in query:
        raise Rejected(
            f"no consent: {query.get('error_description') or query.get('error') or 'nothing was said'}"[:300]
        )
    return query["code"]


def query_of(address: str) -> dict[str, str]:
    """The query of an address, such as one pasted from a browser."""
    return dict(parse_qsl(urlsplit(address.strip()).query))


def code_request(oauth: OAuth2, connection: Connection, consent: Consent, code: str) -> Request:
    """The request that changes the code into tokens."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": consent.redirect_uri,
        "code_verifier": consent.verifier,
    }
    return form_request(oauth, credentials_scope(connection), form)
