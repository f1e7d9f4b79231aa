"""SIGKILL in the middle of work: what was acknowledged is there after the restart, once, and the books are clean."""

import asyncio
import json
import random
import shutil
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub import Crossdock

ROOT = Path(__file__).parents[2]
CROSSDOCK = Path(sys.executable).with_name("crossdock")


def purchase_order(number: int) -> bytes:
    """A one-line 850 of its own number and control numbers."""
    body = [
        "ST*850*0001",
        f"BEG*00*SA*STORM-{number}**20261120",
        "N1*ST*Northwind Outfitters 0042*92*0042",
        "N3*880 Lake Street",
        "N4*Evanston*IL*60201*US",
        f"PO1*1*1*EA*18.95**VN*CS-100{1 + number % 9}",
        "CTT*1",
    ]
    isa = f"ISA*00*          *00*          *ZZ*NORTHWIND      *ZZ*CEDARSLATE     *261120*0900*U*00401*{number:09}*0*P*>"
    group = f"GS*PO*NORTHWIND*CEDARSLATE*20261120*0900*{number}*X*004010"
    lines = [isa, group, *body, f"SE*{len(body) + 1}*0001", f"GE*1*{number}", f"IEA*1*{number:09}"]
    return "".join(f"{line}~" for line in lines).encode()


class Storm:
    """A hub that is killed again and again, and the test's own ledger of what it acknowledged."""

    def __init__(self, place: Path, seed: int) -> None:
        self.config, self.data = place / "config" / "hub.yaml", place / "data"
        self.random = random.Random(seed)
        self.accepted: set[int] = set()
        self.token = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
        process = await asyncio.create_subprocess_exec(
            str(CROSSDOCK), "run", "--port", "0", "--json", "--config", str(self.config), "--data", str(self.data),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert process.stdout
        text = b""
        while not text.rstrip().endswith(b"}"):
            line = await process.stdout.readline()
            assert line, "the hub ended before it said where it listens"
            text += line
        try:
            yield process, json.loads(text)["url"]
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def send(self, session: aiohttp.ClientSession, url: str, number: int) -> None:
        """Send one order one to three times; note it once the hub said that it was taken."""
        headers = {"Authorization": f"Bearer {self.token}"}
        for _ in range(self.random.randint(1, 3)):
            try:
                target = f"{url}/v1/documents?partner=northwind"
                async with session.post(target, data=purchase_order(number), headers=headers) as answer:
                    if answer.status in (200, 202):
                        self.accepted.add(number)
            except (aiohttp.ClientError, OSError):
                return

    async def round(self, numbers: list[int]) -> None:
        """Send, and kill somewhere in between."""
        async with self.running() as (process, url), aiohttp.ClientSession() as session:
            sending = asyncio.gather(*(self.send(session, url, number) for number in numbers))
            await asyncio.sleep(self.random.uniform(0.02, 0.6))
            process.send_signal(signal.SIGKILL)
            await process.wait()
            await sending


@pytest.mark.storm
async def test_kill_9_loses_and_doubles_nothing(tmp_path: Path, auditor: Any, request: pytest.FixtureRequest) -> None:
    rounds = max(request.config.getoption("--kills") // 4, 2)
    seed = random.SystemRandom().randrange(2**32)
    storm = Storm(tmp_path, seed)
    shutil.copytree(ROOT / "config", tmp_path / "config")
    async with Crossdock().open(storm.config, storm.data) as hub:
        storm.token = await hub.access.issue(partner="northwind")
    numbers = list(range(1, rounds * 12 + 1))
    for number in range(rounds):
        again = storm.random.sample(numbers[: number * 12] or [1], k=min(4, number * 12 or 1))
        await storm.round([*numbers[number * 12 : number * 12 + 12], *again])
    async with storm.running() as (_, url), aiohttp.ClientSession() as session:
        for number in numbers:
            await storm.send(session, url, number)
    assert storm.accepted == set(numbers), f"seed {seed}"
    books: dict[str, list[Any]] = {name: [] for name in auditor.FILES}
    async with Crossdock().open(storm.config, storm.data) as hub:
        await hub.drain()
        async for stem, row in hub.archive.export():
            books[stem].append(json.loads(json.dumps(row)))
    assert list(auditor.violations(books)) == [], f"seed {seed}"
    assert Counter(row["number"] for row in books["orders"]) == Counter(f"STORM-{number}" for number in numbers), (
        f"seed {seed}"
    )
    answered = Counter(row["identity"] for row in books["documents"] if row["kind"] == "OrderAcknowledgment")
    assert set(answered.values()) == {1}, f"seed {seed}"
    assert len(answered) == len(numbers), f"seed {seed}"
