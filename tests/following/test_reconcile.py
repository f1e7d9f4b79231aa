"""`crossdock reconcile` on the built hub: nothing differs, and what is planted in an ERP's books is found."""

import csv
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from store import DATABASE
from tests.following.conftest import Opener, crossdock
from tests.following.test_returns_and_payments import ORDER, asked, came, post, ship

INVOICE = "journal-northwind%2FR-1%2Finvoice%2FNW-R-1-I1.csv"


async def sold(opened: Opener) -> None:
    """One order that was shipped, invoiced, and of which two units came back and were credited."""
    async with opened() as served:
        await post(served, "/v1/orders", "northwind", ORDER)
        await ship(served)
        await post(served, "/v1/returns", "northwind", asked("2"))
        await post(served, "/v1/returns/receipts", "swiftline", came("2"))


async def reconciled(place: Path) -> tuple[int, dict[str, Any]]:
    done = await crossdock(place, "reconcile", "--json")
    return done.returncode, json.loads(done.stdout)


def raised(file: Path) -> None:
    """One line of the entry says more than we posted."""
    text = file.read_text()
    assert "92.5" in text
    file.write_text(text.replace("92.5", "93.5", 1))


def copied(file: Path) -> None:
    file.with_name("journal-again.csv").write_bytes(file.read_bytes())


def stranger(file: Path) -> None:
    rows = list(csv.DictReader(file.open()))
    with file.with_name("journal-strange.csv").open("w") as other:
        writer = csv.DictWriter(other, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "key": "by hand"} for row in rows)


def broken(file: Path) -> None:
    file.write_text('key,account\n"never ends')


async def test_what_was_sold_credited_and_posted_agrees_with_the_erps_books(opened: Opener, tmp_path: Path) -> None:
    await sold(opened)
    status, told = await reconciled(tmp_path)
    assert (status, told) == (
        0, {"ok": True, "differences": [], "compared": {"orders": 1, "books": 4}, "uncompared": []},
    )  # fmt: skip
    async with opened() as served:
        assert await served("GET", "/v1/reconciliation") == (200, told)
        assert (await served("GET", "/v1/reconciliation", "northwind"))[0] == 403
    shown = await crossdock(tmp_path, "reconcile")
    assert "0 differences" in shown.stdout


@pytest.mark.parametrize(
    ("plant", "code", "about"),
    [
        (Path.unlink, "missing", "northwind/R-1/invoice/NW-R-1-I1"),
        (raised, "amount-differs", "northwind/R-1/invoice/NW-R-1-I1"),
        (copied, "posted-twice", "northwind/R-1/invoice/NW-R-1-I1"),
        (stranger, "unknown-entry", "by hand"),
        (broken, "ledger-unreadable", "books"),
    ],
)
async def test_one_difference_in_the_erps_books_is_listed_with_its_cause(
    opened: Opener, tmp_path: Path, plant: Callable[[Path], None], code: str, about: str
) -> None:
    await sold(opened)
    plant(tmp_path / "data" / "books" / INVOICE)
    status, told = await reconciled(tmp_path)
    assert (status, [(one["code"], one["about"]) for one in told["differences"]]) == (1, [(code, about)])
    shown = await crossdock(tmp_path, "reconcile")
    assert (shown.returncode, code in shown.stdout) == (1, True)


KEY, OWED = "northwind/R-1", ("orders", "northwind/R-1")
INVOICED = "northwind/R-1/invoice/NW-R-1-I1"


COLUMNS = "order_id, event, currency, debit, credit, posted_at, content"
PLANTED = {
    "delete from journal_entry where event = 'shipment'":
        {("not-posted", *OWED), ("unknown-entry", "books", f"{KEY}/shipment/NW-R-1-S1")},
    "delete from journal_entry where event = 'invoice'":
        {("not-posted", *OWED), ("unknown-entry", "books", INVOICED)},
    "update journal_entry set worth = worth * 2 where event = 'invoice'": {("posted-twice", *OWED)},
    "update journal_entry set content = replace(content, '\"92.5', '\"93.5') where event = 'invoice'":
        {("amount-differs", "books", INVOICED)},
    f"insert into journal_entry (key, {COLUMNS}) select key || '-2', {COLUMNS} from journal_entry "
    "where event = 'return'":
        {("posted-unasked", *OWED), ("never-sent", "books", "RETURN-2")},
    "update document set kind = 'Lost' where kind = 'Invoice' and direction = 'out'":
        {("document-missing", *OWED), ("amount-differs", *OWED)},
    "update sales_order set state = replace(state, '\"invoiced\":\"5\"', '\"invoiced\":\"4\"')":
        {("shipped-not-invoiced", *OWED)},
}  # fmt: skip
"""What somebody does to our own books -> each difference's cause, ledger, and what it is about."""


async def test_one_difference_of_each_kind_in_our_own_books_is_listed_with_its_cause(
    opened: Opener, tmp_path: Path
) -> None:
    await sold(opened)
    for count, (planted, found) in enumerate(PLANTED.items()):
        place = tmp_path / f"planted-{count}"
        for part in ("config", "data"):
            shutil.copytree(tmp_path / part, place / part)
        with closing(sqlite3.connect(place / "data" / DATABASE)) as store, store:
            assert store.execute(planted).rowcount == 1, planted
        _, told = await reconciled(place)
        apart = {(one["code"], one["ledger"], _short(one["about"])) for one in told["differences"]}
        assert apart == found, planted


def _short(about: str) -> str:
    return "RETURN-2" if "/return/" in about and about.endswith("-2") else about


async def test_an_entry_that_was_not_delivered_is_told_as_such(opened: Opener, tmp_path: Path) -> None:
    place = tmp_path / "data" / "books"
    place.parent.mkdir()
    place.write_text("no directory, so nothing can be put there")
    await sold(opened)
    place.unlink()
    _, told = await reconciled(tmp_path)
    assert {one["code"] for one in told["differences"]} == {"in-flight"}
    assert len(told["differences"]) == 4
