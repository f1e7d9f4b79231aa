"""Marketplaces that refund by line are told exactly a credit memo's total, whatever it keeps or gives as a whole."""

from datetime import date
from decimal import Decimal
from typing import Any

from canonical import Adjustment, CreditMemo, InvoiceLine, Price, Quantity, Tax
from connectors.courier import ConnectionCourier
from connectors.emulators import amazon, walmart
from connectors.emulators.loopback import serving
from connectors.engine.caller import Caller
from connectors.engine.wire import HttpWire
from tests.connectors.engine.conftest import SteppingClock, connected, parcel_of
from tests.connectors.engine.shop_ledgers import LEDGERS


def adjusted(code: str, amount: str) -> Adjustment:
    return Adjustment(code=code, amount=Decimal(amount))


def line(number: str, price: str, **own: Any) -> InvoiceLine:
    return InvoiceLine(
        number=number,
        order_line=number,
        quantity=Quantity(value=Decimal(2)),
        price=Price(amount=Decimal(price), currency="USD"),
        **own,
    )


def memo() -> CreditMemo:
    """Goods 30.00 + 45.50, a line's shipping 3.00, discount 4.00 and tax 2.37, freight 5.00, fee 7.13, tax 0.41."""
    return CreditMemo(
        number="C-1",
        invoiced_on=date(2026, 11, 21),
        order_number="1",
        currency="USD",
        lines=(
            line("1", "15.00", allowances=(adjusted("discount", "4.00"),), charges=(adjusted("shipping", "3.00"),)),
            line("2", "22.75", taxes=(Tax(code="State", amount=Decimal("2.37")),)),
        ),
        charges=(adjusted("freight", "5.00"),),
        allowances=(adjusted("restocking", "7.13"),),
        taxes=(Tax(code="County", amount=Decimal("0.41")),),
        total=Decimal("75.15"),
    )


async def test_walmart_gives_back_the_total_of_a_memo_with_fee_discount_and_freight(wire: HttpWire) -> None:
    office = walmart.WalmartMarketplace(client_secret="canary-walmart")
    rows = [{"lineNumber": number} for number in ("1", "2")]
    office.add_order({"purchaseOrderId": "1", "orderDate": 1795176000000, "orderLines": {"orderLine": rows}})
    async with serving(office):
        caller = Caller(connected("walmart", office), wire, SteppingClock())
        await ConnectionCourier(caller).deliver(parcel_of(memo(), "walmart/refund"))
    charges = [
        [row["charge"]["chargeAmount"]["amount"] for row in made["refundCharges"]["refundCharge"]]
        for _, made in office.refunded
    ]
    assert charges == [[-25.37, -3.0], [-44.41]]
    assert LEDGERS["walmart"]["refunded"](office) == memo().total


async def test_amazon_gives_back_the_total_of_a_memo_with_fee_discount_and_freight(wire: HttpWire) -> None:
    office = amazon.AmazonSeller(client_secret="canary-lwa", refresh_token="canary-refresh")
    async with serving(office):
        own = {"token_url": office.base_url + "/auth/o2/token", "seller": "A1"}
        caller = Caller(connected("amazon", office, **own), wire, SteppingClock())
        await ConnectionCourier(caller).deliver(parcel_of(memo(), "amazon/refund"))
    assert office.refunded == {"C-1-1,C-1-2": memo().total}
