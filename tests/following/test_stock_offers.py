"""Channels are told what they may sell: what changed, folded, less what is kept back, and never out of turn."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from router.decision import StockRow
from router.routing import StockTerms
from router.stock_offer import offers
from tests.following.conftest import Opener, interchange

NORTHWIND, ROUTING = "partners/northwind.yaml", "routing.yaml"
TAKES = {NORTHWIND: [("takes:\n", "takes:\n  InventoryReport: {set: 846, map: x12/846}\n")]}
BUFFERED = TAKES | {
    ROUTING: [("    code: NW\n", "    code: NW\n    stock: {buffer: 10, nodes: [dc-reno, dc-columbus]}\n")]
}


async def told(served: Any) -> list[dict[str, str]]:
    """What each report so far said: units by SKU."""
    await served.hub.publish_stock()
    await served.hub.drain()
    reports = await served.sent("InventoryReport", "northwind")
    return [
        {line["items"]["sku"]: line["quantities"]["available"]["value"] for line in report["document"]["lines"]}
        for report in reports
    ]


async def level(served: Any, sku: str, on_hand: int) -> None:
    await served("POST", "/v1/inventory", json={"sku": sku, "node": "dc-reno", "on_hand": str(on_hand)})


async def test_a_channel_is_told_everything_once_and_then_what_changed(opened: Opener) -> None:
    async with opened(BUFFERED) as served:
        [first] = await told(served)
        assert len(first) == 12
        assert first["CS-1005"] == "16"  # 12 at Reno and 14 at Columbus beyond safety, 10 kept back
        assert first["CS-1011"] == "9"
        assert len(await told(served)) == 1
        for on_hand in (100, 101, 102):
            await level(served, "CS-1005", on_hand)
        await level(served, "CS-1011", 13)
        _, second = await told(served)
        assert second == {"CS-1005": "104", "CS-1011": "10"}
        [row, _] = await served.sent("InventoryReport", "northwind")
        content = (await served.hub.archive.raw(row["id"])).content.decode()
        assert "ST*846*" in content
        assert "QTY*33*" in content
        assert await served.sound() == []


async def test_an_order_lowers_what_its_channel_may_sell(opened: Opener) -> None:
    async with opened(BUFFERED) as served:
        [before] = await told(served)
        lines = ("N1*ST*Northwind 42*92*0042", "N4*Evanston*IL*60201*US", "PO1*1*5*EA*139**VN*CS-1007", "CTT*1")
        await served.send("northwind", interchange("NORTHWIND", 501, "PO", ["850", "BEG*00*SA*NW-1**20261120", *lines]))
        _, after = await told(served)
        assert after.keys() == {"CS-1007"}
        assert Decimal(before["CS-1007"]) - Decimal(after["CS-1007"]) == min(Decimal(before["CS-1007"]), 5)


async def test_what_is_discontinued_may_not_be_sold_any_more(opened: Opener) -> None:
    async with opened(BUFFERED) as served:
        await told(served)
        gone = {"sku": "CS-1005", "discontinued": True, "as_of": "2026-11-01"}
        await served("POST", "/v1/items", json=gone, headers={"Idempotency-Key": "gone"})
        await served.hub.drain()
        assert (await told(served))[1:] == [{"CS-1005": "0"}]


async def test_while_a_report_is_under_way_changes_wait_for_the_next(opened: Opener) -> None:
    async with opened(BUFFERED) as served:
        assert await served.hub.publish_stock() > 0
        await level(served, "CS-1005", 500)
        assert await served.hub.publish_stock() == 0
        await served.hub.drain()
        _, second = await told(served)
        assert second.keys() == {"CS-1005"}


async def test_nobody_is_told_who_does_not_take_reports(opened: Opener) -> None:
    async with opened() as served:
        await served.hub.publish_stock()
        await served.hub.drain()
        assert await served.sent("InventoryReport", "northwind") == []


_UNITS = st.decimals(0, 10_000, places=2)


@given(
    st.lists(st.tuples(_UNITS, _UNITS, _UNITS), max_size=6), st.decimals(0, 50, places=1), st.decimals(0, 100, places=1)
)
def test_an_offer_is_whole_and_never_more_than_can_be_promised(
    levels: list[tuple[Decimal, Decimal, Decimal]], buffer: Decimal, percent: Decimal
) -> None:
    rows = [StockRow("A", f"N{at}", on_hand, reserved, safety) for at, (on_hand, reserved, safety) in enumerate(levels)]
    offered = offers(rows, StockTerms(buffer=buffer, buffer_percent=percent)).get("A", Decimal(0))
    assert 0 <= offered <= max(sum(row.available for row in rows), Decimal(0))
    assert offered == int(offered)
