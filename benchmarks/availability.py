"""How fast availability is told over HTTP, as a ratio to an aiohttp handler that does nothing.

Run as `python benchmarks/availability.py [--seconds 4]`. The hub is the real one on the example configuration: its
token is checked and its stock rows are read. The callers are in a process of their own; both handlers are asked in turn
within one run. `one SKU` asks for the same item again and again, `all SKUs` for the catalogue's one after another,
`while stock moves` sets stock a hundred times a second beside it.
"""

import argparse
import asyncio
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from aiohttp import web

ROOT = Path(__file__).resolve().parent.parent
CALLERS = 16
ROUNDS = 3
TARGET = 0.5
ITEMS = [f"CS-{number}" for number in range(1001, 1013)]


class Caller(asyncio.Protocol):
    """A connection that asks again as soon as it was answered."""

    def __init__(self, requests: Sequence[bytes], ends: float) -> None:
        self._requests, self._ends = requests, ends
        self._received = b""
        self.answered = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._requests[0])

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]):
            return
        assert head.startswith(b"HTTP/1.1 200"), head
        self._received = b""
        self.answered += 1
        if time.monotonic() < self._ends:
            self._transport.write(self._requests[self.answered % len(self._requests)])
        else:
            self._transport.close()
            self.done.set_result(None)


async def call(port: int, paths: Sequence[str], token: str, seconds: float) -> float:
    """Answers a second to all callers together."""
    asked = [
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode() for path in paths
    ]
    loop, began = asyncio.get_running_loop(), time.monotonic()
    made = [
        await loop.create_connection(lambda: Caller(asked, began + seconds), "127.0.0.1", port) for _ in "x" * CALLERS
    ]
    await asyncio.gather(*(caller.done for _, caller in made))
    return sum(caller.answered for _, caller in made) / (time.monotonic() - began)


async def called(port: int, paths: Sequence[str], token: str, seconds: float) -> float:
    """The same from a process of its own."""
    said = json.dumps([port, paths, token, seconds])
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--call", said, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return float(out)


async def nothing(_request: web.Request) -> web.Response:
    return web.Response()


async def empty_server() -> tuple[web.AppRunner, int]:
    """An application of one handler that does nothing."""
    app = web.Application()
    app.router.add_get("/", nothing)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, int(runner.addresses[0][1])


async def measure(seconds: float) -> bool:
    """Print the table; whether the target is met."""
    from console.web.server import serve
    from hub import Crossdock

    rates: dict[str, list[float]] = {"empty handler": [], "one SKU": [], "all SKUs": [], "while stock moves": []}
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(ROOT / "config", Path(place) / "config")
        async with Crossdock().open(Path(place) / "config" / "hub.yaml", Path(place) / "data") as hub:
            token = await hub.access.issue(role="erp")
            runner, empty = await empty_server()
            async with serve(hub, "127.0.0.1", 0) as served:
                port = int(served.url.rpartition(":")[2])
                lookups = [f"/v1/availability?sku={sku}" for sku in ITEMS]
                for _ in range(ROUNDS):
                    rates["empty handler"].append(await called(empty, ["/"], token, seconds / ROUNDS))
                    rates["one SKU"].append(await called(port, lookups[:1], token, seconds / ROUNDS))
                    rates["all SKUs"].append(await called(port, lookups, token, seconds / ROUNDS))
                    moving = asyncio.create_task(move(hub.stock))
                    rates["while stock moves"].append(await called(port, lookups, token, seconds / ROUNDS))
                    moving.cancel()
                    with suppress(asyncio.CancelledError):
                        await moving
            await runner.cleanup()
    return tell(rates)


async def move(stock: object) -> None:
    """Set stock a hundred times a second until cancelled."""
    for turn in range(1_000_000):
        await stock.set(ITEMS[turn % len(ITEMS)], "dc-reno", Decimal(100 + turn % 7))  # type: ignore[attr-defined]
        await asyncio.sleep(0.01)


def tell(rates: dict[str, list[float]]) -> bool:
    """Print medians and ratios."""
    base = statistics.median(rates["empty handler"])
    print(f"{'availability over HTTP':<24}{'a second':>10}{'of empty':>10}   target {TARGET}")
    for name, seen in rates.items():
        rate = statistics.median(seen)
        print(f"{name:<24}{rate:>10,.0f}{rate / base:>10.2f}")
    return statistics.median(rates["all SKUs"]) / base >= TARGET


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--call", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.call:
        print(asyncio.run(call(*json.loads(given.call))))
    else:
        sys.exit(not asyncio.run(measure(given.seconds)))
