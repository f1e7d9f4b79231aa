"""Files over SFTP, against a real server on loopback: taken once and whole, put so that nobody sees half of one."""

import asyncio
import hashlib
import logging
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import asyncssh
import pytest

import hub
from canonical import Finding, Misconfigured, Rejected, Unavailable
from canonical.exchange import Arrival, Parcel
from connectors.partners import Partners, load_partners
from connectors.settings import InterchangeIdentity
from connectors.transport.login import Login, login_of
from connectors.transport.remote_folder import RemoteFolder
from connectors.transport.settings import SftpServer
from connectors.transport.sftp import SftpCourier, SftpPickup
from connectors.transport.sftp_session import PAUSE, SftpSession
from connectors.transport.taken import TakenFiles
from tests.connectors.partners.sftp_server import PASSWORD, Server, sftp_server

CONFIG = Path(__file__).parents[3] / "config"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    for name in ("out", "in"):
        (tmp_path / "partner" / name).mkdir(parents=True)
    async with sftp_server(tmp_path / "partner") as running:
        yield running


@pytest.fixture
async def session(server: Server) -> AsyncIterator[SftpSession]:
    opened = SftpSession(server.login())
    yield opened
    await opened.close()


@pytest.fixture
def out(server: Server) -> Path:
    """Where the partner puts its files."""
    return server.root / "out"


def pickup(session: SftpSession, tmp: Path, **settings: object) -> SftpPickup:
    folder, taken = RemoteFolder(session, "/out"), TakenFiles(tmp / "taken" / "northwind.jsonl")
    usual = {"settle": 0, "every": 0}
    return SftpPickup("northwind/inbound", "northwind", folder, taken, **{**usual, **settings})  # type: ignore[arg-type]


async def look(watch: SftpPickup) -> list[Arrival]:
    return [arrival async for arrival in watch.collect()]


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if path.is_file())


def parcel(content: bytes = b"ISA", filename: str = "northwind_855_1.edi", key: str = "d1", attempt: int = 1) -> Parcel:
    return Parcel("p1", key, "northwind", "OrderAcknowledgment", content, "application/edi-x12", filename, attempt)


# --- taking -----------------------------------------------------------------------------------------------------------


async def test_a_file_is_taken_whole_and_archived_once_the_consumer_goes_on(
    session: SftpSession, out: Path, tmp_path: Path
) -> None:
    (out / "po.edi").write_bytes(b"ISA*00")
    taken = pickup(session, tmp_path).collect()
    arrival = await anext(taken)
    assert (arrival.source, arrival.transport, arrival.content) == ("northwind", "sftp", b"ISA*00")
    assert arrival.facts["filename"] == "po.edi"
    assert names(out) == ["po.edi"]
    with pytest.raises(StopAsyncIteration):
        await anext(taken)
    assert names(out) == []
    [archived] = names(out / "archive")
    assert archived.endswith("-po.edi")
    assert (out / "archive" / archived).read_bytes() == b"ISA*00"


@pytest.mark.parametrize("after", ["archive", "delete", "leave"])
async def test_a_crash_before_the_consumer_went_on_reads_the_file_again_under_the_same_key(
    server: Server, out: Path, tmp_path: Path, after: str
) -> None:
    (out / "po.edi").write_bytes(b"ISA*00")
    before = SftpSession(server.login())
    crashed = pickup(before, tmp_path, after=after).collect()
    first = await anext(crashed)
    await crashed.aclose()
    await before.close()
    restarted = SftpSession(server.login())
    [again] = await look(pickup(restarted, tmp_path, after=after))
    assert (again.transport_key, again.content) == (first.transport_key, first.content)
    assert await look(pickup(restarted, tmp_path, after=after)) == []
    await restarted.close()


async def test_a_taken_file_is_deleted_where_the_profile_says_so(
    session: SftpSession, out: Path, tmp_path: Path
) -> None:
    (out / "po.edi").write_bytes(b"ISA*00")
    assert len(await look(pickup(session, tmp_path, after="delete"))) == 1
    assert names(out) == []


