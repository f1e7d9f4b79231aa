"""A copy of the example hub whose configuration a test may change, served on loopback, and a partner's own 997s."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import aiohttp
import pytest

from console.cli import main as command_line
from console.web.server import serve
from hub import Crossdock

ROOT = Path(__file__).parents[2]
PO = (ROOT / "config" / "demo" / "northwind-po.edi").read_bytes()


@dataclass
class Served:
    """The hub at work step by step, and a client with a token for each part it plays."""

    hub: Any
    url: str
    data: Path
    session: aiohttp.ClientSession
    _tokens: dict[str, str] = field(default_factory=dict)

    async def __call__(self, method: str, path: str, who: str = "operator", **more: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {await self._token(who)}", **more.pop("headers", {})}
        async with self.session.request(method, self.url + path, headers=headers, **more) as response:
            return response.status, await (response.json() if "json" in response.content_type else response.read())

    async def send(self, partner: str, content: bytes) -> None:
        """A partner's document, worked on until nothing is due."""
        status, answer = await self("POST", f"/v1/documents?partner={partner}", partner, data=content)
        assert status == 202, answer
        await self.hub.drain()

    async def sent(self, kind: str, to: str) -> list[dict[str, Any]]:
        """What went out, the oldest first, each whole."""
        rows = [row for row in await self.hub.archive.documents(partner=to) if row["kind"] == kind]
        found = [await self.hub.archive.document(row["id"]) for row in reversed(rows) if row["direction"] == "out"]
        return [row for row in found if row]

    async def exceptions(self, code: str | None = None, status: str | None = "open") -> list[Any]:
        rows = await self.hub.archive.exceptions(status=status)
        return [row for row in rows if code in (None, row["code"])]

    async def sound(self) -> list[str]:
        return [f"{fault.code} {fault.where}: {fault.message}" async for fault in self.hub.archive.audit()]

    async def _token(self, who: str) -> str:
        if who not in self._tokens:
            claim = {"role": who} if who in ("viewer", "operator", "admin") else {"partner": who}
            self._tokens[who] = await self.hub.access.issue(**claim)
        return self._tokens[who]


Opener = Callable[..., AbstractAsyncContextManager[Served]]


@pytest.fixture
def opened(tmp_path: Path) -> Opener:
    """Open the hub; `changes` replaces texts in its configuration: `{file: [(old, new), ...]}`."""

    @asynccontextmanager
    async def open_hub(changes: dict[str, Sequence[tuple[str, str]]] | None = None) -> AsyncIterator[Served]:
        config = tmp_path / "config"
        if not config.exists():
            shutil.copytree(ROOT / "config", config)
        for name, replaced in (changes or {}).items():
            text = (config / name).read_text()
            for old, new in replaced:
                assert old in text, f"{name} does not say {old}"
                text = text.replace(old, new)
            (config / name).write_text(text)
        async with (
            Crossdock().open(config / "hub.yaml", tmp_path / "data") as hub,
            serve(hub, "127.0.0.1", 0) as served,
            aiohttp.ClientSession() as session,
        ):
            yield Served(hub, served.url, tmp_path / "data", session)

    return open_hub


class Done(NamedTuple):
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


async def crossdock(place: Path, *words: str) -> Done:
    """One command on the configuration and data under `place`, in a thread of this process: starting one costs more."""
    places = {"CROSSDOCK_CONFIG": str(place / "config" / "hub.yaml"), "CROSSDOCK_DATA": str(place / "data")}
    with mock.patch.dict(os.environ, places), redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        ended = await asyncio.to_thread(command_line, Crossdock(), words)
    return Done(ended, out.getvalue(), err.getvalue())


def interchange(
    sender: str, control: int, functional_id: str, *sets: Sequence[str], notes: Sequence[str] = ()
) -> bytes:
    """One 004010 interchange to us. Each set is its id and its segments."""
    lines = [
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{sender:15}*ZZ*{'CEDARSLATE':15}*261120*0615*U*00401*{control:09}*0*P*>",
        *notes,
    ]
    if sets:
        lines.append(f"GS*{functional_id}*{sender}*CEDARSLATE*20261120*0615*{control}*X*004010")
    for number, (set_id, *segments) in enumerate(sets, start=1):
        lines += [f"ST*{set_id}*{number:04}", *segments, f"SE*{len(segments) + 2}*{number:04}"]
    if sets:
        lines.append(f"GE*{len(sets)}*{control}")
    lines.append(f"IEA*{1 if sets else 0}*{control:09}")
    return "".join(f"{line}~" for line in lines).encode()


def acknowledgment(sender: str, control: int, of: dict[str, Any], *faults: str) -> bytes:
    """A partner's 997 of one document of ours; with AK3 and AK4 segments it is rejected."""
    said, verdict = of["control"], "R" if faults else "A"
    accepted = 0 if faults else 1
    return interchange(
        sender, control, "FA",
        ["997", f"AK1*{said['functional_id']}*{said['group']}", f"AK2*{said['set_id']}*{said['set']}", *faults,
         f"AK5*{verdict}" + ("*5" if faults else ""), f"AK9*{verdict}*1*1*{accepted}"],
    )  # fmt: skip
