"""850 bytes in, 855 bytes out: each outcome of an order's line in the code that its buyer's system reads."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.following.conftest import Opener, interchange

TODAY = datetime.now(UTC).date()
SHIP_TO = ("N1*ST*Northwind Outfitters 0042*92*0042", "N3*880 Lake Street", "N4*Evanston*IL*60201*US")
ROUTING, HUB = "routing.yaml", "hub.yaml"
TERMS = "price_tolerance_percent: 5           # further below our price a line is held for the sales desk"


def terms(*lines: str) -> dict[str, list[tuple[str, str]]]:
    """Northwind's terms with some more."""
    return {ROUTING: [(TERMS, "\n    ".join((TERMS, *lines)))]}


def order(number: str, *lines: str, dates: tuple[str, ...] = (), control: int = 501) -> bytes:
    head = (f"BEG*00*SA*{number}**{TODAY:%Y%m%d}", "CUR*BY*USD", *dates, *SHIP_TO)
    return interchange("NORTHWIND", control, "PO", ["850", *head, *lines, f"CTT*{len(lines)}"])


async def answer(served: Any, content: bytes) -> list[str]:
    """The 855's verdict and lines, every date that is ours to choose as DATE."""
    await served.send("northwind", content)
    *_, sent = await served.sent("OrderAcknowledgment", "northwind")
    told = (await served.hub.archive.raw(sent["id"])).content.decode().replace("\n", "").split("~")
    kept = [segment for segment in told if segment.startswith(("PO1*", "ACK*"))]
    verdict = next(segment for segment in told if segment.startswith("BAK")).split("*")[2]
    return [verdict, *(re.sub(r"\*20\d{6}", "*DATE", segment) for segment in kept)]


MUGS = "VN*CS-1001*UP*850012010012*IN*NW-40117"
OURS = "VN*CS-1001*UP*850012010012*IN*NW-40117*UK*00850012010012"


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ("PO1*1*24*EA*18.95**VN*CS-1001", ["IA"]),
        ("PO1*1*2*CA*454.80**VN*CS-1001", ["IA"]),
        ("PO1*1*40*EA*24.75**VN*CS-1005", ["BP", "IB"]),
        ("PO1*1*2*EA*1**VN*NO-SUCH", ["R2"]),
        ("PO1*1*2*DZ*18.95**VN*CS-1001", ["R3"]),
        ("PO1*1*1.5*EA*18.95**VN*CS-1001", ["IR"]),
        ("PO1*1*24*EA*12**VN*CS-1001", ["IH"]),
    ],
)
async def test_each_outcome_has_its_line_code(opened: Opener, line: str, codes: list[str]) -> None:
    async with opened() as served:
        _, echoed, *outcomes = await answer(served, order("NW-1", line))
        assert echoed.startswith(line.partition("**")[0])
        assert [outcome.split("*")[1] for outcome in outcomes] == codes
        assert await served.sound() == []


async def test_a_whole_answer_byte_by_byte(opened: Opener) -> None:
    async with opened({ROUTING: [("price_below: hold", "price_below: correct")]}) as served:
        told = await answer(
            served,
            order(
                "NW-7",
                f"PO1*1*24*EA*18.95**{MUGS}",
                f"PO1*2*2*CA*400**{MUGS}",
                "PO1*3*4*EA*64**IN*NW-40977",
            ),
        )
    assert told == [
        "AC",
        f"PO1*1*24*EA*18.95**{OURS}",
        "ACK*IA*24*EA*068*DATE",
        f"PO1*2*2*CA*454.8**{OURS}",
        "ACK*IP*2*CA*068*DATE",
        "PO1*3*4*EA*64**IN*NW-40977",
        "ACK*R2*4*EA",
    ]