async def test_a_left_file_is_read_once_even_by_the_next_process_and_again_when_it_was_replaced(
    session: SftpSession, out: Path, tmp_path: Path
) -> None:
    (out / "po.edi").write_bytes(b"ISA*00")
    (out / "old.edi").write_bytes(b"ISA*01")
    assert len(await look(pickup(session, tmp_path, after="leave"))) == 2
    assert await look(pickup(session, tmp_path, after="leave")) == []
    assert names(out) == ["old.edi", "po.edi"]
    (out / "po.edi").write_bytes(b"ISA*0022")
    [arrival] = await look(pickup(session, tmp_path, after="leave"))
    assert arrival.content == b"ISA*0022"


async def test_the_memory_of_taken_files_survives_a_torn_line_and_forgets_what_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "taken.jsonl"
    await TakenFiles(path).add("a.edi", (3, 1), "aa")
    with path.open("ab") as file:
        file.write(b'\n["b.edi", 3')
    await TakenFiles(path).add("c.edi", (3, 1), "cc")
    taken = TakenFiles(path)
    assert [await taken.digest(name, (3, 1)) for name in ("a.edi", "b.edi", "c.edi")] == ["aa", None, "cc"]
    await taken.only({"c.edi": (3, 1)})
    assert await TakenFiles(path).digest("a.edi", (3, 1)) is None
    assert await TakenFiles(path).digest("c.edi", (3, 1)) == "cc"


@pytest.mark.parametrize("after", ["archive", "delete"])
async def test_a_server_that_forbids_moving_keeps_its_files_and_each_is_read_once(
    server: Server, session: SftpSession, out: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, after: str
) -> None:
    def denied(_name: str) -> None:
        raise asyncssh.SFTPPermissionDenied("no")

    server.behaviour.before = {"rename": denied, "mkdir": denied, "remove": denied}
    for name in ("a.edi", "b.edi"):
        (out / name).write_bytes(name.encode())
    watch = pickup(session, tmp_path, after=after)
    assert len(await look(watch)) == 2
    assert await look(watch) == []
    assert await look(pickup(session, tmp_path, after=after)) == []
    assert names(out) == ["a.edi", "b.edi"]
    assert "stays and is remembered: no" in caplog.text
    server.behaviour.before = {}
    assert await look(watch) == []
    assert names(out) == []
    assert after == "delete" or len(names(out / "archive")) == 2


async def test_a_server_that_never_replaces_a_file_still_archives_the_same_file_sent_twice(
    server: Server, session: SftpSession, out: Path, tmp_path: Path
) -> None:
    server.behaviour.posix_rename = False
    for changed in (1, 2):
        (out / "po.edi").write_bytes(b"ISA*00")
        os.utime(out / "po.edi", (changed, changed))
        assert len(await look(pickup(session, tmp_path))) == 1
        assert names(out) == []
    assert len(names(out / "archive")) == 1


async def test_a_file_that_still_grows_is_left_alone(session: SftpSession, out: Path, tmp_path: Path) -> None:
    now = [0.0]
    watch = pickup(session, tmp_path, settle=10, every=10, steady_clock=lambda: now[0])
    (out / "po.edi").write_bytes(b"ISA")
    assert await look(watch) == []
    now[0] = 10
    (out / "po.edi").write_bytes(b"ISA*00")
    assert await look(watch) == []
    now[0] = 15
    assert await look(watch) == []
    now[0] = 20
    [arrival] = await look(watch)
    assert arrival.content == b"ISA*00"


@pytest.mark.parametrize("request_", ["open", "read"])
async def test_a_file_that_grows_between_listing_and_reading_waits_for_the_next_look(
    server: Server, session: SftpSession, out: Path, tmp_path: Path, request_: str
) -> None:
    (out / "po.edi").write_bytes(b"ISA")

    def grow(_name: str) -> None:
        with (out / "po.edi").open("ab") as file:
            file.write(b"*00")

    server.behaviour.before = {request_: grow}
    assert await look(pickup(session, tmp_path)) == []
    server.behaviour.before = {}
    [arrival] = await look(pickup(session, tmp_path))
    assert arrival.content.startswith(b"ISA*00")


