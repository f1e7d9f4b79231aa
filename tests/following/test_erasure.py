"""Personal data is erased for good; digests, chains and books stay, and the audit still proves them."""

import hashlib
import json
import sqlite3
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical import Address, Contact, Note, Party, PurchaseOrder
from canonical.erasure import TOMBSTONE, without_personal_data
from connectors.personal_data import ErasingEverywhere, Folders
from router.decide import decide
from router.flow import replay
from store import Transaction
from store.tables import document, order
from tests.flow.street import POLICY, Street, advice, fulfilments, open_street, purchase, stocked
from tests.following.conftest import PO, Opener, crossdock
from tests.street.auditor import FILES, violations

CANARY = "Wilhelmina Canary"
STREET = "17 Canary Lane"


def from_canary(number: str) -> PurchaseOrder:
    address = {"lines": [STREET], "city": "Joliet", "region": "IL", "postal_code": "60433", "country": "US"}
    contact = {"name": CANARY, "channels": {"email": "canary@example.org"}}
    party = {"role": "ship_to", "name": CANARY, "address": address, "contacts": [contact]}
    return purchase(number, parties=[party], notes=[{"text": f"ring for {CANARY}"}])


async def shipped(street: Street, number: str) -> None:
    """An order of somebody with a name, all the way to its invoice."""
    await stocked(street)
    await street.send(from_canary(number))
    await street.settle()
    for operator, fulfilment in fulfilments(street):
        await street.send(advice(fulfilment, f"S-{fulfilment['number']}"), source=operator)
    await street.settle()
    assert (await street.order(number))["status"] == "shipped"


def everything_in(database: Path) -> str:
    with sqlite3.connect(database) as opened:
        tables = [row[0] for row in opened.execute("select name from sqlite_master where type = 'table'")]
        rows = [row for table in tables for row in opened.execute(f"select * from {table}")]
    return "\n".join(
        value.decode("latin-1") if isinstance(value, bytes) else str(value) for row in rows for value in row
    )


async def test_nothing_of_a_person_is_left_and_the_audit_still_holds(tmp_path: Path) -> None:
    async with open_street(f"sqlite:///{tmp_path}/hub.db") as street:
        await shipped(street, "PO1")
        before = await street.order("PO1")
        books = (await street.store.archive.overview())["journal"]
        assert CANARY in everything_in(tmp_path / "hub.db")
        assert (await street.store.erasing.order("PO1", "the data officer")).erased > 0
        left = everything_in(tmp_path / "hub.db")
        assert [word for word in (CANARY, STREET, "canary@example.org") if word in left] == []
        after = await street.order("PO1")
        assert after["events"] == before["events"]
        assert [line["ledger"] for line in after["lines"]] == [line["ledger"] for line in before["lines"]]
        assert (await street.store.archive.overview())["journal"] == books
        assert await street.sound() == []
        assert [one async for one in replay(street.store.archive, decide, POLICY)] == []
        assert (await street.store.erasing.order("PO1", "again")).erased == 0


async def test_retention_does_not_stop_after_its_first_part(tmp_path: Path) -> None:
    async with open_street(f"sqlite:///{tmp_path}/hub.db") as street:
        for number in range(120):
            await street.send({"kind": "Acknowledgment", "document": of_nothing(number)})
        await street.settle()
        for row in await street.store.archive.exceptions():
            await street.store.archive.settle(row["id"], "resolve", "me")
        later = street.clock.now() + timedelta(days=1)
        await ErasingEverywhere(street.store.erasing, Folders()).all_before(later, "retention")
        async for stem, row in street.store.archive.export():
            assert stem != "documents" or await street.store.archive.raw(row["transmission"]) is None
        assert await street.sound() == []


def of_nothing(number: int) -> dict[str, str]:
    return {"number": str(number), "level": "group", "type": "997", "verdict": "accepted"}


async def test_an_order_erased_is_recognised_when_it_comes_again(tmp_path: Path) -> None:
    async with open_street(f"sqlite:///{tmp_path}/hub.db") as street:
        await shipped(street, "PO1")
        await street.store.erasing.order("PO1", "me")
        await street.send(from_canary("PO1"))
        await street.settle()
        again = [row for row in await street.store.archive.documents() if row["kind"] == "PurchaseOrder"]
        assert sorted(row["status"] for row in again) == ["decided", "duplicate"]
        assert await street.sound() == []


async def test_an_order_at_work_is_not_erased(opened: Opener, tmp_path: Path) -> None:
    async with opened() as served:
        await served.send("northwind", PO)
    refused = await crossdock(tmp_path, "erase", "--order", "NW-88213")
    assert (refused.returncode, "nothing was erased" in refused.stderr) == (1, True)
    assert (await crossdock(tmp_path, "erase", "--order", "NOBODY")).returncode == 1
    done = await crossdock(tmp_path, "erase", "--before", "2030-01-01", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"erased": 0, "recipients": []})


