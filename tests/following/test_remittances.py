"""One payment of many invoices, as an X12 820: each order gets its part, and what is odd about it is told."""

import json
from decimal import Decimal
from pathlib import Path

from canonical.exchange import Arrival
from tests.following.conftest import Opener, Served, crossdock, interchange
from tests.following.test_returns_and_payments import ORDER, balance, post, ship

PAID = (
    "820",
    "BPR*I*192.5*C*ACH************20261201",
    "TRN*1*CHK77",
    "N1*PR*Northwind",
    "ENT*1",
    "RMR*IV*NW-R-1-I1**92.5*92.5",
    "RMR*IV*NW-R-2-I1**80*92.5*1.85",
    "ADX*-2.65*06",
    "RMR*IV*NW-R-9-I1**25",
    "ENT*2",
    "ADX*-5*56",
)
"""Of two invoices of 92.50 one is paid whole; of the other 1.85 are the terms' discount, 2.65 are disputed, and 8.00
are still owed. One is nobody's, and five are kept for advertising."""


async def two_orders(served: Served) -> None:
    for number in ("R-1", "R-2"):
        await post(served, "/v1/orders", "northwind", ORDER | {"number": number})
    await ship(served)


def cash(books: dict[str, Decimal]) -> dict[str, Decimal]:
    return {account: books[account] for account in ("1010", "1100", "1110", "4050") if account in books}


async def test_each_order_gets_its_part_of_a_payment_and_what_differs_is_told(opened: Opener, tmp_path: Path) -> None:
    async with opened() as served:
        await two_orders(served)
        await served.send("northwind", interchange("NORTHWIND", 77, "RA", PAID))
        assert cash(await balance(served)) == {
            "1010": Decimal("167.50"),       # the unknown 25.00 are not booked
            "1100": Decimal("8.00"),
            "1110": Decimal("7.65"),
            "4050": Decimal("1.85"),
        }  # fmt: skip
        told = {row["code"]: row["facts"] for row in await served.exceptions() if row["owner"] == "finance"}
        assert told["remittance-unmatched"]["unknown"] == {"NW-R-9-I1": "25"}
        assert told["invoice-short-paid"] == {"order": "northwind/R-2", "invoice": "NW-R-2-I1", "left": "8.00"}
        codes = sorted(row["code"] for row in await served.exceptions() if row["owner"] == "finance")
        assert codes == ["deduction-claimed", "deduction-claimed", "invoice-short-paid", "remittance-unmatched"]

        rest = ("820", "BPR*I*8*C*ACH************20261203", "TRN*1*CHK78", "ENT*1", "RMR*IV*NW-R-2-I1**8")
        await served.send("northwind", interchange("NORTHWIND", 78, "RA", rest))
        await served.send("northwind", interchange("NORTHWIND", 79, "RA", rest))
        assert cash(await balance(served))["1010"] == Decimal("175.50")
        assert cash(await balance(served))["1100"] == 0
        assert await served.sound() == []
    done = await crossdock(tmp_path, "reconcile")
    assert "0 differences" in done.stdout, done.stdout


async def test_only_who_was_sent_an_invoice_pays_it(opened: Opener) -> None:
    paid = {
        "number": "CHK1", "paid_on": "2026-12-01", "currency": "USD", "total": "92.5",
        "lines": [{"number": "NW-R-1-I1", "paid": "92.5"}],
    }  # fmt: skip
    async with opened() as served:
        await two_orders(served)
        told = Arrival("harbor-grocers", "api", json.dumps(paid).encode(), facts={"kind": "Remittance"})
        await served.hub.receive(told)
        await served.hub.drain()
        assert len(await served.exceptions("remittance-unmatched")) == 1
        assert "1010" not in await balance(served)
