"""Odoo's connector against its stand-in: entries posted once whatever goes wrong, its books read back, standings."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from canonical import CreditStanding, Misconfigured, Rejected
from connectors.emulators.faults import Fault
from connectors.emulators.loopback import serving
from connectors.emulators.odoo import Odoo
from connectors.engine.wire import HttpWire
from connectors.ledger import read_ledger, read_shipments
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

CALLS = (
    "account.move/search_read", "account.journal/", "account.account/", "res.partner/", "account.move/create",
    "account.move/action_post",
)  # fmt: skip
FAULTS: tuple[Fault, ...] = (
    "server_error", "silent_after_accepting", "silent_before_accepting", "garbage", "too_many", "html",
)  # fmt: skip
POSTED = {"1100": Decimal("12.50"), "4000": Decimal("-12.50")}


MUGS, PANS = "CS-1001", "CS-1002"


@pytest.fixture
async def odoo() -> AsyncIterator[Odoo]:
    odoo = Odoo()
    odoo.add_partner("northwind", "250.75", limit="1000")
    odoo.add_partner("harbor", "10")
    odoo.add_partner("SUNDRY")
    for sku in (MUGS, PANS):
        odoo.sales.add_product(sku, "100")
    async with serving(odoo):
        yield odoo


@pytest.fixture
async def wire() -> AsyncIterator[HttpWire]:
    wire = HttpWire()
    yield wire
    await wire.close()


def books(wire: HttpWire, odoo: Odoo, **settings: Any) -> Books:
    given = {"host": "-", "database": odoo.database, "api_key": odoo.api_key, **settings}
    given = {"journal": "XDOCK", "invoice_journal": "XSALE", "partner": "SUNDRY", **given}
    return Books("odoo", wire, odoo.base_url, given, timedelta(seconds=0.2))


async def test_an_entry_is_posted_once_however_often_it_is_delivered(odoo: Odoo, wire: HttpWire) -> None:
    handed = [await books(wire, odoo).hand_over(entry("webshop/1")) for _ in range(3)]
    assert odoo.posted() == [("webshop/1", POSTED)]
    assert [one.receipt["already"] for one in handed] == [False, True, True]


@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_goes_wrong_at_any_call_nothing_is_posted_twice(
    odoo: Odoo, wire: HttpWire, fault: Fault
) -> None:
    odoo.faults.silence = 0.3
    for at, call in enumerate(CALLS):
        odoo.faults.only = call
        odoo.faults.queue.append(fault)
        await until_done(books(wire, odoo), entry(f"k/{at}"))
        assert not odoo.faults.queue
    assert odoo.posted() == [(f"k/{at}", POSTED) for at in range(len(CALLS))]


async def test_an_invoice_and_a_credit_memo_are_booked_once_as_our_own_rule_would(odoo: Odoo, wire: HttpWire) -> None:
    hub = books(wire, odoo)
    for fault in FAULTS:
        odoo.faults.only = "account.move/create"
        odoo.faults.silence = 0.3
        odoo.faults.queue.append(fault)
        await until_done(hub, invoice(f"I-{fault}"))
    await hub.hand_over(credit_memo("C1"))
    assert (await hub.hand_over(credit_memo("C1"))).receipt["already"]
    billed = {"1100": "108.50", "2200": "-8.00", "4000": "-97.50", "4050": "2.00", "4100": "-5.00"}
    given_back = {"1100": "-54.00", "2200": "4.00", "4060": "60.00", "4160": "-10.00"}
    assert odoo.posted() == [
        *((f"I-{fault}", {account: Decimal(amount) for account, amount in billed.items()}) for fault in FAULTS),
        ("C1", {account: Decimal(amount) for account, amount in given_back.items()}),
    ]
    held = [line async for line in read_ledger(hub.caller)]
    assert ("C1", "4060", Decimal(60)) in held


def sold(odoo: Odoo, number: str) -> tuple[str, list[tuple[str, Decimal, Decimal]]]:
    """The state of an order's only sale, and its lines: name, quantity, unit price."""
    [sale] = [one for one in odoo.sales.orders if one["client_order_ref"] == f"northwind/{number}"]
    lines = [one for one in odoo.sales.lines if one["order_id"] == sale["id"]]
    return sale["state"], [(one["name"], one["product_uom_qty"], one["price_unit"]) for one in lines]


