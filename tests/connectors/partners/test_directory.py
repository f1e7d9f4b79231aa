"""The watched directory and the delivery directory, on a real file system."""

import os
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest

from canonical import Unavailable
from canonical.exchange import Arrival, Parcel
from connectors.transport.directory import DirectoryCourier, DirectoryPickup


async def all_of(arrivals: AsyncIterator[Arrival]) -> list[Arrival]:
    return [arrival async for arrival in arrivals]


def pickup(directory: Path, **settings: object) -> DirectoryPickup:
    return DirectoryPickup("inbound", "northwind", directory, settle=0, **settings)  # type: ignore[arg-type]


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if path.is_file())


async def test_a_file_is_taken_whole_and_archived_once_the_consumer_goes_on(tmp_path: Path) -> None:
    (tmp_path / "po.edi").write_bytes(b"ISA*00")
    taken = pickup(tmp_path).collect()
    arrival = await anext(taken)
    assert (arrival.source, arrival.content, arrival.facts["filename"]) == ("northwind", b"ISA*00", "po.edi")
    assert names(tmp_path) == ["po.edi"]
    with pytest.raises(StopAsyncIteration):
        await anext(taken)
    assert names(tmp_path) == []
    [archived] = names(tmp_path / "archive")
    assert archived.endswith("-po.edi")


async def test_a_crash_before_the_move_reads_the_file_again_under_the_same_key(tmp_path: Path) -> None:
    (tmp_path / "po.edi").write_bytes(b"ISA*00")
    crashed = pickup(tmp_path).collect()
    first = await anext(crashed)
    await crashed.aclose()
    [again] = await all_of(pickup(tmp_path).collect())
    assert again.transport_key == first.transport_key
    assert again.content == first.content


async def test_a_later_file_of_the_same_name_and_content_has_another_key(tmp_path: Path) -> None:
    (tmp_path / "stock.csv").write_bytes(b"sku,qty\n")
    [first] = await all_of(pickup(tmp_path).collect())
    (tmp_path / "stock.csv").write_bytes(b"sku,qty\n")
    os.utime(tmp_path / "stock.csv", ns=(1, 1))
    [second] = await all_of(pickup(tmp_path).collect())
    assert first.transport_key != second.transport_key


async def test_a_file_that_still_grows_is_left_alone(tmp_path: Path) -> None:
    now = [0.0]
    watch = DirectoryPickup("inbound", "northwind", tmp_path, settle=2, steady_clock=lambda: now[0])
    (tmp_path / "po.edi").write_bytes(b"ISA")
    assert await all_of(watch.collect()) == []
    now[0] = 2.0
    (tmp_path / "po.edi").write_bytes(b"ISA*00")
    assert await all_of(watch.collect()) == []
    now[0] = 4.0
    [arrival] = await all_of(watch.collect())
    assert arrival.content == b"ISA*00"


@pytest.mark.parametrize("name", [".po.edi", "po.edi.part", "po.edi.tmp", "readme.txt"])
async def test_unfinished_and_unwanted_names_are_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"ISA")
    assert await all_of(pickup(tmp_path, patterns=("*.edi",)).collect()) == []
    assert names(tmp_path) == [name]


async def test_patterns_do_not_mind_upper_case(tmp_path: Path) -> None:
    (tmp_path / "PO.EDI").write_bytes(b"ISA")
    assert len(await all_of(pickup(tmp_path, patterns=("*.edi",)).collect())) == 1


async def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_bytes(b"key")
    (tmp_path / "in" / "po.edi").symlink_to(tmp_path / "secret")
    assert await all_of(pickup(tmp_path / "in").collect()) == []


async def test_a_file_beyond_the_limit_is_refused_and_the_next_one_taken(tmp_path: Path) -> None:
    (tmp_path / "a.edi").write_bytes(b"x" * 11)
    (tmp_path / "b.edi").write_bytes(b"x" * 10)
    [arrival] = await all_of(pickup(tmp_path, largest=10).collect())
    assert arrival.facts["filename"] == "b.edi"
    assert names(tmp_path / "refused") == ["11-bytes-a.edi"]


async def test_files_are_taken_oldest_first(tmp_path: Path) -> None:
    for age, name in enumerate(("c", "a", "b"), start=1):
        (tmp_path / name).write_bytes(name.encode())
        os.utime(tmp_path / name, (age, age))
    assert [arrival.content for arrival in await all_of(pickup(tmp_path).collect())] == [b"c", b"a", b"b"]


async def test_a_directory_that_is_a_file_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"")
    with pytest.raises(Unavailable, match="cannot look into"):
        await all_of(pickup(tmp_path / "in").collect())


def parcel(content: bytes = b"ISA", filename: str = "northwind_855_1.edi", key: str = "d1") -> Parcel:
    return Parcel("p1", key, "northwind", "OrderAcknowledgment", content, "application/edi-x12", filename, 1)


async def test_a_delivery_leaves_one_whole_file_however_often_it_is_tried(tmp_path: Path) -> None:
    courier = DirectoryCourier(tmp_path / "out")
    first = await courier.deliver(parcel())
    again = await courier.deliver(parcel())
    assert first == again
    assert names(tmp_path / "out") == ["northwind_855_1.edi"]
    assert (tmp_path / "out" / "northwind_855_1.edi").read_bytes() == b"ISA"


async def test_what_a_crash_left_half_written_does_not_hinder_the_next_attempt(tmp_path: Path) -> None:
    hidden = tmp_path / f".{sha256(b'd1').hexdigest()[:12]}.part"
    hidden.write_bytes(b"I")
    await DirectoryCourier(tmp_path).deliver(parcel())
    assert names(tmp_path) == ["northwind_855_1.edi"]
    assert (tmp_path / "northwind_855_1.edi").read_bytes() == b"ISA"


async def test_other_content_never_overwrites_a_delivered_file(tmp_path: Path) -> None:
    courier = DirectoryCourier(tmp_path)
    await courier.deliver(parcel())
    handed = await courier.deliver(parcel(content=b"IEA", key="d2"))
    assert (tmp_path / "northwind_855_1.edi").read_bytes() == b"ISA"
    assert str(handed.receipt["path"]) != str(tmp_path / "northwind_855_1.edi")
    assert len(names(tmp_path)) == 2


async def test_a_name_from_outside_cannot_leave_the_directory(tmp_path: Path) -> None:
    handed = await DirectoryCourier(tmp_path / "out").deliver(parcel(filename="../../etc/passwd"))
    assert Path(str(handed.receipt["path"])).parent == tmp_path / "out"


async def test_a_directory_nobody_can_make_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(Unavailable, match="cannot write"):
        await DirectoryCourier(tmp_path / "out").deliver(parcel())
