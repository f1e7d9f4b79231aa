"""Items are found by any identifier, and a faulty row says what to mend."""

from datetime import date
from decimal import Decimal

import pytest

from router.catalogue import check_digit, read_items, read_stock
from router.policy import Policy

ROW = {"sku": "A", "unit": "EA", "cost": "1.00", "price": "2.00"}


@pytest.mark.parametrize(
    "items",
    [
        {"sku": "CS-1001"},
        {"vendor": "CS-1001"},
        {"upc": "850012010012"},
        {"ean": "0850012010012"},
        {"gtin": "00850012010012"},
        {"buyer": "NW-40117", "upc": "850012010012"},
    ],
)
def test_an_item_is_found_by_any_of_its_identifiers(policy: Policy, items: dict[str, str]) -> None:
    found = policy.catalogue.match(items).item
    assert found
    assert found.sku == "CS-1001"


def test_identifiers_that_name_different_items_match_none(policy: Policy) -> None:
    match = policy.catalogue.match({"vendor": "CS-1001", "upc": "850012010029"})
    assert match.item is None
    assert match.fault == "its identifiers name different items: vendor CS-1001 is CS-1001, upc 850012010029 is CS-1002"


def test_nothing_known_says_what_was_given(policy: Policy) -> None:
    assert policy.catalogue.match({"buyer": "X9"}).fault == "no item of ours has buyer X9"
    assert policy.catalogue.match({}).fault == "no item of ours has no identifier"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"price": ""}, "price is empty; fill it in"),
        ({"cost": "1,50"}, "cost '1,50' is no decimal number"),
        ({"price": "0"}, "price must be above zero"),
        ({"upc": "850012010013"}, "upc 850012010013 has a wrong check digit"),
        ({"colour": "red"}, "no column is called 'colour'; remove or rename it"),
        ({"pack_CA": "-4"}, "pack_CA must be above zero"),
    ],
)
def test_a_faulty_item_row_names_its_line_and_fault(change: dict[str, str], fault: str) -> None:
    catalogue, [finding] = read_items([ROW, ROW | {"sku": "B"} | change], "USD", "items.csv")
    assert [item.sku for item in catalogue.items] == ["A"]
    assert (finding.where, finding.message) == ({"file": "items.csv", "line": 3, "column": 1}, fault)


def test_a_sku_is_listed_once() -> None:
    _, [finding] = read_items([ROW, ROW], "USD", "items.csv")
    assert finding.message == "A is listed twice"


def test_a_faulty_stock_row_names_its_line() -> None:
    good = {"sku": "A", "node": "n", "on_hand": "3", "safety": ""}
    levels, [finding] = read_stock([good, good | {"on_hand": "3.5e1"}], "stock.csv")
    assert (levels[0].on_hand, levels[0].safety) == (3, None)
    assert (finding.code, finding.where) == ("stock-row", {"file": "stock.csv", "line": 3, "column": 1})


@pytest.mark.parametrize(("body", "digit"), [("629104150021", "3"), ("85001201001", "2"), ("10614141234567890", "8")])
def test_check_digits_are_those_of_gs1(body: str, digit: str) -> None:
    assert check_digit(body) == digit


def test_a_stock_file_says_what_is_on_its_way() -> None:
    rows = [
        {"sku": "A", "node": "N", "on_hand": "0", "safety": "", "incoming": "40", "incoming_on": "2026-12-01"},
        {"sku": "B", "node": "N", "on_hand": "0", "safety": "", "incoming": "40", "incoming_on": ""},
    ]
    [level], [finding] = read_stock(rows, "stock.csv")
    assert (level.incoming, level.incoming_on) == (Decimal(40), date(2026, 12, 1))
    assert finding.message.startswith("40 are incoming on no day; fill in incoming_on")
