"""Taxes worked out from our own table: places, goods, freight, rounding, exemptions, prices that contain them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical import Address, TaxLine, TaxRequest
from mappings.yaml_model import load_model
from router.taxation import Rate, quote
from router.taxes import Taxes

TABLE = load_model(Path(__file__).parents[2] / "config" / "taxes.yaml", Taxes)[0]
FOOD = "PF050001"
"""The tax code of food, as AvaTax and the example have it."""
US = Address(region="NV", postal_code="89502", country="US")


def request(to: Address, *amounts: str, code: str | None = None, **fields: Any) -> TaxRequest:
    lines = tuple(
        TaxLine.model_validate({"number": str(at), "quantity": {"value": "1"}, "amount": amount, "tax_code": code})
        for at, amount in enumerate(amounts, 1)
    )
    given_ = {"ship_from": US, "currency": "USD", **fields}
    return TaxRequest(
        number="tax-1", order="acme/PO1", asked_at=datetime(2026, 3, 2, tzinfo=UTC), transaction="PO1",
        on=date(2026, 3, 2), customer="acme", ship_to=to, lines=lines, total=Decimal(0), **given_,
    )  # fmt: skip


def tax(to: Address, *amounts: str, **fields: Any) -> Decimal:
    assert TABLE
    return quote(request(to, *amounts, **fields), TABLE.rates, "line").amount


@pytest.mark.parametrize(
    ("country", "region", "postal_code", "code", "due"),
    [
        ("US", "CA", "94103", None, "7.25"),
        ("US", "CA", "92101", None, "7.75"),
        ("US", "CA", "94103", FOOD, "0"),
        ("US", "OR", "97201", None, "0"),
        ("US", "AK", "99501", None, "0"),
        ("DE", None, "10115", None, "19.00"),
        ("DE", None, "10115", FOOD, "7.00"),
        ("IE", None, "D01", FOOD, "0"),
        ("AU", "NSW", "2000", None, "10.00"),
        ("AU", "NSW", "2000", FOOD, "0"),
        ("CA", "QC", "H2X", None, "14.98"),
        ("BD", None, "1205", None, "15.00"),
        ("BD", None, "1205", FOOD, "0"),
    ],
)
def test_the_closest_row_of_each_jurisdiction_holds(country, region, postal_code, code, due):
    to = Address(country=country, region=region, postal_code=postal_code)
    assert tax(to, "100.00", code=code) == Decimal(due)


def test_indian_gst_is_split_within_a_state_and_integrated_between_states():
    here, there = Address(country="IN", region="KA"), Address(country="IN", region="MH")
    assert TABLE
    within = quote(request(here, "100.00", ship_from=here), TABLE.rates, "line").lines[0].taxes
    between = quote(request(there, "100.00", ship_from=here), TABLE.rates, "line").lines[0].taxes
    assert {one.name: one.amount for one in within} == {"CGST": Decimal("9.00"), "SGST": Decimal("9.00")}
    assert {one.name: one.amount for one in between} == {"IGST": Decimal("18.00")}


def test_zero_rated_goods_are_taxed_at_nought_and_exempt_ones_not_at_all():
    assert TABLE
    zero = quote(request(Address(country="IE"), "10", code=FOOD), TABLE.rates, "line")
    exempt = quote(request(Address(country="BD"), "10", code=FOOD), TABLE.rates, "line")
    assert [(one.name, one.amount) for one in zero.lines[0].taxes] == [("VAT", Decimal(0))]
    assert exempt.lines[0].taxes == ()


def test_freight_is_taxed_where_its_row_says_so():
    assert tax(Address(country="US", region="NY"), "100", freight=Decimal(10)) == Decimal("4.40")
    assert tax(Address(country="US", region="CA"), "100", freight=Decimal(10)) == Decimal("7.25")


def test_a_certificate_frees_its_holder():
    freed = request(Address(country="US", region="CA"), "100", exemption={"certificate": "C1", "reason": "resale"})
    assert TABLE
    assert quote(freed, TABLE.rates, "line").amount == 0


def test_the_tax_is_taken_out_of_prices_that_contain_it():
    assert tax(Address(country="DE"), "119.00", included=True) == Decimal("19.00")


def test_a_rate_holds_from_its_first_day_to_its_last():
    old = Rate(country="XX", name="VAT", rate=Decimal(5), until=date(2026, 3, 1))
    new = Rate(country="XX", name="VAT", rate=Decimal(7), since=date(2026, 3, 2))
    assert quote(request(Address(country="XX"), "100"), [old, new], "line").amount == Decimal("7.00")


def test_rounding_by_line_and_by_invoice_differ_as_they_should():
    rates = [Rate(country="XX", name="VAT", rate=Decimal(5))]
    lines = request(Address(country="XX"), *["0.10"] * 4)
    assert quote(lines, rates, "line").amount == Decimal("0.04")
    assert quote(lines, rates, "invoice").amount == Decimal("0.02")


@given(st.lists(st.decimals("-999", "9999", places=2), min_size=1, max_size=20), st.decimals(0, 30, places=3))
def test_the_lines_taxes_always_sum_to_the_whole(amounts, rate):
    asked = request(Address(country="XX"), *map(str, amounts))
    told = quote(asked, [Rate(country="XX", name="VAT", rate=rate)], "invoice")
    exact = sum(amounts, Decimal(0)) * rate / 100
    assert sum(line.amount for line in told.lines) == told.amount
    assert abs(told.amount - exact) <= Decimal("0.005")