async def test_what_is_old_is_erased_and_what_is_young_stays(tmp_path: Path) -> None:
    async with open_street(f"sqlite:///{tmp_path}/hub.db") as street:
        await shipped(street, "PO1")
        street.clock.advance(days=10)
        await street.send(from_canary("PO2"))
        await street.settle()
        old = street.clock.now() - timedelta(days=5)
        assert (await street.store.erasing.before(old, "retention")).erased > 0
        assert await street.store.erasing.before(old, "retention") == (0, [])
        states = {number: json.dumps(await street.order(number)) for number in ("PO1", "PO2")}
        assert all(states)
        documents = [await street.store.archive.document(row["id"]) for row in await street.store.archive.documents()]
        named = {row["order"] for row in documents if row and CANARY in json.dumps(row["document"])}
        assert named == {"acme/PO2"}
        assert await street.sound() == []


@pytest.mark.parametrize(
    "tampered",
    [
        "update transmission set content = 'x' where content = cast('[erased]' as blob)",
        "update transmission set content = cast('[erased]' as blob) where content != cast('[erased]' as blob)",
        "update erasure set by = 'nobody' where seq = 1",
        "delete from erasure where seq = 1",
    ],
)
async def test_a_tombstone_without_its_record_is_found_by_the_audit(tmp_path: Path, tampered: str) -> None:
    async with open_street(f"sqlite:///{tmp_path}/hub.db") as street:
        await shipped(street, "PO1")
        await street.store.erasing.order("PO1", "me")
        await street.send(from_canary("PO2"))
        await street.settle()
        await street.store.database.write(lambda at: at.connection.exec_driver_sql(tampered) and None)
        assert await street.sound()


parties = st.builds(
    Party,
    role=st.sampled_from(["ship_to", "bill_to"]),
    name=st.just(CANARY),
    identifiers=st.just({"buyer_assigned": CANARY}),
    address=st.none() | st.just(Address(lines=(STREET,), city=CANARY, region="IL", country="US")),
    contacts=st.just((Contact(name=CANARY),)),
)


@given(st.lists(parties, max_size=3), st.booleans())
def test_any_party_is_taken_out_and_the_document_stays_valid(found: list[Party], whole: bool) -> None:
    order = purchase("PO1").changed(
        parties=tuple(found), notes=(Note(text=CANARY),), extensions={"x12": {"name": CANARY}}
    )
    content = order.model_dump(mode="json", exclude_none=not whole)
    left = PurchaseOrder.model_validate(without_personal_data(content))
    assert CANARY not in left.model_dump_json()
    assert left.lines == order.lines
    assert [party.role for party in left.parties] == [party.role for party in found]


async def test_the_file_that_an_order_came_in_is_erased_too_and_its_digest_stays(
    opened: Opener, tmp_path: Path
) -> None:
    file = (Path(__file__).parents[2] / "config/demo/harbor-two-interchanges.edi").read_bytes()
    async with opened() as served:
        await served.hub.look()
        inbound = served.data / "partners" / "harbor-grocers" / "inbound"
        for name, content in (("po.edi", file), ("other.edi", b"no order at all")):
            (inbound / name).write_bytes(content)
        await served.hub.look()
        await served.hub.drain()
        [archived] = [path for path in (inbound / "archive").iterdir() if path.name.endswith("po.edi")]
        assert archived.read_bytes() == file
        for row in await served.hub.archive.orders():
            await served.hub._store.database.write(partial(cancel, row["id"]))
        for one in await served.exceptions():
            assert await served.hub.archive.settle(one["id"], "resolve", "me")
        [*_, last] = await served.hub.archive.orders()
        handed_over = set((inbound.parent / "outbound").iterdir())
        report = await served.hub.erasing.order(last["id"], "data officer")
        assert report.erased > 0
        assert archived.read_bytes() == TOMBSTONE
        [told] = [one for one in report.recipients if one.kind == "OrderAcknowledgment"]
        assert (told.to, told.at.tzinfo is not None) == ("harbor-grocers", True)
        left = set((inbound.parent / "outbound").iterdir())
        assert {path.name.split("_")[1] for path in handed_over - left} == {"855", "999"}
        assert {path.name.split("_")[1] for path in left} >= {"855"}
        books = {stem: [] for stem in FILES}
        async for stem, row in served.hub.archive.export():
            books[stem].append(row)
        assert hashlib.sha256(file).hexdigest() in {row["digest"] for row in books["erasures"]}
        assert [fault for fault in violations(books) if "erasure" in fault] == []
        books["erasures"][0]["by"] = "nobody"
        assert "the record of erasure 1 was changed" in violations(books)
        untouched = [path for path in (inbound / "archive").iterdir() if path.name.endswith("other.edi")]
        assert [path.read_bytes() for path in untouched] == [b"no order at all"]
        (inbound / "refused").mkdir(exist_ok=True)
        (inbound / "refused" / "too-large.edi").write_text(CANARY)
        now = datetime.now(UTC)
        await served.hub.erasing.before(now - timedelta(days=1), "data officer")
        assert [path.name for path in (inbound / "refused").iterdir()] == ["too-large.edi"]
        await served.hub.erasing.before(now + timedelta(minutes=1), "data officer")
        assert list((inbound / "refused").iterdir()) == []


def cancel(order_id: str, at: Transaction) -> None:
    """As if it were finished, so that it may be erased."""
    at.update(order, {"id": order_id}, status="cancelled")
    at.execute(document.update().where(document.c.order_id == order_id).values(status="decided"))
