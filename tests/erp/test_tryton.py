"""Tryton, the real one, in a process of its own: what the hub posts there by its connector, against its own ledger."""

import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from canonical import CreditStanding, Misconfigured, Rejected
from connectors.engine.tokens import MemoryTokens
from connectors.engine.wire import HttpWire
from connectors.ledger import read_ledger
from tests.erp.between import SPOILS, Spoil, bad_line
from tests.erp.booking import (
    Books,
    credit_check,
    credit_memo,
    entry,
    invoice,
    order,
    order_change,
    shipment,
    until_done,
)

ROOT = Path(__file__).parents[2]
CROSSDOCK = Path(sys.executable).with_name("crossdock")
LOG_IN = "common.db.login"
READS = (
    LOG_IN, "account.move.search_read", "account.journal", "account.period", "account.account",
    "party.party",
)  # fmt: skip
MADE, POSTED = "account.move.create", "account.move.post"
BILLED, ISSUED = "account.invoice.create", "account.invoice.post"
DRILLS: list[tuple[Spoil, tuple[str, ...]]] = [
    *((spoil, (call,)) for spoil in SPOILS for call in (MADE, POSTED)),
    *((spoil, READS) for spoil in ("down", "garbage")),
    ("lost_answer", (LOG_IN,)),
]
CONNECTION = """\
connection: books
connector: tryton
name: General ledger
base_url: {base_url}
settings:
  host: erp.cedarslate.example
  database: books
  user: {user}
  password: {{file: {password}}}
currency: USD
time_zone: America/Los_Angeles
"""


def books(wire: HttpWire, tryton: Any, url: str = "", tokens: MemoryTokens | None = None) -> Books:
    given = {"host": "-", "database": "books", "user": tryton.user, "password": tryton.password, "company": 1,
             "journal": "XDRILL", "invoice_journal": "XBILL", "party": "SUNDRY", "warehouse": "WH",
             "limits": False}  # fmt: skip
    return Books("tryton", wire, url or tryton.url, given, timedelta(seconds=20), tokens)


BOOKED = [
    ("1100", Decimal("108.50"), Decimal(0)), ("2200", Decimal(0), Decimal("8.00")),
    ("4000", Decimal(0), Decimal("37.50")), ("4000", Decimal(0), Decimal("60.00")),
    ("4050", Decimal("2.00"), Decimal(0)), ("4100", Decimal(0), Decimal("5.00")),
]  # fmt: skip
TAKEN_BACK = [
    ("1100", Decimal(0), Decimal("54.00")), ("2200", Decimal("4.00"), Decimal(0)),
    ("4060", Decimal("60.00"), Decimal(0)), ("4160", Decimal(0), Decimal("10.00")),
]  # fmt: skip


def booked(amount: str = "12.50") -> list[tuple[str, Decimal, Decimal]]:
    return [("1100", Decimal(amount), Decimal(0)), ("4000", Decimal(0), Decimal(amount))]


@pytest.fixture
async def wire() -> AsyncIterator[HttpWire]:
    wire = HttpWire()
    yield wire
    await wire.close()


async def test_an_entry_is_posted_once_however_often_it_is_delivered(tryton: Any, wire: HttpWire) -> None:
    hub = books(wire, tryton)
    handed = [await hub.hand_over(entry("webshop/1/invoice/1")) for _ in range(3)]
    assert tryton.ledger("XDRILL")["webshop/1/invoice/1"] == booked()
    assert [one.receipt["already"] for one in handed] == [False, True, True]


async def test_whatever_goes_wrong_at_any_call_nothing_is_posted_twice(tryton: Any, wire: HttpWire) -> None:
    expected, tokens = {}, MemoryTokens()
    for spoil, calls in DRILLS:
        logged_in = None if LOG_IN in calls else tokens
        key = f"{spoil}/{calls}"
        async with bad_line(tryton.url, spoil, *calls) as (line, url):
            await until_done(books(wire, tryton, url, logged_in), entry(key), tries=10)
            assert not line.of
        expected[key] = booked()
    assert expected.items() <= tryton.ledger("XDRILL").items()


@pytest.mark.parametrize(("spoil", "call"), [("lost_answer", BILLED), ("late", BILLED), ("garbage", ISSUED)])
async def test_whatever_goes_wrong_an_invoice_is_booked_once(
    tryton: Any, wire: HttpWire, spoil: Spoil, call: str
) -> None:
    number = f"{spoil}/{call}"
    async with bad_line(tryton.url, spoil, call) as (_, url):
        await until_done(books(wire, tryton, url), invoice(number))
    assert (await books(wire, tryton).hand_over(invoice(number))).receipt["already"]
    assert tryton.ledger("XBILL")[number] == BOOKED


