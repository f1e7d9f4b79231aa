"""A credit memo told line by line: goods, charges and taxes of all lines make its total, or it is not written."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical import Adjustment, CreditMemo, InvoiceLine, Price, Quantity, Tax
from mappings.library import MapLibrary

LIBRARY = MapLibrary()
BY_LINE = ["amazon/refund", "walmart/refund"]


def cents(most: int) -> st.SearchStrategy[Decimal]:
    return st.integers(0, most).map(lambda number: Decimal(number).scaleb(-2))


def adjustments(code: str, most: int) -> st.SearchStrategy[tuple[Adjustment, ...]]:
    made = st.builds(
        Adjustment,
        code=st.just(code),
        amount=cents(most),
        settlement=st.sampled_from(["off_invoice", "bill_back"]),
    )
    return st.lists(made, max_size=2).map(tuple)


def taxes(most: int) -> st.SearchStrategy[tuple[Tax, ...]]:
    made = st.builds(Tax, code=st.just("State"), amount=cents(most), included=st.booleans())
    return st.lists(made, max_size=2).map(tuple)


LINES = st.builds(
    InvoiceLine,
    number=st.just("1"),
    order_line=st.just("1"),
    quantity=st.builds(Quantity, value=st.integers(1, 9).map(Decimal)),
    price=st.builds(
        Price,
        amount=st.integers(20_000, 900_000).map(lambda number: Decimal(number).scaleb(-3)),
        currency=st.just("USD"),
        per=st.none() | st.builds(Quantity, value=st.integers(1, 3).map(Decimal)),
    ),
    charges=adjustments("shipping", 100),
    allowances=adjustments("discount", 100),
    taxes=taxes(100),
)


def memo(lines: tuple[InvoiceLine, ...], total: Decimal) -> CreditMemo:
    return CreditMemo(
        number="C-1", invoiced_on=date(2026, 11, 21), order_number="1", currency="USD", lines=lines, total=total
    )


@pytest.mark.parametrize("name", BY_LINE)
@given(lines=st.lists(LINES, min_size=1, max_size=5).map(tuple), more=st.integers(-100, 100_000))
def test_what_is_told_of_all_lines_makes_the_total(name: str, lines: tuple[InvoiceLine, ...], more: int) -> None:
    told_apart = [one.amount or Decimal(0) for line in lines for one in (*line.charges, *line.taxes)]
    total = sum(told_apart, Decimal(1)) + Decimal(more).scaleb(-2)
    rendition = LIBRARY.get(name).write(memo(lines, total))
    assert rendition.findings == ()
    told = [
        Decimal(amount)
        for line in rendition.tree["lines"]
        for amount in (line["goods"], *(part["amount"] for part in (*line.get("charges", ()), *line.get("taxes", ()))))
    ]
    assert sum(told) == total


@pytest.mark.parametrize("name", BY_LINE)
def test_a_memo_that_keeps_more_of_a_line_than_its_goods_is_not_written(name: str) -> None:
    tax = Tax(code="State", amount=Decimal("3.00"))
    line = InvoiceLine(
        number="1",
        order_line="1",
        quantity=Quantity(value=Decimal(1)),
        price=Price(amount=Decimal("10.00"), currency="USD"),
        taxes=(tax,),
    )
    rendition = LIBRARY.get(name).write(memo((line,), Decimal("2.00")))
    [finding] = rendition.findings
    assert (finding.code, finding.severity) == ("value-unconvertible", "error")
    assert finding.message == "more is kept of line 1 than its goods; refund it by hand"
    assert "goods" not in rendition.tree["lines"][0]
