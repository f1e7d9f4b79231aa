"""What is sent waits for its answer, what is owed is watched, and what was refused shows the segment at fault."""

import asyncio

import pytest

from tests.following.conftest import PO, Opener, acknowledgment, interchange

NORTHWIND = "partners/northwind.yaml"
CEDAR = "partners/cedar-wms.yaml"
_SOON = ("expected: {Acknowledgment: PT24H}", "expected: {Acknowledgment: PT0.05S}")


async def overdue(served) -> list[str]:
    """Let the deadlines pass, and look."""
    await asyncio.sleep(0.1)
    await served.hub.look()
    return sorted(row["code"] for row in await served.exceptions())


async def test_a_997_in_time_closes_the_wait_and_the_timeline_says_so(opened: Opener) -> None:
    async with opened() as served:
        await served.send("northwind", PO)
        [answer, *_] = await served.sent("OrderAcknowledgment", "northwind")
        await served.send("northwind", acknowledgment("NORTHWIND", 901, answer))
        order = await served.hub.archive.order(answer["order"])
        [wait] = [row for row in order["awaited"] if (row["document"], row["kind"]) == (answer["id"], "Acknowledgment")]
        assert wait["status"] == "met"
        assert "acknowledged" in {row["kind"] for row in order["timeline"]}
        assert await served.sound() == []


async def test_997s_that_come_at_once_are_all_done_with(opened: Opener) -> None:
    async with opened() as served:
        await served.send("northwind", PO)
        answers = await served.sent("OrderAcknowledgment", "northwind")
        told = [acknowledgment("NORTHWIND", 901 + number, answer) for number, answer in enumerate(answers)]
        await asyncio.gather(*(served.send("northwind", content) for content in told))
        assert {row["status"] for row in await served.sent("OrderAcknowledgment", "northwind")} == {"acknowledged"}
        assert await served.sound() == []


async def test_an_overdue_997_is_an_exception_that_the_late_997_closes(opened: Opener) -> None:
    async with opened({NORTHWIND: [_SOON]}) as served:
        await served.send("northwind", PO)
        assert await overdue(served) == ["acknowledgment-overdue"] * 2
        [answer, _] = await served.sent("OrderAcknowledgment", "northwind")
        [told] = [row for row in await served.exceptions() if row["document"] == answer["id"]]
        assert told["facts"]["severity"] == "warning"
        assert "overdue" in {row["kind"] for row in (await served.hub.archive.order(answer["order"]))["timeline"]}
        await served.send("northwind", acknowledgment("NORTHWIND", 901, answer))
        assert answer["id"] not in {row["document"] for row in await served.exceptions()}
        story = await served.hub.archive.order(answer["order"])
        assert "acknowledged_late" in {row["kind"] for row in story["timeline"]}
        assert await served.sound() == []


async def test_what_is_overdue_is_reported_once(opened: Opener) -> None:
    async with opened({NORTHWIND: [_SOON]}) as served:
        await served.send("northwind", PO)
        assert await overdue(served) == await overdue(served)


async def test_a_refused_document_shows_the_segment_that_was_sent(opened: Opener) -> None:
    async with opened() as served:
        await served.send("northwind", PO)
        [answer, *_] = await served.sent("OrderAcknowledgment", "northwind")
        content = (await served.hub.archive.raw(answer["id"])).content.decode()
        begin = content[content.index("ST*855") :].replace("\n", "").split("~")
        position = next(at for at, segment in enumerate(begin, start=1) if segment.startswith("PO1"))
        faults = [f"AK3*PO1*{position}**8", f"AK4*3*355*7*{begin[position - 1].split('*')[3]}"]
        await served.send("northwind", acknowledgment("NORTHWIND", 901, answer, *faults))
        [refused] = await served.exceptions("document-refused")
        [fault] = refused["facts"]["faults"]
        assert fault["sent"] == begin[position - 1]
        assert (fault["segment"], fault["element"], fault["codes"]) == (position, 3, {"AK403": "7"})
        assert begin[position - 1] in refused["reason"]
        assert (await served.hub.archive.document(answer["id"]))["status"] == "refused"
        assert await served.sound() == []


async def test_a_fault_in_a_segment_that_we_did_not_send_there_shows_none(opened: Opener) -> None:
    async with opened() as served:
        await served.send("northwind", PO)
        [answer, *_] = await served.sent("OrderAcknowledgment", "northwind")
        await served.send("northwind", acknowledgment("NORTHWIND", 901, answer, "AK3*ZZZ*99**1"))
        [refused] = await served.exceptions("document-refused")
        assert "sent" not in refused["facts"]["faults"][0]