async def test_an_invoice_and_a_credit_memo_are_booked_as_our_own_rule_would(tryton: Any, wire: HttpWire) -> None:
    hub = books(wire, tryton)
    await hub.hand_over(invoice("NW-1-I1"))
    await hub.hand_over(credit_memo("NW-1-C1"))
    ledger = tryton.ledger("XBILL")
    assert ledger["NW-1-I1"] == BOOKED
    assert ledger["NW-1-C1"] == TAKEN_BACK
    held = [line async for line in read_ledger(hub.caller)]
    assert sum(amount for key, _, amount in held if key == "NW-1-I1") == 0
    assert ("NW-1-I1", "1100", Decimal("108.50")) in held


MUGS, PANS = "CS-1001", "CS-1002"


async def test_an_order_becomes_a_sale_and_what_ships_leaves_trytons_own_stock(tryton: Any, wire: HttpWire) -> None:
    hub, before = books(wire, tryton), tryton.left(MUGS, PANS)
    for document in (order("SO-1"), order("SO-1"), shipment("SO-1-S1", "SO-1", "24", "5")):
        await hub.hand_over(document)
    sold = [("1", MUGS, Decimal(48), Decimal("18.7500")), ("2", PANS, Decimal(5), Decimal("42.5000"))]
    assert tryton.sale("northwind/SO-1") == ("processing", sold)
    assert (await hub.hand_over(shipment("SO-1-S1", "SO-1", "24", "5"))).receipt["already"]
    await hub.hand_over(shipment("SO-1-S2", "SO-1", "24", "0"))
    after = tryton.left(MUGS, PANS)
    assert {sku: units - before.get(sku, 0) for sku, units in after.items()} == {MUGS: 48, PANS: 5}
    [sale] = tryton.find("sale.sale", ("reference", "=", "northwind/SO-1"), fields=("shipment_state", "invoices"))
    assert (sale["shipment_state"], sale["invoices"]) == ("sent", [])


async def test_a_sale_follows_its_order_until_goods_begin_to_leave(tryton: Any, wire: HttpWire) -> None:
    hub = books(wire, tryton)
    for number in ("SO-2", "SO-3"):
        await hub.hand_over(order(number))
    await hub.hand_over(order_change("SO-2", "24", "0"))
    for _ in range(2):
        await hub.hand_over(order_change("SO-3"))
    assert tryton.sale("northwind/SO-2") == ("quotation", [("1", MUGS, Decimal(24), Decimal("18.7500"))])
    assert tryton.sale("northwind/SO-3")[0] == "cancelled"
    await hub.hand_over(shipment("SO-2-S1", "SO-2", "12"))
    with pytest.raises(Rejected, match="reopened"):
        await hub.hand_over(order_change("SO-2", "12", "0"))


async def test_what_tryton_does_not_know_is_no_sale_and_no_shipment(tryton: Any, wire: HttpWire) -> None:
    hub = books(wire, tryton)
    unknown = order("SO-4").changed(lines=(order("SO-4").lines[0].model_copy(update={"items": {"sku": "CS-0"}}),))
    for step, said in (
        ("products", unknown),
        ("sale", shipment("SO-4-S1", "SO-4", "1")),
        ("found", order_change("SO-4")),
    ):
        with pytest.raises(Rejected, match=step):
            await hub.hand_over(said)
    assert tryton.find("sale.sale", ("reference", "=", "northwind/SO-4")) == []


SOLD_AND_SHIPPED = "sale.sale.create", "sale.sale.quote", "shipment.out.create", "shipment.out.pack", "shipment.out.do"


async def test_whatever_goes_wrong_an_order_is_sold_and_shipped_once(tryton: Any, wire: HttpWire) -> None:
    before = tryton.left(MUGS)
    async with bad_line(tryton.url, "lost_answer", *SOLD_AND_SHIPPED) as (line, url):
        hub = books(wire, tryton, url)
        await until_done(hub, order("SO-5"))
        await until_done(hub, shipment("SO-5-S1", "SO-5", "7"))
        assert not line.of
    assert tryton.sale("northwind/SO-5")[0] == "processing"
    assert tryton.left(MUGS)[MUGS] - before.get(MUGS, 0) == 7


async def test_what_tryton_refuses_is_told_and_leaves_its_books_as_they_are(tryton: Any, wire: HttpWire) -> None:
    unknown = [{"account": "1100", "debit": "12.50"}, {"account": "9999", "credit": "12.50"}]
    refused = {
        "lines": entry("an account it does not have", lines=unknown),
        "period": entry("a day in no open period", posted_on="2031-01-01"),
        "period:": entry("another currency than the company's", currency="EUR"),
    }
    for step, said in refused.items():
        with pytest.raises(Rejected, match=step):
            await books(wire, tryton).hand_over(said)
    with pytest.raises(Misconfigured):
        await books(wire, replace(tryton, password="wrong-password")).hand_over(entry("k"))
    assert not tryton.ledger("XDRILL").keys() & {said.key for said in refused.values()}