async def test_a_file_replaced_after_it_was_read_is_not_lost_in_the_archive(
    server: Server, session: SftpSession, out: Path, tmp_path: Path
) -> None:
    (out / "po.edi").write_bytes(b"first")
    watch = pickup(session, tmp_path)
    taken = watch.collect()
    assert (await anext(taken)).content == b"first"
    (out / "po.edi").write_bytes(b"second order")
    with pytest.raises(StopAsyncIteration):
        await anext(taken)
    [arrival] = await look(watch)
    assert arrival.content == b"second order"


async def test_files_are_taken_oldest_first_and_large_ones_whole(
    session: SftpSession, out: Path, tmp_path: Path
) -> None:
    large = os.urandom(3_500_000)
    for changed, (name, content) in enumerate({"c.edi": b"c", "a.edi": large, "b.edi": b"b"}.items(), start=1):
        (out / name).write_bytes(content)
        os.utime(out / name, (changed, changed))
    assert [arrival.content for arrival in await look(pickup(session, tmp_path))] == [b"c", large, b"b"]


async def test_a_file_beyond_the_limit_is_refused_unread_and_the_next_one_taken(
    server: Server, session: SftpSession, out: Path, tmp_path: Path
) -> None:
    (out / "a.edi").write_bytes(b"x" * 11)
    (out / "b.edi").write_bytes(b"x" * 10)
    [arrival] = await look(pickup(session, tmp_path, largest=10))
    assert arrival.facts["filename"] == "b.edi"
    assert names(out / "refused") == ["11-bytes-a.edi"]
    assert server.behaviour.seen.count("open") == 1


@pytest.mark.parametrize(
    ("after", "said", "left"), [("archive", "moved to refused/", []), ("leave", "left alone", ["a.edi"])]
)
async def test_an_unreadable_file_holds_up_no_other(
    server: Server, session: SftpSession, tmp_path: Path, caplog: pytest.LogCaptureFixture,
    after: str, said: str, left: list[str],
) -> None:  # fmt: skip
    out = server.root / "out"

    def closed(name: str) -> None:
        if name == "a.edi":
            raise asyncssh.SFTPPermissionDenied("no")

    server.behaviour.before = {"open": closed}
    (out / "a.edi").write_bytes(b"secret")
    watch = pickup(session, tmp_path, after=after)
    for name in ("b.edi", "c.edi"):
        (out / name).write_bytes(b"ISA")
        assert [arrival.facts["filename"] for arrival in await look(watch)] == [name]
    assert (said in caplog.text, caplog.text.count("a.edi refused")) == (True, 1)
    assert [name for name in names(out) if name == "a.edi"] == left