async def test_a_ta1_that_was_asked_for_is_awaited_and_matched_by_its_interchange(opened: Opener) -> None:
    asks = ("  envelope: strict", "  envelope: strict\n  request_acknowledgment: true")
    async with opened({NORTHWIND: [asks]}) as served:
        await served.send("northwind", PO)
        [answer, *_] = await served.sent("OrderAcknowledgment", "northwind")
        note = f"TA1*{answer['control']['interchange']}*261120*0615*A*000"
        await served.send("northwind", interchange("NORTHWIND", 902, "", notes=[note]))
        waits = (await served.hub.archive.order(answer["order"]))["awaited"]
        assert {row["kind"]: row["status"] for row in waits if row["document"] == answer["id"]} == {
            "receipt": "met", "Acknowledgment": "open", "TA1": "met",
        }  # fmt: skip
        assert await served.exceptions() == []


async def test_a_refused_interchange_refuses_what_was_in_it(opened: Opener) -> None:
    async with opened() as served:
        await served.send("northwind", PO)
        [answer, *_] = await served.sent("OrderAcknowledgment", "northwind")
        note = f"TA1*{answer['control']['interchange']}*261120*0615*R*006"
        await served.send("northwind", interchange("NORTHWIND", 902, "", notes=[note]))
        [refused] = await served.exceptions("document-refused")
        assert refused["document"] == answer["id"]
        assert "TA1 006" in refused["reason"]


async def test_a_shipment_that_a_warehouse_owes_is_awaited_from_the_order_it_was_sent(opened: Opener) -> None:
    expected = ("Acknowledgment: PT1H, ShipmentAdvice: PT48H", "ShipmentAdvice: PT0.05S")
    async with opened({CEDAR: [expected]}) as served:
        await served.send("northwind", PO)
        sent = await served.sent("FulfilmentOrder", "cedar-wms")
        assert await overdue(served) == ["document-overdue"] * len(sent)
        assert "owes us the ShipmentAdvice" in (await served.exceptions())[0]["reason"]


async def test_an_answer_that_we_owe_and_cannot_deliver_becomes_a_warning(opened: Opener) -> None:
    owed = ("OrderAcknowledgment: PT24H, ShipmentNotice", "OrderAcknowledgment: PT0.05S, ShipmentNotice")
    async with opened({NORTHWIND: [owed]}) as served:
        outbound = served.data / "partners" / "northwind" / "outbound"
        outbound.parent.mkdir(parents=True)
        outbound.write_text("a file where a directory should be")
        await served.send("northwind", PO)
        assert await overdue(served) == ["answer-overdue"] * 2
        told = (await served.exceptions())[0]
        assert "we owe northwind the OrderAcknowledgment" in told["reason"]
        assert told["order"]


async def test_an_answer_that_we_gave_in_time_is_owed_no_more(opened: Opener) -> None:
    owed = ("OrderAcknowledgment: PT24H, ShipmentNotice", "OrderAcknowledgment: PT0.05S, ShipmentNotice")
    async with opened({NORTHWIND: [owed]}) as served:
        await served.send("northwind", PO)
        assert await overdue(served) == []


async def test_a_repeated_order_owes_no_second_answer(opened: Opener) -> None:
    owed = (
        "Acknowledgment: PT15M, OrderAcknowledgment: PT24H",
        "Acknowledgment: PT0.05S, OrderAcknowledgment: PT0.05S",
    )
    async with opened({NORTHWIND: [owed]}) as served:
        await served.send("northwind", PO)
        await served.send("northwind", PO.replace(b"000000101", b"000000102"))
        assert await overdue(served) == []


@pytest.mark.parametrize("form", ["997", "999"])
async def test_every_group_of_a_file_keeps_its_own_acknowledgment(opened: Opener, form: str) -> None:
    po = [segment for segment in PO.decode().replace("\n", "").split("~") if segment]
    body = po[po.index(next(s for s in po if s.startswith("ST"))) :][
        : int(next(s for s in po if s.startswith("SE")).split("*")[1])
    ]
    group = ["GS*PO*NORTHWIND*CEDARSLATE*20261120*0615*{n}*X*004010", *body, "GE*1*{n}"]
    isa = po[0].replace("*0*P*", "*1*P*")
    lines = [isa, *[line.format(n=7) for line in group], *[line.format(n=8) for line in group]]
    lines.append(f"IEA*2*{isa.split('*')[13]}")
    changes = {NORTHWIND: [('functional: "997"', f'functional: "{form}"')]}
    async with opened(changes) as served:
        await served.send("northwind", "".join(f"{line}~" for line in lines).encode())
        answers = await served.sent("Acknowledgment", "northwind")
        assert sorted(row["identity"] for row in answers) == [
            "group/PO/7", "group/PO/8", f"interchange//{isa.split('*')[13]}"
        ]  # fmt: skip
        assert {row["status"] for row in answers} == {"delivered"}
        assert len({row["delivery"]["key"] for row in answers}) == 1
        bodies = {(await served.hub.archive.raw(row["id"])).content for row in answers}
        assert len(bodies) == 1
        assert await served.sound() == []