async def test_a_customers_standing_answers_a_credit_check(tryton: Any, wire: HttpWire) -> None:
    northwind = [{"account": account, side: "19.90", "dimensions": {"channel": tryton.customer}}
                 for account, side in (("1100", "debit"), ("4000", "credit"))]  # fmt: skip
    hub = books(wire, tryton)
    before = await hub.ask(credit_check(tryton.customer))
    await hub.hand_over(entry("northwind/1", lines=northwind))
    await hub.hand_over(entry("webshop/1"))
    standing = await hub.ask(credit_check(tryton.customer))
    assert isinstance(standing, CreditStanding)
    assert isinstance(before, CreditStanding)
    assert standing.owed
    assert before.owed
    owed = standing.owed.amount - before.owed.amount
    assert (standing.customer, owed, standing.limit) == (tryton.customer, Decimal("19.90"), None)
    with pytest.raises(Rejected):
        await hub.ask(credit_check("nobody"))


@pytest.fixture
def configured(tryton: Any, tmp_path: Path) -> Path:
    """The example hub with two files changed: its ERP is Tryton, and books orders, shipments, invoices and credit memos
    from documents."""
    place = tmp_path / "hub"
    shutil.copytree(ROOT / "config", place / "config")
    (place / "password").write_text(tryton.password)
    said = CONNECTION.format(base_url=tryton.url.rstrip("/"), user=tryton.user, password=place / "password")
    (place / "config" / "connections" / "books.yaml").write_text(said)
    posting = place / "config" / "posting.yaml"
    posting.write_text(
        posting.read_text().replace("{connection: books, mode: journal}", "{connection: books, mode: documents}")
    )
    return place


def crossdock(place: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [str(CROSSDOCK), *words, "--config", "config/hub.yaml", "--data", "data"]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False, timeout=180)


def summed(rows: Iterable[tuple[str, Decimal, Decimal]]) -> dict[str, Decimal]:
    """Debits less credits, by account."""
    sums: dict[str, Decimal] = {}
    for account, debit, credit in rows:
        sums[account] = sums.get(account, Decimal(0)) + debit - credit
    return {account: balance for account, balance in sums.items() if balance}


STOCK = ("shipment", "return")
"""What an ERP that keeps stock values by its own means."""


def test_after_a_hubs_story_trytons_ledger_is_ours_to_the_cent_with_revenue_in_it_once(
    tryton: Any, configured: Path
) -> None:
    played = crossdock(configured, "demo", "--no-serve", "--json")
    assert played.returncode == 0, played.stderr[-2000:]
    assert crossdock(configured, "export", "--out", "export").returncode == 0
    ours = [json.loads(row) for row in (configured / "export" / "journal.jsonl").read_text().splitlines()]
    assert {one["event"] for one in ours} >= {"shipment", "invoice", "return", "credit"}
    entries, invoices = tryton.ledger("XDOCK"), tryton.ledger("XSALE")
    booked = [one["key"].rpartition("/")[2] for one in ours if one["event"] in ("invoice", "credit")]
    assert sorted(invoices) == sorted(booked)
    mine = summed(
        (row["account"], Decimal(row["debit"]), Decimal(row["credit"]))
        for one in ours
        if one["event"] not in STOCK
        for row in one["lines"]
    )
    theirs = summed(row for book in (entries, invoices) for rows in book.values() for row in rows)
    assert theirs == mine
    assert theirs["4000"] < 0
    reconciled = crossdock(configured, "reconcile", "--json")
    told = json.loads(reconciled.stdout)
    assert (reconciled.returncode, told["differences"], told["uncompared"]) == (0, [], [])
    assert told["compared"]["books stock"] > 10
    _post_by_hand(tryton, min(invoices))
    gone = _take_a_shipment_back(tryton)
    apart = json.loads(crossdock(configured, "reconcile", "--json").stdout)["differences"]
    assert {(one["ledger"], one["about"], one["code"]) for one in apart} == {
        ("books", min(invoices), "amount-differs"), ("books stock", gone, "missing"),
    }  # fmt: skip


def _take_a_shipment_back(tryton: Any) -> str:
    """Somebody cancels one of our shipments that is done; its number."""
    done = ("state", "=", "done"), ("moves.origin.sale.description", "like", "XDOCK %", "sale.line")
    shipment, *_ = tryton.find("stock.shipment.out", *done, fields=("id", "reference"))
    tryton.ask("model.stock.shipment.out.cancel", [shipment["id"]])
    number: str = shipment["reference"]
    return number


def _post_by_hand(tryton: Any, key: str) -> None:
    """Somebody posts under the key of one of our entries."""
    [journal] = tryton.find("account.journal", ("code", "=", "XDOCK"))
    [period] = tryton.find("account.period", ("start_date", "<=", "2026-11-22"), ("end_date", ">=", "2026-11-22"))
    accounts = {one["code"]: one["id"] for one in tryton.find("account.account", fields=("code",))}
    lines = [
        {"account": accounts["1300"], "debit": Decimal("0.07"), "credit": Decimal(0)},
        {"account": accounts["5000"], "debit": Decimal(0), "credit": Decimal("0.07")},
    ]
    made = tryton.make(
        "account.move", company=1, journal=journal["id"], period=period["id"], date="2026-11-22", description=key,
        lines=[["create", lines]],
    )  # fmt: skip
    tryton.ask("model.account.move.post", [made])
