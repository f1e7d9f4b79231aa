"""Requests signed by OAuth 1.0 (RFC 5849), with HMAC-SHA256 as well as the RFC's own HMAC-SHA1."""

import base64
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlsplit

from connectors.engine.wire import Request
from connectors.manifest_auth import OAuth1


def signed_header(auth: OAuth1, said: Mapping[str, str], request: Request, nonce: str, timestamp: int) -> str:
    """The Authorization header of a request.

    `said` holds the credentials' values by the model's names. A form's members are signed too (RFC 5849, 3.4.1.3).
    """
    parameters = {
        "oauth_consumer_key": said["consumer_key"],
        "oauth_nonce": nonce,
        "oauth_signature_method": f"HMAC-{auth.algorithm.upper()}",
        "oauth_timestamp": str(timestamp),
    }
    if said["token"]:
        parameters["oauth_token"] = said["token"]
    base = _base(request, [*parameters.items(), *_members(request)])
    key = f"{_escaped(said['consumer_secret'])}&{_escaped(said['token_secret'])}".encode()
    made = base64.b64encode(hmac.new(key, base.encode(), auth.algorithm).digest()).decode()
    shown = {**({"realm": said["realm"]} if said["realm"] else {}), **parameters, "oauth_signature": made}
    return "OAuth " + ", ".join(f'{name}="{_escaped(value)}"' for name, value in shown.items())


def _base(request: Request, members: list[tuple[str, str]]) -> str:
    """The signature base string (3.4.1.1): method, URL without its query, and every member in order."""
    parts = urlsplit(request.url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    port = f":{parts.port}" if parts.port and parts.port != usual else ""
    url = f"{parts.scheme}://{(parts.hostname or '').lower()}{port}{parts.path or '/'}"
    pairs = sorted((_escaped(name), _escaped(value)) for name, value in members)
    return "&".join((request.method, _escaped(url), _escaped("&".join(f"{name}={value}" for name, value in pairs))))


def _members(request: Request) -> list[tuple[str, str]]:
    found = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    if request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        found += parse_qsl((request.content or b"").decode(), keep_blank_values=True)
    return found


def _escaped(text: str) -> str:
    return quote(text, safe="-._~")