async def test_an_order_becomes_a_sale_and_what_ships_leaves_its_own_stock(odoo: Odoo, wire: HttpWire) -> None:
    hub = books(wire, odoo)
    for document in (
        order("SO-1"),
        order("SO-1"),
        shipment("S1", "SO-1", "24", "5"),
        shipment("S1", "SO-1", "24", "5"),
    ):
        await hub.hand_over(document)
    await hub.hand_over(shipment("S2", "SO-1", "24"))
    lines = [("1 CS-1001: Enamel camp mug", 48, Decimal("18.75")), ("2 CS-1002: ", 5, Decimal("42.5"))]
    assert sold(odoo, "SO-1") == ("sale", lines)
    assert [odoo.sales.left(sku) for sku in (MUGS, PANS)] == [48, 5]
    held = [line async for line in read_shipments(hub.caller)]
    assert sorted(held) == [("S1", MUGS, 24), ("S1", PANS, 5), ("S2", MUGS, 24)]


async def test_a_sale_follows_its_order_as_far_as_goods_have_not_left(odoo: Odoo, wire: HttpWire) -> None:
    hub = books(wire, odoo)
    for number in ("SO-2", "SO-3"):
        await hub.hand_over(order(number))
    await hub.hand_over(shipment("S1", "SO-2", "12"))
    for _ in range(2):
        await hub.hand_over(order_change("SO-2", "24", "0"))
        await hub.hand_over(order_change("SO-3"))
    assert [quantity for _, quantity, _ in sold(odoo, "SO-2")[1]] == [24, 0]
    assert sold(odoo, "SO-3")[0] == "cancel"
    with pytest.raises(Rejected, match="below the amount already delivered"):
        await hub.hand_over(order_change("SO-2", "6", "0"))
    with pytest.raises(Rejected):
        await hub.hand_over(shipment("S2", "SO-9", "1"))


@pytest.mark.parametrize("fault", ["server_error", "silent_after_accepting", "garbage"])
async def test_whatever_goes_wrong_an_order_is_sold_and_shipped_once(odoo: Odoo, wire: HttpWire, fault: Fault) -> None:
    odoo.faults.silence = 0.3
    calls = ("order/create", "action_confirm", "picking/search_read", "move/write", "picking/write", "button_validate")
    for at, call in enumerate(calls):
        odoo.faults.only = call
        odoo.faults.queue.append(fault)
        await until_done(books(wire, odoo), order(f"{at}"))
        await until_done(books(wire, odoo), shipment(f"{at}-S1", f"{at}", "7"))
        assert not odoo.faults.queue
        assert sold(odoo, f"{at}")[0] == "sale"
    assert odoo.sales.left(MUGS) == 7 * len(calls)


async def test_its_books_are_read_back_to_the_cent(odoo: Odoo, wire: HttpWire) -> None:
    for number in range(3):
        await books(wire, odoo).hand_over(entry(f"k/{number}", "0.10"))
    held = [line async for line in read_ledger(books(wire, odoo).caller)]
    assert sorted(held) == sorted(
        (f"k/{number}", account, amount)
        for number in range(3)
        for account, amount in (("1100", Decimal("0.1")), ("4000", Decimal("-0.1")))
    )


async def test_what_it_refuses_is_told_and_leaves_its_books_as_they_are(odoo: Odoo, wire: HttpWire) -> None:
    unknown = [{"account": "1100", "debit": "1"}, {"account": "9999", "credit": "1"}]
    for refused in (entry("an account it does not have", lines=unknown), entry("another currency", currency="EUR")):
        with pytest.raises(Rejected):
            await books(wire, odoo).hand_over(refused)
    for wrong in ({"api_key": "wrong"}, {"database": "wrong"}):
        with pytest.raises(Misconfigured):
            await books(wire, odoo, **wrong).hand_over(entry("k"))
    assert odoo.moves == []


async def test_a_customers_standing_answers_a_credit_check(odoo: Odoo, wire: HttpWire) -> None:
    limited, unlimited = [await books(wire, odoo).ask(credit_check(name)) for name in ("northwind", "harbor")]
    assert isinstance(limited, CreditStanding)
    assert isinstance(unlimited, CreditStanding)
    assert (limited.question, limited.customer) == ("credit-1-northwind", "northwind")
    assert limited.owed
    assert limited.limit
    assert (limited.owed.amount, limited.limit.amount) == (Decimal("250.75"), Decimal(1000))
    assert unlimited.limit is None
    with pytest.raises(Rejected):
        await books(wire, odoo).ask(credit_check("nobody"))
