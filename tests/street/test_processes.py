"""Several `crossdock run` on one database, each with a part of the work, one of them killed: each order once."""

import asyncio
import json
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub import Crossdock
from tests.flow.databases import fresh_url
from tests.street.test_kill import CROSSDOCK, ROOT, purchase_order

ORDERS = range(1, 13)


@pytest.fixture(params=["file", "postgresql"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the example hub, on a database of its own."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    with (tmp_path / "config" / "hub.yaml").open("a") as file:
        file.write(f'\ndatabase: "{await fresh_url(request.param, tmp_path)}"\n')
    return tmp_path


@asynccontextmanager
async def running(place: Path, roles: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str | None]]:
    words = ["run", "--roles", roles, "--port", "0", "--json"]
    where = ["--config", str(place / "config" / "hub.yaml"), "--data", str(place / "data")]
    process = await asyncio.create_subprocess_exec(
        str(CROSSDOCK), *words, *where, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout
    try:
        yield process, json.loads(await process.stdout.readuntil(b"\n}\n"))["url"]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.filterwarnings("ignore")
async def test_processes_with_parts_of_the_work_do_it_once_though_one_is_killed(place: Path, auditor: Any) -> None:
    config, data = place / "config" / "hub.yaml", place / "data"
    async with Crossdock().open(config, data) as hub, AsyncExitStack() as stack:
        token = await hub.access.issue(partner="northwind")
        _, url = await stack.enter_async_context(running(place, "web"))
        killed, _ = await stack.enter_async_context(running(place, "intake,route"))
        await stack.enter_async_context(running(place, "intake,route"))
        await stack.enter_async_context(running(place, "deliver,schedule"))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        for number in ORDERS:
            headers = {"Authorization": f"Bearer {token}"}
            target = f"{url}/v1/documents?partner=northwind"
            async with session.post(target, data=purchase_order(number), headers=headers) as answer:
                assert answer.status == 202
            if number == len(ORDERS) // 2:
                killed.kill()
        await asyncio.wait_for(answered(hub), 120)
        books: dict[str, list[Any]] = {name: [] for name in auditor.FILES}
        async for stem, row in hub.archive.export():
            books[stem].append(json.loads(json.dumps(row)))
        assert list(auditor.violations(books)) == []
        assert [fault async for fault in hub.archive.audit()] == []
        assert Counter(row["number"] for row in books["orders"]) == Counter(f"STORM-{number}" for number in ORDERS)


async def answered(hub: Any) -> None:
    """Every order's acknowledgment was delivered."""
    while True:
        rows = await hub.archive.documents(limit=1000)
        told = [row for row in rows if row["kind"] == "OrderAcknowledgment" and row["status"] == "delivered"]
        if len(told) == len(ORDERS):
            return
        await asyncio.sleep(0.2)
