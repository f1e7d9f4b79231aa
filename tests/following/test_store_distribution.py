"""One order for several stores (X12 SDQ), through the public door: each store's quantity is exact on every document."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.following.conftest import Opener, Served, interchange

TODAY = f"{datetime.now(UTC):%Y%m%d}"
KNOWN = '      "0042":\n'
STORES = "".join(
    f'      "{number}":\n        name: Northwind Outfitters {number}\n        address: {{lines: [{street}], '
    f'city: Evanston, region: IL, postal_code: "60201", country: US}}\n'
    for number, street in (("0051", "51 Elm Street"), ("0052", "52 Oak Street"))
)
ASKED = {("0042", "1"): 4, ("0051", "1"): 6, ("0052", "1"): 2, ("0042", "2"): 3, ("0052", "2"): 5}
"""(store, line) -> each."""

ORDER = interchange(
    "NORTHWIND",
    501,
    "PO",
    [
        "850",
        f"BEG*00*SA*NW-SDQ**{TODAY}",
        "CUR*BY*USD",
        "N1*BY*Northwind Outfitters*92*0001",
        "PO1*1*12*EA*18.95**VN*CS-1001",
        "SDQ*EA*92*0042*4*0051*6*0052*2",
        "PO1*2*8*EA*42.5**VN*CS-1002",
        "SDQ*EA*92*0042*3*0052*5",
        "CTT*2*20",
    ],
)


async def test_each_stores_quantity_is_exact_on_the_855_the_940s_the_856s_and_the_810s(opened: Opener) -> None:
    async with opened({"partners/northwind.yaml": [(KNOWN, STORES + KNOWN)]}) as served:
        await served.send("northwind", ORDER)
        [answer] = await served.sent("OrderAcknowledgment", "northwind")
        assert stores_of(await segments(served, answer)) == ASKED
        released = [await segments(served, one) for one in await served.sent("FulfilmentOrder", "cedar-wms")]
        assert sum((asked_of(one) for one in released), Counter()) == ASKED
        for control, one in enumerate(released, 601):
            await served.send("cedar-wms", advice(control, one))
        notices = [await segments(served, one) for one in await served.sent("ShipmentNotice", "northwind")]
        assert sum((shipped_of(one) for one in notices), Counter()) == ASKED
        invoices = [await segments(served, one) for one in await served.sent("Invoice", "northwind")]
        assert sum((billed_of(one) for one in invoices), Counter()) == ASKED
        assert await served.exceptions() == []
        assert await served.sound() == []


def stores_of(found: Iterable[list[str]]) -> Counter[tuple[str, str]]:
    """(store, line) -> quantity, of the SDQ under each PO1."""
    line, told = "", Counter[tuple[str, str]]()
    for segment in found:
        if segment[0] == "PO1":
            line = segment[1]
        if segment[0] == "SDQ":
            for store, quantity in zip(segment[3::2], segment[4::2], strict=True):
                told[store, line] += int(quantity)
    return told


def ship_to(found: Iterable[list[str]]) -> str:
    return next(segment[4] for segment in found if segment[:2] == ["N1", "ST"])


def asked_of(found: Sequence[list[str]]) -> Counter[tuple[str, str]]:
    """(store, order line) -> quantity, of one 940."""
    quantities = [int(segment[1]) for segment in found if segment[0] == "W01"]
    lines = [segment[2] for segment in found if segment[:2] == ["N9", "LI"]]
    return Counter({(ship_to(found), line): each for line, each in zip(lines, quantities, strict=True)})


def shipped_of(found: Sequence[list[str]]) -> Counter[tuple[str, str]]:
    """(store, order line) -> quantity, of one 856 to one store."""
    told, line = Counter[tuple[str, str]](), ""
    for segment in found:
        if segment[0] == "LIN":
            line = segment[1]
        if segment[0] == "SN1":
            told[ship_to(found), line] += int(segment[2])
    return told


def billed_of(found: Sequence[list[str]]) -> Counter[tuple[str, str]]:
    """(store, order line) -> quantity, of one 810 to one store."""
    quantities = [int(segment[2]) for segment in found if segment[0] == "IT1"]
    lines = [segment[2] for segment in found if segment[:2] == ["REF", "LI"]]
    return Counter({(ship_to(found), line): each for line, each in zip(lines, quantities, strict=True)})


def advice(control: int, asked: Sequence[list[str]]) -> bytes:
    """The warehouse's 945: everything that a 940 asks for, shipped in one carton."""
    number, order = next(segment[2:4] for segment in asked if segment[0] == "W05")
    items = [segment for segment in asked if segment[0] == "W01"]
    lines = [segment[2] for segment in asked if segment[:2] == ["N9", "LI"]]
    told: list[str] = []
    for index, (item, line) in enumerate(zip(items, lines, strict=True), 1):
        told += [f"LX*{index}", f"W12*SH*{item[1]}*{item[1]}**EA**VN*{item[5]}", f"N9*LI*{line}"]
    total = sum(int(item[1]) for item in items)
    head = (f"W06*F*{number}*{TODAY}*S-{control}**{order}", f"N1*ST*Store*92*{ship_to(asked)}", "W27*M*FDEG*Ground")
    return interchange("CEDARWMS", control, "SW", ["945", *head, *told, f"W03*{total}"])


async def segments(served: Served, sent: Any) -> list[list[str]]:
    raw = (await served.hub.archive.raw(sent["id"])).content.decode().replace("\n", "")
    return [segment.split("*") for segment in raw.split("~") if segment]
