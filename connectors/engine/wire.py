"""HTTP as the engine uses it: only to hosts a connection allows, no redirects, bounded in time and size."""

import asyncio
import logging
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import httpx
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from canonical import Misconfigured, Unavailable
from connectors.connection import host_of
from connectors.engine.network import guarded_transport, public_addresses, public_only

LARGEST_ANSWER = 10_000_000
"""Bytes, unpacked."""

_GZIP = b"\x1f\x8b"
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to go."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    timeout: float = 20.0
    """Seconds for the whole exchange."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Wire(Protocol):
    """Where requests go."""

    async def send(self, request: Request, hosts: frozenset[str], granted: frozenset[str]) -> Answer:
        """The answer, whatever its status.

        Raises `Misconfigured` for a host that is not among `hosts`, or that lies in a private network without being
        among `granted`; `Unavailable` when there is no answer, `ambiguous` when the request may have got through.
        """
        ...


class HttpWire:
    """One pool of connections to the world outside.

    httpx logs the URLs it calls, which may hold keys, so its log is turned down to warnings.
    """

    def __init__(self) -> None:
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._client = httpx.AsyncClient(
            transport=guarded_transport(), follow_redirects=False, headers={"accept-encoding": "identity"}
        )

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    async def send(self, request: Request, hosts: frozenset[str], granted: frozenset[str]) -> Answer:
        """See `Wire`."""
        await _allow(request.url, hosts, granted)
        public_only.set(host_of(request.url) not in granted)
        try:
            async with asyncio.timeout(request.timeout):
                return await _at_once_again()(self._exchange, request)
        except _NOT_SENT as error:
            raise Unavailable(f"{host_of(request.url)} can't be reached ({type(error).__name__})") from None
        except (httpx.TransportError, TimeoutError) as error:
            message = f"{host_of(request.url)} did not answer ({type(error).__name__})"
            raise Unavailable(message, ambiguous=True) from None

    async def _exchange(self, request: Request) -> Answer:
        async with self._client.stream(
            request.method,
            request.url,
            headers=dict(request.headers),
            content=request.content,
            timeout=httpx.Timeout(request.timeout, connect=min(5.0, request.timeout)),
        ) as response:
            content = bytearray()
            async for chunk in response.aiter_raw():
                content += chunk
                if len(content) > LARGEST_ANSWER:
                    raise Unavailable(f"an answer larger than {LARGEST_ANSWER} bytes", ambiguous=True)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, _unpacked(bytes(content), headers.get("content-encoding", "")))


def _at_once_again() -> AsyncRetrying:
    """A few tries within a moment for what certainly was not sent; the retry of record is the outbox."""
    return AsyncRetrying(
        retry=retry_if_exception_type(_NOT_SENT),
        stop=stop_after_attempt(3),
        wait=wait_exponential_jitter(multiplier=0.05, max=0.5),
        reraise=True,
    )


def _unpacked(content: bytes, encoding: str) -> bytes:
    """Unpack what was sent packed although we asked for it plain, and files that are kept packed.

    What is no gzip is plain, whatever it is called: trytond calls every long answer gzip.
    """
    if encoding in ("", "identity", "gzip") and not content.startswith(_GZIP):
        return content
    try:
        unpacked = zlib.decompressobj(wbits=47).decompress(content, LARGEST_ANSWER + 1)
    except zlib.error:
        raise Unavailable(f"an answer whose {encoding} encoding is broken", ambiguous=True) from None
    if len(unpacked) > LARGEST_ANSWER:
        raise Unavailable(f"an answer larger than {LARGEST_ANSWER} bytes", ambiguous=True)
    return unpacked


async def _allow(url: str, hosts: frozenset[str], granted: frozenset[str]) -> None:
    scheme, host = _target(url)
    if not any(_is_among(host, pattern) for pattern in hosts) or scheme not in ("http", "https"):
        raise Misconfigured(f"calls to {host} are not allowed; name it under allow_hosts if they should be")
    if host in granted:
        return
    if scheme != "https":
        raise Misconfigured(f"calls to {host} must be encrypted; only a base_url in the connection may be http")
    name, _, port = host.rpartition(":")
    await public_addresses(name, int(port))


def _is_among(host: str, pattern: str) -> bool:
    """Whether a host is the one, or below the one, as in `*.example.com:443`."""
    return host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:]))


def _target(url: str) -> tuple[str, str]:
    """Scheme and `host:port`, as the client that will call it reads the URL."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise Misconfigured("an address that is no URL") from None
    return parsed.scheme, f"{parsed.host}:{parsed.port or (80 if parsed.scheme == 'http' else 443)}"
