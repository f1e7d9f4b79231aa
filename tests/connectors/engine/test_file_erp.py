"""Files for an ERP: one posting, one file, once, even after the ERP took it away."""

from pathlib import Path
from threading import Thread

import pytest

from canonical import Misconfigured, Rejected, Unavailable
from canonical.exchange import Parcel
from connectors.connection import Connections
from connectors.courier import ConnectionCourier
from connectors.engine.authorization import Clock
from connectors.engine.caller import Caller
from connectors.engine.place import file_name, place
from connectors.engine.wire import HttpWire


@pytest.fixture
def books(connections: Connections, wire: HttpWire, clock: Clock) -> ConnectionCourier:
    return ConnectionCourier(Caller(connections.by_id["books"], wire, clock))


def posting(content: bytes = b"account,debit\r\n1200,5.00\r\n") -> Parcel:
    return Parcel("d-2", "key-2", "books", "JournalEntry", content, "text/csv", "journal-o1/invoiced.csv", 1)


def listed(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if not path.name.startswith("."))


def contents(directory: Path) -> list[bytes]:
    return [(directory / name).read_bytes() for name in listed(directory)]


def take_all(directory: Path) -> None:
    for name in listed(directory):
        (directory / name).unlink()


async def test_a_posting_is_one_file_under_double_delivery(books: ConnectionCourier, tmp_path: Path):
    first = await books.deliver(posting())
    second = await books.deliver(posting())
    assert listed(tmp_path / "books") == ["journal-o1%2Finvoiced.csv"]
    assert (first.receipt["already"], second.receipt["already"]) == (False, True)
    assert contents(tmp_path / "books") == [posting().content]


async def test_a_posting_the_erp_took_is_not_put_again(books: ConnectionCourier, tmp_path: Path):
    await books.deliver(posting())
    take_all(tmp_path / "books")
    await books.deliver(posting())
    assert listed(tmp_path / "books") == []


async def test_the_same_key_with_other_content_is_refused(books: ConnectionCourier):
    await books.deliver(posting())
    with pytest.raises(Rejected) as caught:
        await books.deliver(posting(b"account,debit\r\n1200,6.00\r\n"))
    assert caught.value.findings[0].code == "posting-conflict"


def test_a_crash_before_the_file_appeared_is_finished_by_the_next_try(tmp_path: Path):
    placed = place(tmp_path, "a.csv", b"x")
    placed.path.replace(tmp_path / ".posted" / "a.csv.part")
    again = place(tmp_path, "a.csv", b"x")
    assert listed(tmp_path) == ["a.csv"]
    assert again.already


def test_a_crash_while_writing_is_written_anew(tmp_path: Path):
    (tmp_path / ".posted").mkdir()
    (tmp_path / ".posted" / "a.csv.part").write_bytes(b"hal")
    assert place(tmp_path, "a.csv", b"half").path.read_bytes() == b"half"


def test_many_at_once_put_one(tmp_path: Path):
    placed: list[bool] = []
    threads = [Thread(target=lambda: placed.append(place(tmp_path, "a.csv", b"x").already)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert placed.count(False) == 1


def test_a_disk_that_refuses_is_retried(tmp_path: Path):
    (tmp_path / "books").write_text("a file in the way")
    with pytest.raises(Unavailable):
        place(tmp_path / "books", "a.csv", b"x")


@pytest.mark.parametrize("name", ["../a", "/etc/a", ".hidden", "", "."])
def test_no_name_leaves_the_directory(tmp_path: Path, name: str):
    with pytest.raises(Misconfigured):
        place(tmp_path, name, b"x")


def test_keys_become_plain_names_and_stay_distinct():
    keys = ["o1/invoiced", "o1%2Finvoiced", "..", "x" * 400, "x" * 399 + "y", "é:1"]
    names = [file_name(key) for key in keys]
    assert len(set(names)) == len(keys)
    assert all(Path(name).name == name and not name.startswith(".") and len(name) <= 200 for name in names)
