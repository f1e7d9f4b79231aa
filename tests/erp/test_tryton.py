"""Tryton, the real one, in a process of its own: what the hub posts there by its connector, against its own ledger."""

import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from canonical import CreditStanding, Misconfigured, Rejected
from connectors.engine.wire import HttpWire
from tests.erp.between import SPOILS, Spoil, bad_line
from tests.erp.booking import Books, credit_check, entry, until_done

ROOT = Path(__file__).parents[2]
CROSSDOCK = Path(sys.executable).with_name("crossdock")
READS = (
    "common.db.login", "account.move.search_read", "account.journal", "account.period", "account.account",
    "party.party",
)  # fmt: skip
MADE, POSTED = "account.move.create", "account.move.post"
DRILLS: list[tuple[Spoil, str]] = [
    *((spoil, call) for spoil in SPOILS for call in (MADE, POSTED)),
    *((spoil, call) for spoil in ("down", "garbage") for call in READS),
    ("lost_answer", "common.db.login"),
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


def books(wire: HttpWire, tryton: Any, url: str = "", patience: float = 20.0) -> Books:
    given = {"host": "-", "database": "books", "user": tryton.user, "password": tryton.password, "company": 1,
             "journal": "XDOCK", "party": "SUNDRY", "limits": False}  # fmt: skip
    return Books("tryton", wire, url or tryton.url, given, timedelta(seconds=patience))


def booked(amount: str = "12.50") -> list[tuple[str, Decimal, Decimal]]:
    return [("1100", Decimal(amount), Decimal(0)), ("4000", Decimal(0), Decimal(amount))]


@pytest.fixture
async def wire() -> AsyncIterator[HttpWire]:
    wire = HttpWire()
    yield wire
    await wire.close()


async def test_an_entry_is_posted_once_however_often_it_is_delivered(tryton: Any, wire: HttpWire) -> None:
    handed = [await books(wire, tryton).hand_over(entry("webshop/1/invoice/1")) for _ in range(3)]
    assert tryton.ledger() == {"webshop/1/invoice/1": booked()}
    assert [one.receipt["already"] for one in handed] == [False, True, True]


async def test_whatever_goes_wrong_at_any_call_nothing_is_posted_twice(tryton: Any, wire: HttpWire) -> None:
    expected, patience = {}, 0.4
    for spoil, call in DRILLS:
        key = f"{spoil}/{call}"
        async with bad_line(tryton.url, spoil, call, patience) as (line, url):
            await until_done(books(wire, tryton, url, patience), entry(key))
            assert line.spoilt
        expected[key] = booked()
    assert tryton.ledger() == expected


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
    assert tryton.ledger() == {}


async def test_a_customers_standing_answers_a_credit_check(tryton: Any, wire: HttpWire) -> None:
    northwind = [{"account": account, side: "19.90", "dimensions": {"channel": tryton.customer}}
                 for account, side in (("1100", "debit"), ("4000", "credit"))]  # fmt: skip
    await books(wire, tryton).hand_over(entry("northwind/1", lines=northwind))
    await books(wire, tryton).hand_over(entry("webshop/1"))
    standing = await books(wire, tryton).ask(credit_check(tryton.customer))
    assert isinstance(standing, CreditStanding)
    assert standing.owed
    assert (standing.customer, standing.owed.amount, standing.limit) == (tryton.customer, Decimal("19.90"), None)
    with pytest.raises(Rejected):
        await books(wire, tryton).ask(credit_check("nobody"))


@pytest.fixture
def configured(tryton: Any, tmp_path: Path) -> Path:
    """The example hub with one file changed: its ERP is Tryton."""
    place = tmp_path / "hub"
    shutil.copytree(ROOT / "config", place / "config")
    (place / "password").write_text(tryton.password)
    said = CONNECTION.format(base_url=tryton.url.rstrip("/"), user=tryton.user, password=place / "password")
    (place / "config" / "connections" / "books.yaml").write_text(said)
    return place


def crossdock(place: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [str(CROSSDOCK), *words, "--config", "config/hub.yaml", "--data", "data"]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False, timeout=180)


def test_after_a_hubs_story_trytons_ledger_is_ours_to_the_cent_with_revenue_in_it_once(
    tryton: Any, configured: Path
) -> None:
    played = crossdock(configured, "demo", "--no-serve", "--json")
    assert played.returncode == 0, played.stderr[-2000:]
    assert crossdock(configured, "export", "--out", "export").returncode == 0
    ours = [json.loads(row) for row in (configured / "export" / "journal.jsonl").read_text().splitlines()]
    assert tryton.ledger() == {
        one["key"]: sorted((row["account"], Decimal(row["debit"]), Decimal(row["credit"])) for row in one["lines"])
        for one in ours
    }
    assert {one["event"] for one in ours} >= {"shipment", "invoice", "return", "credit"}
    balances = {one["code"]: one["balance"] for one in tryton.find("account.account", fields=("code", "balance"))}
    lines = [line for one in ours for line in one["lines"]]
    for account, balance in balances.items():
        mine = [Decimal(line["debit"]) - Decimal(line["credit"]) for line in lines if line["account"] == account]
        assert balance == sum(mine)
    assert balances["4000"] < 0
    reconciled = crossdock(configured, "reconcile", "--json")
    assert (reconciled.returncode, json.loads(reconciled.stdout)["differences"]) == (0, [])
    assert json.loads(reconciled.stdout)["uncompared"] == []
    _change_one(tryton)
    assert [one["said"] for one in json.loads(crossdock(configured, "reconcile", "--json").stdout)["differences"]]


def _change_one(tryton: Any) -> None:
    """Somebody posts by hand under the key of one of our entries."""
    [journal] = tryton.find("account.journal", ("code", "=", "XDOCK"))
    [period] = tryton.find("account.period", ("start_date", "<=", "2026-11-22"), ("end_date", ">=", "2026-11-22"))
    accounts = {one["code"]: one["id"] for one in tryton.find("account.account", fields=("code",))}
    key = min(tryton.ledger())
    lines = [
        {"account": accounts["1300"], "debit": Decimal("0.01"), "credit": Decimal(0)},
        {"account": accounts["5000"], "debit": Decimal(0), "credit": Decimal("0.01")},
    ]
    made = tryton.make(
        "account.move", company=1, journal=journal["id"], period=period["id"], date="2026-11-22", description=key,
        lines=[["create", lines]],
    )  # fmt: skip
    tryton.ask("model.account.move.post", [made])
