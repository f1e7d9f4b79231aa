"""832 bytes in, then an 850: it is priced by the catalogue, the 855 says so, and the explanation names the line."""

from tests.following.conftest import Opener, interchange
from tests.following.test_order_answers import TERMS, answer, order

ROUTING, NORTHWIND = "routing.yaml", "partners/northwind.yaml"
LISTING = {
    NORTHWIND: [("  850: x12/850\n", "  850: x12/850\n  832: x12/832\n")],
    ROUTING: [
        (f"{TERMS}\n    price_below: hold", "price_tolerance_percent: 0\n    price_below: correct"),
        ("channels:\n  alder", "master_data:\n  northwind: {prices_for: [northwind]}\nchannels:\n  alder"),
    ],
}


def catalogue(control: int, *lines: str, day: str | None = None, purpose: str = "05") -> bytes:
    """Of when it came, where it names no day."""
    dated = [f"DTM*097*{day}"] if day else []
    head = (f"BCT*PS*FALL-26********{purpose}", *dated, "CUR*SE*USD")
    count = sum(line.startswith("LIN") for line in lines)
    return interchange("NORTHWIND", control, "SC", ["832", *head, *lines, f"CTT*{count}"])


async def test_a_catalogue_prices_the_orders_after_it(opened: Opener) -> None:
    async with opened(LISTING) as served:
        mugs = ("LIN*7*VN*CS-1001", "CTP**NET*20.5*1*EA", "CTP**NET*19.25*48*EA", "CTP**RTL*29*1*EA")
        await served.send("northwind", catalogue(401, *mugs, "LIN*8*VN*NO-SUCH", "CTP**NET*1*1*EA", day="20261101"))
        [refused] = await served.exceptions("master-data-refused")
        assert refused["facts"]["findings"][0]["where"] == {"pointer": "/lines/1/items"}
        _, priced, outcome = await answer(served, order("NW-1", "PO1*1*24*EA*18.95**VN*CS-1001"))
        assert (priced.split("*")[4], outcome.split("*")[1]) == ("20.5", "IP")
        _, priced, outcome = await answer(served, order("NW-2", "PO1*1*2*CA*462**VN*CS-1001", control=502))
        assert (priced.split("*")[4], outcome.split("*")[1]) == ("462", "IA"), "two cases of 24 are 48"
        _, explained = await served("GET", "/v1/orders/northwind%2FNW-1/explanation")
        assert "20.5 USD, line 7 of price list FALL-26 of northwind" in str(explained)
        await served.send("northwind", catalogue(402, purpose="03"))
        _, priced, outcome = await answer(served, order("NW-3", "PO1*1*24*EA*18.95**VN*CS-1001", control=503))
        assert (priced.split("*")[4], outcome.split("*")[1]) == ("18.95", "IA")
        assert await served.sound() == []


async def test_a_discontinued_item_is_answered_as_deleted(opened: Opener) -> None:
    async with opened() as served:
        gone = {"sku": "CS-1001", "discontinued": True, "as_of": "2026-11-01"}
        status, _ = await served("POST", "/v1/items", json=gone, headers={"Idempotency-Key": "gone"})
        assert status == 202
        _, _, outcome = await answer(served, order("NW-1", "PO1*1*24*EA*18.95**VN*CS-1001"))
        assert outcome.split("*")[:2] == ["ACK", "ID"]


TAKES = {
    NORTHWIND: [("takes:\n", "takes:\n  PriceList: {set: 832, map: x12/832}\n")],
    "hub.yaml": [("poll: PT2S", "publish_prices: PT0S\npoll: PT2S")],
}


async def test_a_partner_is_told_its_prices_once_and_again_when_they_change(opened: Opener) -> None:
    async with opened(TAKES) as served:
        for expected in (1, 0):
            assert await served.hub.publish_prices() == expected
        await served.hub.drain()
        [first] = await served.sent("PriceList", "northwind")
        told = (await served.hub.archive.raw(first["id"])).content.decode().replace("\n", "")
        mugs = told[told.index("LIN*1*VN*CS-1001") : told.index("LIN*2")]
        assert "CTP**CON*18.95*1*EA******1~" in mugs
        assert "CTP**CON*436.80*240*EA******24~" in mugs
        gone = {"sku": "CS-1001", "discontinued": True, "as_of": "2026-11-01"}
        await served("POST", "/v1/items", json=gone, headers={"Idempotency-Key": "gone"})
        await served.hub.drain()
        assert await served.hub.publish_prices() == 1
        _, second = await served.sent("PriceList", "northwind")
        assert "CS-1001" not in str(second["document"]["lines"])
        assert await served.sound() == []
