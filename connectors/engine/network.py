"""Connections that reach only public addresses, unless the configuration itself named the host.

An address is judged twice: before a request, and again as the connection is made, to that very address, so that a name
which answers differently the second time (DNS rebinding) leads nowhere.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from contextvars import ContextVar

import httpcore
import httpx

from canonical import Misconfigured, Unavailable

public_only: ContextVar[bool] = ContextVar("public_only", default=True)
"""Whether connections made in this task may reach public addresses alone."""


async def public_addresses(host: str, port: int) -> list[str]:
    """The addresses of a host. Raises `Misconfigured` when one of them is private, `Unavailable` without any."""
    addresses = await _resolve(host, port)
    if not all(_is_public(address) for address in addresses):
        raise Misconfigured(f"{host}:{port} lies in a private network; name it under allow_hosts if that is meant")
    return addresses


def guarded_transport() -> httpx.AsyncBaseTransport:
    """A transport whose connections are held to `public_only`."""
    return _GuardedTransport(trust_env=False)


class _GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx offers no door for a network backend, so its pool is made again with ours."""

    def __init__(self, *, trust_env: bool) -> None:
        super().__init__(trust_env=trust_env)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=trust_env),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=_GuardedBackend(),
        )


class _GuardedBackend(httpcore.AnyIOBackend):
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the backend's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await public_addresses(host, port) if public_only.get() else [host]
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                return await super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


async def _resolve(host: str, port: int) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise Unavailable(f"{host}:{port} has no address") from None
    return [str(address[0]).partition("%")[0] for *_, address in found]


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text)
    inner = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (inner or address).is_global and not (inner or address).is_multicast
