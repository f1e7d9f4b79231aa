"""Running the hub: it stops well, says truly whether it is ready, survives a full disk, comes back from a backup."""

import asyncio
import json
import resource
import signal
import sys
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from canonical.exchange import Arrival
from hub import Crossdock
from tests.flow.street import ObedientCourier, open_street, purchase, until
from tests.following.conftest import PO, Opener, crossdock

CROSSDOCK = Path(sys.executable).with_name("crossdock")
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def order(number: int) -> bytes:
    """The sample order under another number and other control numbers."""
    return PO.replace(b"NW-882", f"NW-{number:03}".encode()).replace(b"000000101", f"{number:09}".encode())


@asynccontextmanager
async def running(place: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """`crossdock run` on the configuration and data under `place`, and where it listens."""
    words = ["run", "--port", "0", "--json", "--config", place / "config" / "hub.yaml", "--data", place / "data"]
    process = await asyncio.create_subprocess_exec(
        str(CROSSDOCK), *map(str, words), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout
    try:
        yield process, json.loads(await process.stdout.readuntil(b"\n}\n"))["url"]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
async def token(opened: Opener) -> str:
    async with opened() as served:
        return str(await served.hub.access.issue(partner="northwind"))


async def post(session: aiohttp.ClientSession, url: str, token: str, content: bytes) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    async with session.post(f"{url}/v1/documents?partner=northwind", data=content, headers=headers) as answer:
        return answer.status, answer.headers


async def ready(session: aiohttp.ClientSession, url: str) -> tuple[int, dict[str, Any]]:
    async with session.get(f"{url}/readyz") as answer:
        return answer.status, await answer.json()


# --- readiness ------------------------------------------------------------------------------------------------------


async def test_a_working_hub_is_ready_and_says_how_long_work_waits(opened: Opener) -> None:
    async with opened() as served:
        status, told = await served("GET", "/readyz")
        assert (status, told["ready"]) == (200, True)
        assert told["checks"] == {"store": "ok", "migrations": "ok", "loops": "ok"}
        assert set(told["waiting"]) == {"transmissions", "orders", "documents", "deliveries"}
        await served("POST", "/v1/documents", "northwind", data=PO)
        await asyncio.sleep(0.05)
        assert (await served("GET", "/readyz"))[1]["waiting"]["transmissions"] > 0


async def test_a_loop_that_hangs_makes_the_hub_unready(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as served:
        working = asyncio.create_task(served.hub.work(frozenset({"route"})))
        await asyncio.sleep(0.05)
        assert (await served("GET", "/readyz"))[0] == 200
        monkeypatch.setattr("router.flow.ready.HUNG", -1.0)
        status, told = await served("GET", "/readyz")
        assert (status, told["checks"]["loops"]) == (503, "no sign of life: route")
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_a_schema_of_another_revision_makes_the_hub_unready(opened: Opener) -> None:
    async with opened() as served:
        older = "update alembic_version set version_num = '0001'"
        await served.hub._store.database.write(lambda at: at.connection.exec_driver_sql(older) and None)
        status, told = await served("GET", "/readyz")
        assert status == 503
        assert "revision" in told["checks"]["migrations"]


# --- a full disk ----------------------------------------------------------------------------------------------------


async def test_a_full_disk_is_503_and_never_200_and_the_hub_goes_on_by_itself(tmp_path: Path, token: str) -> None:
    async with running(tmp_path) as (process, url), aiohttp.ClientSession() as session:
        assert (await post(session, url, token, order(1)))[0] == 202
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        full = [await post(session, url, token, order(number)) for number in range(2, 6)]
        assert {status for status, _ in full} == {503}
        assert all(int(headers["Retry-After"]) > 0 for _, headers in full)
        assert (await ready(session, url))[0] == 503
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, UNLIMITED)
        again = [(await post(session, url, token, order(number)))[0] for number in range(2, 6)]
        assert again == [202] * 4
        assert (await ready(session, url))[0] == 200
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    assert (await crossdock(tmp_path, "stock", "set", "CS-1009", "dc-reno", "50")).returncode == 0  # works all off
    told = json.loads((await crossdock(tmp_path, "orders", "--json")).stdout)
    assert len(told) == 10
    assert (await crossdock(tmp_path, "audit")).returncode == 0


async def test_a_full_store_leaves_files_where_they_are_until_there_is_room(opened: Opener) -> None:
    async with opened() as served:
        inbound = served.data / "partners" / "harbor-grocers" / "inbound"
        inbound.mkdir(parents=True, exist_ok=True)
        await served.hub.look()
        store = served.hub._store.database

        async def pages(most: int) -> None:
            await store.write(lambda at: at.connection.exec_driver_sql(f"PRAGMA max_page_count={most}") and None)

        await pages(1)
        file = inbound / "po.edi"
        file.write_bytes((Path(__file__).parents[2] / "config/demo/harbor-two-interchanges.edi").read_bytes() * 40)
        await served.hub.look()
        assert file.exists()
        status, _ = await served("POST", "/v1/documents", "northwind", data=b"x" * 400_000)
        assert status == 503
        await pages(1_000_000)
        assert await served.hub.look() == 1
        assert not file.exists()
        assert await served.sound() == []


# --- stopping -------------------------------------------------------------------------------------------------------


async def test_stopping_lets_a_delivery_under_way_finish_and_leaves_no_claim(tmp_path: Path) -> None:
    async with open_street(f"sqlite:///{tmp_path}/hub.db") as street:
        assert isinstance(street.courier, ObedientCourier)
        street.courier.hold, street.courier.orders["acme"] = asyncio.Event(), []
        working = asyncio.create_task(street.flow.run())
        await street.send(purchase("PO1"))
        await until(lambda: street.flow.deliver._under_way["acme"])
        working.cancel()
        await asyncio.sleep(0.05)
        assert not working.done()
        street.courier.hold.set()
        await asyncio.gather(working, return_exceptions=True)
        delivered = [row for row in await street.store.archive.documents() if row["status"] == "delivered"]
        assert delivered
        claimed = "select count(*) from {} where token is not null"
        for table in ("transmission", "lane", "document", "delivery"):
            count = await street.store.database.read(
                lambda at, table=table: at.connection.exec_driver_sql(claimed.format(table)).scalar_one()
            )
            assert count == 0, table


async def test_a_delivery_that_will_not_end_is_broken_off_and_due_again(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("router.flow.flow.GRACE", 0.05)
    async with open_street(f"sqlite:///{tmp_path}/hub.db") as street:
        street.courier.hold, street.courier.orders["acme"] = asyncio.Event(), []
        working = asyncio.create_task(street.flow.run())
        await street.send(purchase("PO1"))
        await until(lambda: street.flow.deliver._under_way["acme"])
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        street.courier.hold.set()
        await street.settle()
        assert {row["status"] for row in await street.store.archive.documents() if row["direction"] == "out"} == {
            "delivered"
        }


# --- backup and restore ---------------------------------------------------------------------------------------------


async def test_a_backup_taken_under_load_restores_to_a_sound_hub(tmp_path: Path, token: str) -> None:
    async with running(tmp_path) as (_, url), aiohttp.ClientSession() as session:
        kept: list[int] = []

        async def load() -> None:
            for number in range(1, 60):
                status, _ = await post(session, url, token, order(number))
                kept.extend([number] * (status == 202))

        loading = asyncio.create_task(load())
        while len(kept) < 10:  # noqa: ASYNC110 - nobody says when
            await asyncio.sleep(0.01)
        before = len(kept)
        file = tmp_path / "hub.backup"
        done = await crossdock(tmp_path, "backup", str(file), "--json")
        assert done.returncode == 0, done.stderr
        loading.cancel()
        await asyncio.gather(loading, return_exceptions=True)
    again = await crossdock(tmp_path, "backup", str(file))
    assert (again.returncode, "overwrites nothing" in again.stderr) == (1, True)
    other = tmp_path / "elsewhere"
    restored = await crossdock(tmp_path, "restore", str(file), "--data", str(other))
    assert (restored.returncode, "every invariant holds" in restored.stdout) == (0, True), restored.stderr
    async with Crossdock().open(tmp_path / "config" / "hub.yaml", other) as hub:
        await hub._store.peers.give_back()  # what the process had claimed that was at work
        await hub.drain()
        numbers = {row["number"] for row in await hub.archive.orders(limit=1000)}
        assert {f"NW-{number:03}13" for number in kept[:before]} <= numbers
    refused = await crossdock(tmp_path, "restore", str(file), "--data", str(other))
    assert (refused.returncode, "not empty" in refused.stderr) == (1, True)


async def test_a_damaged_backup_is_refused_and_nothing_is_left(opened: Opener, tmp_path: Path) -> None:
    async with opened() as served:
        await served.send("northwind", PO)
    file = tmp_path / "hub.backup"
    assert (await crossdock(tmp_path, "backup", str(file))).returncode == 0
    damaged = bytearray(file.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    file.write_bytes(damaged)
    refused = await crossdock(tmp_path, "restore", str(file), "--data", str(tmp_path / "elsewhere"))
    assert (refused.returncode, "no whole backup" in refused.stderr) == (1, True), refused.stderr
    assert not (tmp_path / "elsewhere").exists()
    file.write_bytes(bytes(damaged[: len(damaged) // 3]))
    refused = await crossdock(tmp_path, "restore", str(file), "--data", str(tmp_path / "elsewhere"))
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr


async def test_a_backup_that_reaches_out_of_its_directory_is_refused(opened: Opener, tmp_path: Path) -> None:
    async with opened():
        pass
    evil = tmp_path / "evil.txt"
    evil.write_text("x")
    with tarfile.open(tmp_path / "hub.backup", "w") as archive:
        archive.add(evil, "../../evil-was-here")
    refused = await crossdock(tmp_path, "restore", str(tmp_path / "hub.backup"), "--data", str(tmp_path / "a" / "b"))
    assert refused.returncode == 1
    assert not (tmp_path / "evil-was-here").exists()


async def test_a_backup_keeps_how_far_pickups_read(opened: Opener, tmp_path: Path) -> None:
    async with opened() as served:
        await served.hub.receive(Arrival("northwind", "http", PO))
        (served.data / "cursors").mkdir(exist_ok=True)
        (served.data / "cursors" / "trailhead.json").write_text('{"since": "x"}')
    assert (await crossdock(tmp_path, "backup", str(tmp_path / "b"))).returncode == 0
    assert (await crossdock(tmp_path, "restore", str(tmp_path / "b"), "--data", str(tmp_path / "c"))).returncode == 0
    assert (tmp_path / "c" / "cursors" / "trailhead.json").read_text() == '{"since": "x"}'