async def test_terms_without_backorders_answer_a_smaller_quantity_and_what_is_deleted(opened: Opener) -> None:
    async with opened(terms("backorders: false")) as served:
        line = "PO1*1*40*EA*24.75**VN*CS-1005"
        _, _, *outcomes = await answer(served, order("NW-2", line))
        verdict, _, *nothing = await answer(served, order("NW-3", line, control=502))
    assert [outcome.split("*")[1:4] for outcome in outcomes] == [["IQ", "26", "EA"], ["ID", "14", "EA"]]
    assert (verdict, [outcome.split("*")[1:4] for outcome in nothing]) == ("RD", [["R4", "40", "EA"]])


async def test_a_price_below_ours_is_refused_where_terms_say_so(opened: Opener) -> None:
    async with opened({ROUTING: [("price_below: hold", "price_below: refuse")]}) as served:
        verdict, _, *outcomes = await answer(served, order("NW-3", "PO1*1*24*EA*12**VN*CS-1001"))
    assert (verdict, [outcome.split("*")[1] for outcome in outcomes]) == ("RD", ["IR"])


async def test_a_substitute_is_answered_with_its_own_numbers(opened: Opener) -> None:
    changes = terms("substitutes: ship")
    changes[ROUTING].append(
        ("split_limit: 3           #", "substitutes: {CS-1008: [CS-1012]}\nsplit_limit: 3           #")
    )
    async with opened(changes) as served:
        _, echoed, outcome = await answer(served, order("NW-4", "PO1*1*50*EA*179**VN*CS-1008"))
        assert "VN*CS-1008" in echoed
        assert outcome.startswith("ACK*IS*50*EA*068*DATE*")
        assert outcome.endswith("**VN*CS-1012*UK*00850012010128*UP*850012010128")
        assert await served.sound() == []


async def test_an_order_below_the_minimum_or_after_its_cancel_date_is_rejected(opened: Opener) -> None:
    async with opened(terms("minimum_total: 100")) as served:
        small = await answer(served, order("NW-5", "PO1*1*2*EA*18.95**VN*CS-1001"))
        over = f"DTM*001*{TODAY - timedelta(days=3):%Y%m%d}"
        late = await answer(served, order("NW-6", "PO1*1*24*EA*18.95**VN*CS-1001", dates=(over,), control=502))
    for verdict, _, outcome in (small, late):
        assert (verdict, outcome.split("*")[1]) == ("RD", "IR")


async def test_goods_that_leave_too_late_are_rescheduled(opened: Opener) -> None:
    asked = f"DTM*010*{TODAY - timedelta(days=1):%Y%m%d}"
    async with opened() as served:
        _, _, outcome = await answer(served, order("NW-8", "PO1*1*24*EA*18.95**VN*CS-1001", dates=(asked,)))
    assert outcome.startswith("ACK*DR*24*EA*068*")


async def test_the_same_order_again_is_answered_once(opened: Opener) -> None:
    async with opened() as served:
        line = "PO1*1*24*EA*18.95**VN*CS-1001"
        await answer(served, order("NW-9", line))
        await answer(served, order("NW-9", line, control=502))
        assert len(await served.sent("OrderAcknowledgment", "northwind")) == 1
        await answer(served, order("NW-9", "PO1*1*25*EA*18.95**VN*CS-1001", control=503))
        assert [row["code"] for row in await served.exceptions()] == ["document-conflict"]


async def test_stock_that_comes_revises_the_answer(opened: Opener) -> None:
    async with opened() as served:
        line = "PO1*1*40*EA*24.75**VN*CS-1005"
        _, _, *first = await answer(served, order("NW-10", line))
        assert [outcome.split("*")[1:3] for outcome in first] == [["BP", "26"], ["IB", "14"]]
        await served("POST", "/v1/inventory", json={"sku": "CS-1005", "node": "dc-reno", "on_hand": "500"})
        await served.hub.drain()
        _, revised = await served.sent("OrderAcknowledgment", "northwind")
        assert revised["document"]["purpose"] == "change"
        assert [one["outcome"] for one in revised["document"]["lines"][0]["outcomes"]] == ["accepted"]
        assert await served.sound() == []
