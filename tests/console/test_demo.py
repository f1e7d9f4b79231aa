"""The demo's verdict on itself, and what it prints."""

import pytest


def line(side: str, amount: str) -> dict[str, str]:
    return {"account": "x", "debit": "0", "credit": "0", side: amount}


GOOD = [
    ("documents", {"id": "d1", "direction": "in", "kind": "PurchaseOrder", "identity": "1", "status": "decided",
                   "order": "northwind/NW-1"}),
    ("documents", {"id": "d2", "direction": "out", "kind": "Invoice", "identity": "1", "status": "delivered"}),
    ("orders", {"id": "northwind/NW-1", "number": "NW-1", "channel": "northwind", "status": "shipped", "lines": [
        {"number": "1", "sku": "LAMP",
         "ledger": {"ordered": "5", "over_shipped": "1", "shipped": "6", "invoiced": "6"}}]}),
    ("deliveries", {"document": "d2", "destination": "northwind", "key": "k", "status": "delivered", "attempts": 1}),
    ("journal", {"key": "j1", "order": "o1", "event": "shipment", "currency": "USD",
                 "lines": [line("debit", "1.10"), line("credit", "1.10")]}),
]  # fmt: skip


MISSING = {"code": "missing", "ledger": "books", "about": "j1", "cause": "it is not in the books", "said": {}}


@pytest.fixture
def played(hub):
    """A hub that holds what a good demo leaves."""
    hub.archive.exported = list(GOOD)
    return hub


def test_a_good_outcome_exits_0_and_json_is_all_that_is_printed(crossdock, played, tmp_path):
    ran = crossdock("demo", "--no-serve", "--json", "--data", str(tmp_path / "demo"))
    assert ran.code == 0, ran.err
    assert ran.json == {
        "documents_in": {"PurchaseOrder": 1},
        "documents_out": {"Invoice": 1},
        "orders": {"shipped": 1},
        "journal": {"USD": {"debit": "1.10", "credit": "1.10"}},
        "exceptions": 1,
        "reconciliation": {
            "ok": True, "differences": [], "compared": {"books": 1, "orders": 1}, "uncompared": [],
            "planted": {"deed": "somebody deletes j1", "differences": [MISSING]},
        },
    }  # fmt: skip


def test_the_story_tells_what_came_in_the_books_and_one_order(crossdock, played, tmp_path):
    ran = crossdock("demo", "--no-serve", "--data", str(tmp_path / "demo"))
    assert ran.code == 0, ran.err
    for told in (
        "an order",
        "from Northwind",
        "Invoice",
        "1.10",
        "unknown-sender",
        "5 LAMP from reno",
        "journal balanced",
        "0 differences between 1 in books, 1 in orders",
        "somebody deletes j1",
        "missing in books: j1",
    ):
        assert told in ran.out
    assert "\x1b" not in ran.out


ORDER = GOOD[2][1]
FAULTS = [
    ("orders", ORDER | {"lines": [{"number": "1", "ledger": {"ordered": "5", "shipped": "4"}}]}, "holds 4 of 5"),
    ("journal", GOOD[4][1] | {"lines": [line("debit", "2"), line("credit", "1")]}, "debit 2, credit 1"),
    ("documents", GOOD[0][1] | {"status": "queued"}, "is still queued"),
    ("deliveries", GOOD[3][1] | {"status": "due"}, "is still due"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=[fault[0] for fault in FAULTS])
def test_an_outcome_that_is_wrong_exits_1_and_says_where(crossdock, played, tmp_path, fault):
    stem, row, told = fault
    played.archive.exported.append((stem, row))
    ran = crossdock("demo", "--no-serve", "--json", "--data", str(tmp_path / "demo"))
    assert ran.code == 1
    assert told in ran.err
    assert ran.json


def test_books_that_differ_exit_1_and_say_where(crossdock, played, tmp_path):
    played.books.lacking.append("j0")
    ran = crossdock("demo", "--no-serve", "--json", "--data", str(tmp_path / "demo"))
    assert ran.code == 1
    assert "j0: it is not in the books" in ran.err


@pytest.mark.parametrize("expected", [{}, {"unknown-sender": 2}, {"unknown-sender": 1, "held": 1}])
def test_an_exception_too_many_or_too_few_exits_1(crossdock, builder, played, tmp_path, expected):
    builder.expected = expected
    assert crossdock("demo", "--no-serve", "--data", str(tmp_path / "demo")).code == 1


def test_a_demo_never_removes_what_no_demo_made(crossdock, played, tmp_path):
    (tmp_path / "books.db").write_text("precious")
    ran = crossdock("demo", "--no-serve", "--data", str(tmp_path))
    assert ran.code == 2
    assert (tmp_path / "books.db").read_text() == "precious"


def test_a_demo_begins_afresh_where_a_demo_was(crossdock, played, tmp_path):
    data = tmp_path / "demo"
    assert crossdock("demo", "--no-serve", "--data", str(data)).code == 0
    (data / "old.db").write_text("old")
    assert crossdock("demo", "--no-serve", "--data", str(data)).code == 0
    assert not (data / "old.db").exists()