async def test_a_file_the_server_fails_on_is_tried_again_and_holds_up_no_other(
    server: Server, session: SftpSession, out: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def locked(name: str) -> None:
        if name == "a.edi":
            raise asyncssh.SFTPFailure("locked")

    server.behaviour.before = {"open": locked}
    (out / "a.edi").write_bytes(b"a")
    (out / "b.edi").write_bytes(b"b")
    watch = pickup(session, tmp_path)
    assert [arrival.content for arrival in await look(watch)] == [b"b"]
    assert "cannot read a.edi: locked" in caplog.text
    server.behaviour.before = {}
    assert [arrival.content for arrival in await look(watch)] == [b"a"]


async def test_names_that_lead_elsewhere_are_passed_over(
    server: Server, session: SftpSession, out: Path, tmp_path: Path
) -> None:
    (server.root / "secret.edi").write_bytes(b"key")
    (out / "link.edi").symlink_to(server.root / "secret.edi")
    (out / "folder.edi").mkdir()
    server.behaviour.listed = ["../secret.edi", "/secret.edi", "in/../secret.edi", "..", ".hidden.edi", "x.edi.part"]
    assert await look(pickup(session, tmp_path)) == []
    assert "open" not in server.behaviour.seen
    assert (server.root / "secret.edi").exists()


async def test_a_name_that_is_no_text_is_taken_and_shown_as_one(
    session: SftpSession, out: Path, tmp_path: Path
) -> None:
    (out / os.fsdecode(b"pedido-\xf1\n.edi")).write_bytes(b"ISA")
    [arrival] = await look(pickup(session, tmp_path))
    assert arrival.facts["filename"] == "pedido-\\udcf1\\n.edi"
    assert str(arrival.transport_key).isprintable()
    assert await look(pickup(session, tmp_path)) == []


async def test_a_directory_that_is_not_there_is_a_fault_of_the_profile(session: SftpSession, tmp_path: Path) -> None:
    watch = pickup(session, tmp_path)
    watch.folder = RemoteFolder(session, "orders")
    with pytest.raises(Misconfigured, match=r"sftp://crossdock@127.0.0.1:\d+/~/orders is no directory"):
        await look(watch)


# --- putting ----------------------------------------------------------------------------------------------------------


async def test_a_parcel_leaves_one_whole_file_however_often_it_is_tried(session: SftpSession, server: Server) -> None:
    courier = SftpCourier(RemoteFolder(session, "in"))
    content = os.urandom(2_500_000)
    first = await courier.deliver(parcel(content))
    again = await courier.deliver(parcel(content, attempt=2))
    assert names(server.root / "in") == ["northwind_855_1.edi"]
    assert (server.root / "in" / "northwind_855_1.edi").read_bytes() == content
    assert (first.receipt["already"], again.receipt["already"]) == (False, True)
    assert first.receipt["path"] == again.receipt["path"]


async def test_whoever_lists_the_directory_never_sees_half_a_file(session: SftpSession, server: Server) -> None:
    content, sizes = os.urandom(4_000_000), set[int]()

    def watch(_name: str) -> None:
        sizes.update(path.stat().st_size for path in (server.root / "in").glob("[!.]*"))

    server.behaviour.before = {"write": watch, "rename": watch}
    await SftpCourier(RemoteFolder(session, "/in")).deliver(parcel(content))
    watch("")
    assert server.behaviour.seen.count("write") > 3
    assert sizes == {len(content)}


async def test_another_file_of_the_same_name_is_told_and_not_overwritten(session: SftpSession, server: Server) -> None:
    courier = SftpCourier(RemoteFolder(session, "/in"))
    await courier.deliver(parcel(b"ISA"))
    for other in (b"IEA", b"longer"):
        with pytest.raises(Rejected, match=r"northwind_855_1\.edi is there with other content") as told:
            await courier.deliver(parcel(other, key="d2"))
        assert [finding.code for finding in told.value.findings] == ["file-conflict"]
    assert (server.root / "in" / "northwind_855_1.edi").read_bytes() == b"ISA"


async def test_a_file_that_appears_while_we_write_is_not_overwritten(session: SftpSession, server: Server) -> None:
    def other(_name: str) -> None:
        (server.root / "in" / "northwind_855_1.edi").write_bytes(b"theirs")

    server.behaviour.before = {"rename": other}
    with pytest.raises(Rejected, match="other content"):
        await SftpCourier(RemoteFolder(session, "/in")).deliver(parcel())
    assert (server.root / "in" / "northwind_855_1.edi").read_bytes() == b"theirs"


async def test_what_a_lost_connection_left_half_written_does_not_hinder_the_next_attempt(
    session: SftpSession, server: Server
) -> None:
    courier = SftpCourier(RemoteFolder(session, "/in"))
    server.behaviour.before = {"write": lambda _name: server.hang_up()}
    with pytest.raises(Unavailable) as lost:
        await courier.deliver(parcel(b"x" * 3_000_000))
    assert lost.value.ambiguous
    assert names(server.root / "in") == [name for name in names(server.root / "in") if name.endswith(".part")]
    server.behaviour.before = {}
    await courier.deliver(parcel(b"x" * 3_000_000, attempt=2))
    assert names(server.root / "in") == ["northwind_855_1.edi"]


async def test_a_parcel_whose_rename_was_answered_to_nobody_is_not_put_twice(
    session: SftpSession, server: Server
) -> None:
    courier = SftpCourier(RemoteFolder(session, "/in"))

    def renamed_in_silence(name: str) -> None:
        (server.root / "in" / name).rename(server.root / "in" / "northwind_855_1.edi")
        server.hang_up()

    server.behaviour.before = {"rename": renamed_in_silence}
    with pytest.raises(Unavailable):
        await courier.deliver(parcel())
    assert (await courier.deliver(parcel(attempt=2))).receipt["already"]
    assert names(server.root / "in") == ["northwind_855_1.edi"]


async def test_a_server_that_lets_nobody_delete_or_ask_a_size_still_takes_a_retried_parcel(
    session: SftpSession, server: Server
) -> None:
    def denied(_name: str) -> None:
        raise asyncssh.SFTPPermissionDenied("no")

    (server.root / "in" / f".{hashlib.sha256(b'd1').hexdigest()[:12]}.1.part").write_bytes(b"I")
    server.behaviour.before = {"remove": denied, "fstat": denied}
    await SftpCourier(RemoteFolder(session, "/in")).deliver(parcel(attempt=2))
    assert (server.root / "in" / "northwind_855_1.edi").read_bytes() == b"ISA"


async def test_a_letter_box_that_cannot_be_read_takes_the_same_parcel_once(
    session: SftpSession, server: Server
) -> None:
    courier = SftpCourier(RemoteFolder(session, "/in"))
    await courier.deliver(parcel())

    def closed(name: str) -> None:
        if not name.startswith("."):
            raise asyncssh.SFTPPermissionDenied("write only")

    server.behaviour.before = {"open": closed}
    assert (await courier.deliver(parcel(attempt=2))).receipt["already"]
    with pytest.raises(Rejected):
        await courier.deliver(parcel(b"longer", key="d2"))


async def test_a_name_from_outside_cannot_leave_the_directory(session: SftpSession, server: Server) -> None:
    await SftpCourier(RemoteFolder(session, "/in")).deliver(parcel(filename="../../etc/passwd"))
    [name] = names(server.root / "in")
    assert "/" not in name
    assert not (server.root / "etc").exists()


async def test_a_server_that_will_not_take_a_file_is_unavailable_and_says_why(
    session: SftpSession, server: Server
) -> None:
    def full(_name: str) -> None:
        raise asyncssh.SFTPFailure("quota exceeded")

    server.behaviour.before = {"write": full}
    with pytest.raises(Unavailable, match="quota exceeded"):
        await SftpCourier(RemoteFolder(session, "/in")).deliver(parcel())
    with pytest.raises(Misconfigured, match="no directory"):
        await SftpCourier(RemoteFolder(session, "/nowhere")).deliver(parcel())


# --- the connection ---------------------------------------------------------------------------------------------------


async def test_a_key_that_is_not_pinned_is_never_trusted(server: Server) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    session = SftpSession(server.login(host_key=other))
    shown = server.host_key.get_fingerprint()
    with pytest.raises(Misconfigured, match="not pinned") as told:
        await session.client()
    assert shown in told.value.message
    assert "transport.sftp.host_keys" in told.value.message
    assert server.attempts == []


async def test_a_server_with_a_key_of_another_kind_is_not_trusted_either(server: Server) -> None:
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode()
    with pytest.raises(Misconfigured, match="no pinned key"):
        await SftpSession(server.login(host_key=other)).client()
    assert server.attempts == []


async def test_a_wrong_password_is_told_and_not_tried_again_and_again(server: Server) -> None:
    now = [0.0]
    session = SftpSession(server.login(password="hunter2"), steady_clock=lambda: now[0])
    for _ in range(3):
        with pytest.raises(Misconfigured, match="does not let us in") as told:
            await session.client()
        assert "hunter2" not in told.value.message
    assert len(server.attempts) == 1
    now[0] = PAUSE + 1
    with pytest.raises(Misconfigured):
        await session.client()
    assert len(server.attempts) == 2


@pytest.mark.parametrize("passphrase", [None, "open sesame"])
async def test_a_key_file_logs_in(tmp_path: Path, passphrase: str | None) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    (tmp_path / "id").write_bytes(key.export_private_key(passphrase=passphrase, rounds=4, ignore_few_rounds=True))
    (tmp_path / "authorized").write_bytes(key.export_public_key())
    (tmp_path / "in").mkdir()
    async with sftp_server(tmp_path, authorized=tmp_path / "authorized") as server:
        session = SftpSession(key_login(server, tmp_path / "id", passphrase))
        await SftpCourier(RemoteFolder(session, "/in")).deliver(parcel())
        await session.close()
    assert names(tmp_path / "in") == ["northwind_855_1.edi"]


def key_login(server: Server, key: Path, passphrase: str | None) -> Login:
    written = {
        "host": "127.0.0.1", "port": server.port, "user": "crossdock", "key": {"file": str(key)},
        "host_keys": [server.host_key.export_public_key().decode()],
        **({"passphrase": {"env": "PASSPHRASE"}} if passphrase else {}),
    }  # fmt: skip
    return login_of(SftpServer.model_validate(written), {"PASSPHRASE": passphrase or ""})


async def test_what_is_no_key_or_no_secret_is_a_fault_of_the_configuration(tmp_path: Path, server: Server) -> None:
    (tmp_path / "id").write_text("not a key")
    with pytest.raises(Misconfigured, match=r"the file .*id is no private key"):
        await SftpSession(key_login(server, tmp_path / "id", None)).client()
    with pytest.raises(Misconfigured, match="set the environment variable SFTP_PASSWORD"):
        await SftpSession(server.login(password="")).client()


async def test_one_connection_serves_both_ways_and_is_made_anew_when_it_is_lost(
    server: Server, session: SftpSession, out: Path, tmp_path: Path
) -> None:
    (out / "a.edi").write_bytes(b"a")
    watch, courier = pickup(session, tmp_path), SftpCourier(RemoteFolder(session, "/in"))
    await asyncio.gather(look(watch), *(courier.deliver(parcel(filename=f"{n}.edi", key=f"{n}")) for n in range(5)))
    assert len(server.connections) == 1
    server.hang_up()
    await asyncio.sleep(0.05)
    (out / "b.edi").write_bytes(b"b")
    assert len(await look(watch)) == 1
    assert len(server.connections) == 2


async def test_a_server_that_dies_while_a_file_is_read_leaves_the_file_for_later(
    server: Server, session: SftpSession, out: Path, tmp_path: Path
) -> None:
    content = os.urandom(3_000_000)
    (out / "po.edi").write_bytes(content)
    server.behaviour.before = {"read": lambda _name: server.hang_up()}
    watch = pickup(session, tmp_path)
    with pytest.raises(Unavailable):
        await look(watch)
    server.behaviour.before = {}
    [arrival] = await look(watch)
    assert arrival.content == content


@pytest.mark.parametrize("request_", ["scandir", "open", "read"])
async def test_a_server_that_falls_silent_is_given_up_after_its_time(
    server: Server, out: Path, tmp_path: Path, request_: str
) -> None:
    session = SftpSession(server.login(timeout=0.3))
    (out / "po.edi").write_bytes(b"ISA")
    silence = asyncio.Event()

    async def wait(_name: str) -> None:
        await silence.wait()

    server.behaviour.before = {request_: wait}
    watch = pickup(session, tmp_path)
    async with asyncio.timeout(20):
        with pytest.raises(Unavailable, match=r"no answer within 0\.3 s"):
            await look(watch)
    server.behaviour.before = {}
    assert [arrival.content for arrival in await look(watch)] == [b"ISA"]
    silence.set()
    await session.close()


async def test_a_server_that_falls_silent_while_it_archives_is_asked_for_the_file_again(
    server: Server, out: Path, tmp_path: Path
) -> None:
    session = SftpSession(server.login(timeout=0.3))
    (out / "po.edi").write_bytes(b"ISA")

    async def wait(_name: str) -> None:
        await asyncio.Event().wait()

    server.behaviour.before = {"rename": wait}
    watch, taken = pickup(session, tmp_path), list[Arrival]()
    with suppress(Unavailable):
        async for arrival in watch.collect():
            taken.append(arrival)
    server.behaviour.before = {}
    taken += await look(watch)
    assert [arrival.content for arrival in taken] == [b"ISA", b"ISA"]
    assert len({arrival.transport_key for arrival in taken}) == 1
    assert names(out) == []
    await session.close()


async def test_a_server_that_is_gone_or_talks_no_ssh_is_unavailable(server: Server, tmp_path: Path) -> None:
    session = SftpSession(server.login(timeout=0.5))
    await server.stop()
    with pytest.raises(Unavailable, match="cannot reach"):
        await look(pickup(session, tmp_path))

    async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    for stranger, said in ((babble, "cannot reach"), (mute, "let nobody in")):
        async with await asyncio.start_server(stranger, "127.0.0.1", server.port):
            with pytest.raises(Unavailable, match=said):
                await session.client()


async def test_no_secret_is_logged(server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    session = SftpSession(server.login())
    await look(pickup(session, tmp_path))
    await session.close()
    assert "correct horse" not in caplog.text + repr(session)


# --- the profile ------------------------------------------------------------------------------------------------------

HOST_KEY = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
NORTHWIND = f"""\
partner: northwind
name: Northwind Outfitters
transport:
  sftp:
    host: sftp.northwind.example
    user: crossdock
    host_keys: ["{HOST_KEY}"]
    password: {{env: NORTHWIND_PASSWORD}}
  inbound: {{remote: /out, patterns: ["*.edi"], settle: PT10S, after: archive}}
  outbound: {{remote: /in}}
"""
OURS = InterchangeIdentity(qualifier="ZZ", id="CEDARSLATE", group="CEDARSLATE")


def load(directory: Path, environment: dict[str, str], **files: str) -> tuple[Partners, list[Finding]]:
    for name, text in files.items():
        (directory / f"{name}.yaml").write_text(text)
    return load_partners(directory, OURS, (), lambda _version, _name: True, directory / "data", environment)


def test_a_profile_names_the_server_once_for_both_ways(tmp_path: Path) -> None:
    partners, findings = load(tmp_path, {"NORTHWIND_PASSWORD": "x"}, northwind=NORTHWIND)
    assert findings == []
    transport = partners.by_id["northwind"].transport
    assert transport.source == "sftp://crossdock@sftp.northwind.example:22/out"


@pytest.mark.parametrize(
    ("line", "change", "mend"),
    [
        (5, ("sftp.northwind.example", '"sftp://northwind.example"'), "host"),
        (5, ("    user: crossdock\n", ""), "'user' is missing"),
        (7, (HOST_KEY, "SHA256:abc"), "not a public key"),
        (7, (f'["{HOST_KEY}"]', "[]"), "host_keys"),
        (8, ("{env: NORTHWIND_PASSWORD}", "hunter2"), "{env: NAME}"),
        (5, ("    password: {env: NORTHWIND_PASSWORD}\n", ""), "'password: {env: NAME}'"),
        (5, ("password:", "passphrase:"), "'key: {file: PATH}'"),
        (9, ("after: archive", "after: move"), "'archive', 'delete' or 'leave'"),
        (9, ("remote: /out", "remote: /out/../etc"), "without '..'"),
        (9, ("remote: /out", "remote: /out, directory: out"), "'directory'"),
        (10, ("remote: /in", "remtoe: /in"), "remtoe"),
    ],
)
def test_a_fault_in_the_transport_says_where_it_is_and_how_to_mend_it(
    tmp_path: Path, line: int, change: tuple[str, str], mend: str
) -> None:
    assert change[0] in NORTHWIND
    partners, findings = load(tmp_path, {}, northwind=NORTHWIND.replace(*change, 1))
    told = [(finding.where["line"], finding.message) for finding in findings if finding.severity == "error"]
    assert any(mend in message for _, message in told), told
    assert "northwind" not in partners.by_id
    assert "hunter2" not in str(findings)
    assert line in {place for place, _ in told}


@pytest.mark.parametrize("way", ["sftp", "remote"])
def test_a_remote_directory_and_its_server_need_each_other(tmp_path: Path, way: str) -> None:
    start, end = NORTHWIND.index("  sftp:"), NORTHWIND.index("  inbound:")
    alone = NORTHWIND[:start] + NORTHWIND[end:] if way == "remote" else NORTHWIND[:end]
    _, [finding] = load(tmp_path, {}, northwind=alone)
    assert f"'{way}' is" in finding.message
    assert finding.where["line"] == 4


def test_a_directory_of_a_server_has_one_sender(tmp_path: Path) -> None:
    twin = NORTHWIND.replace("partner: northwind", "partner: southwind")
    _, [finding] = load(tmp_path, {"NORTHWIND_PASSWORD": "x"}, northwind=NORTHWIND, southwind=twin)
    assert finding.code == "duplicate-directory"
    assert finding.where == {"file": str(tmp_path / "southwind.yaml"), "line": 9, "column": 21}


def test_a_secret_that_is_not_there_yet_is_a_warning_at_its_place(tmp_path: Path) -> None:
    partners, [finding] = load(tmp_path, {}, northwind=NORTHWIND)
    assert (finding.code, finding.severity, finding.where["line"]) == ("secret-missing", "warning", 8)
    assert "the environment variable NORTHWIND_PASSWORD" in finding.message
    assert "northwind" in partners.by_id


def test_a_key_that_cannot_be_used_is_a_warning_at_its_place(tmp_path: Path) -> None:
    keyed = NORTHWIND.replace("password: {env: NORTHWIND_PASSWORD}", "key: {env: KEY}")
    _, [finding] = load(tmp_path, {"KEY": "not a key"}, northwind=keyed)
    assert (finding.code, finding.where["line"]) == ("secret-unusable", 8)
    assert "not a key" not in finding.message


# --- the street -------------------------------------------------------------------------------------------------------


async def test_an_order_comes_over_sftp_and_its_acknowledgment_goes_back(
    server: Server, out: Path, tmp_path: Path
) -> None:
    """The whole hub on the example configuration, with Northwind moved to an SFTP server."""
    shutil.copytree(CONFIG, tmp_path / "config")
    profile = tmp_path / "config" / "partners" / "northwind.yaml"
    start, end = (text := profile.read_text()).index("transport:"), text.index("cross_references:")
    transport = f"""\
transport:
  sftp: {{host: 127.0.0.1, port: {server.port}, user: crossdock, password: {{env: SFTP_PASSWORD}},
         host_keys: ["{server.host_key.export_public_key().decode().strip()}"]}}
  inbound: {{remote: /out, settle: PT0S}}
  outbound: {{remote: /in}}

"""
    profile.write_text(text[:start] + transport + text[end:])
    shutil.copy(CONFIG / "demo" / "northwind-po.edi", out)
    secrets = {"SFTP_PASSWORD": PASSWORD}
    data = tmp_path / "data"
    configuration = hub.read_configuration(tmp_path / "config" / "hub.yaml", data, secrets)
    async with hub.Crossdock().opened(configuration, data) as running:
        assert await running.look() == 1
        await running.drain()
    sent = [(server.root / "in" / name).read_bytes() for name in names(server.root / "in")]
    assert any(b"ST*997*" in content for content in sent)
    assert [name.partition("-")[2] for name in names(out / "archive")] == ["northwind-po.edi"]
