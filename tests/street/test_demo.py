"""The whole street, once: what the demo says of itself must be what an outsider finds in its export and its files."""

import json
import re
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from connectors.emulators.outside import InventedSecrets
from connectors.surroundings import SystemClock, TimeOrderedIds
from hub import read_configuration
from router.decide import decide
from router.flow import replay
from store import DATABASE, open_store, sqlite_url


@pytest.fixture(scope="session")
def books(
    played: Any, tmp_path_factory: pytest.TempPathFactory, command: Any, auditor: Any
) -> dict[str, list[dict[str, Any]]]:
    out = tmp_path_factory.mktemp("export")
    done = command("export", "--out", out, "--config", played.config, "--data", played.data)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[dict[str, Any]]] = auditor.read_export(out)
    return found


def test_an_outside_auditor_finds_nothing_wrong(auditor: Any, books: dict[str, list[dict[str, Any]]]) -> None:
    assert books["orders"]
    assert list(auditor.violations(books)) == []


def test_the_auditor_would_notice(auditor: Any, books: dict[str, list[dict[str, Any]]]) -> None:
    spoilt = json.loads(json.dumps(books))
    spoilt["orders"][0]["lines"][0]["ledger"]["shipped"] = "999"
    spoilt["journal"].append(spoilt["journal"][0])
    spoilt["stock"][0]["reserved"] = "7.5"
    spoilt["events"][1]["previous"] = "0" * 64
    assert len(list(auditor.violations(spoilt))) >= 4


def test_the_summary_is_what_the_export_adds_up_to(played: Any, books: dict[str, list[dict[str, Any]]]) -> None:
    for direction, name in (("in", "documents_in"), ("out", "documents_out")):
        counted = Counter(row["kind"] for row in books["documents"] if row["direction"] == direction)
        assert played.summary[name] == dict(counted)
    assert played.summary["orders"] == dict(Counter(row["status"] for row in books["orders"]))
    debit = sum(Decimal(line["debit"]) for entry in books["journal"] for line in entry["lines"])
    assert {side: Decimal(total) for side, total in played.summary["journal"]["USD"].items()} == {
        "debit": debit,
        "credit": debit,
    }


def test_every_family_of_documents_is_on_disk(played: Any) -> None:
    names = [path.name for path in played.data.rglob("*") if path.is_file()]
    for part in ("_997_", "_999_", "_855_", "_856_", "_810_", "_940_", "_945_", "_214_", "journal-"):
        assert any(part in name for name in names), f"no {part} file"


def test_a_test_interchange_ships_and_posts_nothing(books: dict[str, list[dict[str, Any]]]) -> None:
    tests = {row["id"] for row in books["orders"] if row["usage"] == "test"}
    assert tests
    assert not [entry for entry in books["journal"] if entry["order"] in tests]
    assert not [row for row in books["reservations"] if row["order"] in tests]
    papers = {row["id"]: row for row in books["documents"] if row["usage"] == "test"}
    shipped = [row for row in books["deliveries"] if row["document"] in papers and row["status"] == "delivered"]
    assert "FulfilmentOrder" not in {papers[row["document"]]["kind"] for row in shipped}


def test_what_partners_were_invoiced_is_what_was_posted(books: dict[str, list[dict[str, Any]]], played: Any) -> None:
    """The totals (TDS01, in cents) of the 810s on disk are what the journal holds against receivables."""
    for partner in ("northwind", "harbor-grocers"):
        files = (played.data / "partners" / partner / "outbound").glob("*_810_*")
        totals = [re.findall(r"TDS[*|]([0-9]+)", path.read_text()) for path in files]
        invoiced = sum(int(cents) for found in totals for cents in found)
        posted = sum(
            Decimal(line["debit"])
            for entry in books["journal"]
            for line in entry["lines"]
            if entry["order"].startswith(f"{partner}/") and line["account"] == "1100"
        )
        assert Decimal(invoiced) / 100 == posted != 0


def test_an_order_is_taxed_shopped_for_labelled_delivered_and_invoiced_through_connectors(
    played: Any, books: dict[str, list[dict[str, Any]]]
) -> None:
    order = "alder-house/AH-5120"
    papers = [row for row in books["documents"] if row.get("order") == order and row["direction"] == "in"]
    asked = {(row["partner"], row["kind"]) for row in papers}
    assert asked >= {("avatax", "TaxQuote"), ("ups", "RateQuote"), ("ups", "Label"), ("ups", "TrackingUpdate")}
    happened = [row["kind"] for row in books["events"] if row["order"] == order]
    assert happened.index("order_taxed") < happened.index("label_bought") < happened.index("shipment_recorded")
    outbound = played.data / "partners" / "alder-house" / "outbound"
    [invoice] = [path.read_text() for path in outbound.glob("*_810_*")]
    assert re.findall(r"TXI[*]ST[*]([0-9.]+)", invoice) == ["21.25", "3.09"]
    told = [path.read_text() for path in outbound.glob("*_214_*")]
    assert sum("AT7*D1*" in one for one in told) == 2


def test_the_books_agree_until_somebody_deletes_an_entry(played: Any, command: Any) -> None:
    told = played.summary["reconciliation"]
    assert (told["differences"], [one["code"] for one in told["planted"]["differences"]]) == ([], ["missing"])
    again = command("reconcile", "--json", "--config", played.config, "--data", played.data)
    assert (again.returncode, json.loads(again.stdout)["differences"]) == (0, [])


async def test_every_decision_of_the_demo_made_again_from_its_world_comes_out_the_same(played: Any) -> None:
    policy = read_configuration(played.config.resolve(), played.data, InventedSecrets()).policy
    async with open_store(sqlite_url(played.data / DATABASE), SystemClock(), TimeOrderedIds()) as store:
        made = [one async for one in store.archive.decisions()]
        assert len(made) > 10
        assert {one.world.configuration for one in made} == {policy.digest}
        assert [difference async for difference in replay(store.archive, decide, policy)] == []
