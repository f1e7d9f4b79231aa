"""Request bodies, read with a bound: a body is refused as soon as it has grown too large, packed or not."""

import asyncio
import zlib
from collections.abc import Iterator
from typing import Protocol

from aiohttp import web

from console.web.problem import Problem

_GZIP_OR_ZLIB = 47
_CHUNK = 64 * 1024
_PATIENCE = 60.0
"""Seconds a sender has for the whole body."""


class _Decoder(Protocol):
    @property
    def finished(self) -> bool: ...

    def feed(self, chunk: bytes, room: int) -> Iterator[bytes]:
        """Decoded parts, never more than a byte over `room` at once."""
        ...


class _Identity:
    @property
    def finished(self) -> bool:
        return True

    def feed(self, chunk: bytes, room: int) -> Iterator[bytes]:  # noqa: ARG002 - a chunk is small already
        yield chunk


class _Unpack:
    """gzip (RFC 1952, any number of members) or zlib."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB)

    @property
    def finished(self) -> bool:
        return self._inflate.eof

    def feed(self, chunk: bytes, room: int) -> Iterator[bytes]:
        while chunk:
            if self._inflate.eof:
                self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB)
            yield self._inflate.decompress(chunk, room + 1)
            chunk = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail


def _decoder(encoding: str) -> _Decoder:
    if encoding in ("", "identity"):
        return _Identity()
    if encoding in ("gzip", "x-gzip", "deflate"):
        return _Unpack()
    raise Problem(415, "unknown-encoding", f"Content-Encoding {encoding!r} is not understood; send gzip or none")


def _too_large(largest: int) -> Problem:
    detail = f"the body is larger than the {largest} bytes this hub takes"
    return Problem(413, "too-large", detail, headers={"Connection": "close"})


async def _read(request: web.Request, decoder: _Decoder, largest: int) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_chunked(_CHUNK):
        for part in decoder.feed(chunk, largest - len(body)):
            body += part
            if len(body) > largest:
                raise _too_large(largest)
    return bytes(body)


async def read_body(request: web.Request, largest: int) -> bytes:
    """The whole body, unpacked. Raises `Problem` 400, 408, 413 or 415."""
    if (request.content_length or 0) > largest:
        raise _too_large(largest)
    decoder = _decoder(request.headers.get("Content-Encoding", "").strip().lower())
    try:
        async with asyncio.timeout(_PATIENCE):
            body = await _read(request, decoder, largest)
    except zlib.error as error:
        raise Problem(400, "broken-encoding", "the body is not what its Content-Encoding says") from error
    except TimeoutError as error:
        raise Problem(408, "too-slow", f"the body did not arrive within {_PATIENCE:.0f} seconds") from error
    if body and not decoder.finished:
        raise Problem(400, "broken-encoding", "the packed body ends too early")
    return body
