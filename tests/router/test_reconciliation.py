"""Figures that should agree: none is told when they do, and each difference has its cause."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.reconciliation import ORDERS, OURS, Figure, Reconciliation

KEY = "northwind/1/invoice/NW-1-I1"


def entry(source: str, *, times: int = 1, **accounts: str) -> list[Figure]:
    """What a source says of one entry: debits less credits by account (`a1100="10"`)."""
    return [
        Figure("books", KEY, name.removeprefix("a"), source, Decimal(amount))
        for name, amount in accounts.items()
        for _ in range(times)
    ]


def told(status: str) -> Figure:
    return Figure("books", KEY, "", "", Decimal(0), status)


OURS_TOLD = entry(OURS, a1100="10.00", a4000="-10.00")


@pytest.mark.parametrize(
    ("figures", "code"),
    [
        ([*OURS_TOLD, *entry("books", a1100="10.00", a4000="-10.00")], None),
        ([*OURS_TOLD, told("delivered")], "missing"),
        ([*OURS_TOLD, told("queued")], "in-flight"),
        ([*OURS_TOLD, told("undelivered")], "undelivered"),
        (OURS_TOLD, "never-sent"),
        (entry("books", a1100="10.00", a4000="-10.00"), "unknown-entry"),
        ([*OURS_TOLD, *entry("books", times=2, a1100="10.00", a4000="-10.00")], "posted-twice"),
        ([*OURS_TOLD, *entry("books", a1100="10.01", a4000="-10.01")], "rounding"),
        ([*OURS_TOLD, *entry("books", a1100="11.00", a4000="-11.00")], "amount-differs"),
        ([*OURS_TOLD, *entry("books", a1100="10.00", a4001="-10.00")], "account-differs"),
    ],
)
def test_an_entry_is_held_against_the_erps_own(figures: list[Figure], code: str | None) -> None:
    found = list(Reconciliation(figures))
    assert [one.code for one in found] == ([code] if code else [])


def test_only_what_is_apart_is_told() -> None:
    [found] = Reconciliation([*OURS_TOLD, *entry("books", a1100="10.00", a4000="-12.00")])
    assert found.said == {"4000": {OURS: Decimal("-10.00"), "books": Decimal("-12.00")}}


def of_order(name: str, note: str = "", **said: str) -> list[Figure]:
    return [
        Figure(ORDERS, "northwind/1", name, source.replace("_", " "), Decimal(amount), note)
        for source, amount in said.items()
    ]


@pytest.mark.parametrize(
    ("figures", "code"),
    [
        (of_order("invoiced", orders="10", invoices="10", postings="10"), None),
        (of_order("invoiced", orders="10", invoices="10"), "not-posted"),
        (of_order("invoiced", "rule-missing", orders="10", invoices="10"), "rule-missing"),
        (of_order("invoiced", orders="10", invoices="10", postings="20"), "posted-twice"),
        (of_order("invoiced", orders="10", invoices="9", postings="10"), "amount-differs"),
        (of_order("tax charged", invoices="1.00", postings="1.01"), "rounding"),
        (of_order("tax recorded", "tax-unrecorded", tax_provider="0", postings="1"), "tax-unrecorded"),
        (of_order("tax recorded", postings="1"), None),  # no provider records this order's tax
        (of_order("captured", orders="10", payments="7", postings="10"), "amount-differs"),
        (of_order("units invoiced", orders="4", shipments="5"), "shipped-not-invoiced"),
        (of_order("units invoiced", orders="6", shipments="5"), "invoiced-not-shipped"),
        (of_order("invoiced", orders="10", postings="10"), "document-missing"),
        (of_order("entries", orders="3", postings="2"), "not-posted"),
        (of_order("entries", orders="2", postings="3"), "posted-unasked"),
        (of_order("entries", "rule-missing", orders="2", postings="2"), None),
    ],
)
def test_an_order_is_held_against_what_was_done_for_it(figures: list[Figure], code: str | None) -> None:
    found = list(Reconciliation(figures))
    assert [one.code for one in found] == ([code] if code else [])


amounts = st.decimals(min_value=-999, max_value=999, places=2).filter(bool)


@given(st.dictionaries(st.sampled_from(["1100", "4000", "4100", "2200"]), amounts, min_size=1), st.data())
def test_whatever_is_changed_in_the_erp_is_found(ours: dict[str, Decimal], data: st.DataObject) -> None:
    account = data.draw(st.sampled_from(sorted(ours)))
    theirs = {**ours, account: ours[account] + data.draw(amounts)}
    figures = [Figure("books", KEY, name, OURS, amount) for name, amount in ours.items()]
    figures += [Figure("books", KEY, name, "books", amount) for name, amount in theirs.items()]
    [found] = Reconciliation(figures)
    assert list(found.said) == [account]
