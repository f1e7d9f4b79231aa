"""A node's system that does not take a fulfilment order: its stock is free again, and another node ships."""

from typing import Any

import pytest

from tests.following.conftest import Opener, acknowledgment, interchange
from tests.following.test_order_answers import MUGS, order

TAKES_824 = {"partners/cedar-wms.yaml": [("  944: x12/944", "  944: x12/944\n  824: x12/824")]}


def by_997(asked: dict[str, Any]) -> bytes:
    return acknowledgment("CEDARWMS", 901, asked, "AK3*W01*7**8", "AK4*2**7*XX")


def by_824(asked: dict[str, Any], verdict: str = "TR", number: str = "") -> bytes:
    said = asked["control"]
    number = number or asked["identity"].partition("/")[0]
    named = f"OTI*{verdict}*DO*{number}*****{said['group']}*{said['set']}*940"
    return interchange("CEDARWMS", 902, "AG", ["824", "BGN*11*ADV1*20261120*1430", named, "TED*024*No such item"])


async def reserved(served: Any) -> dict[str, int]:
    return {row.node: int(row.reserved) for row in await served.hub.stock.availability("CS-1001")}


@pytest.mark.parametrize("refusal", [by_997, by_824])
async def test_what_a_node_refuses_is_sourced_again_without_it(opened: Opener, refusal: Any) -> None:
    async with opened(TAKES_824) as served:
        await served.send("northwind", order("NW-1", f"PO1*1*24*EA*18.95**{MUGS}"))
        [asked] = await served.sent("FulfilmentOrder", "cedar-wms")
        assert await reserved(served) == {"dc-columbus": 24, "dc-reno": 0, "store-austin": 0}
        await served.send("cedar-wms", refusal(asked))
        assert await reserved(served) == {"dc-columbus": 0, "dc-reno": 24, "store-austin": 0}
        [again] = await served.sent("FulfilmentOrder", "swiftline")
        assert again["order"] == asked["order"]
        assert len(await served.sent("FulfilmentOrder", "cedar-wms")) == 1
        assert len(await served.sent("OrderAcknowledgment", "northwind")) == 2, "its days may be others now"
        assert [row["document"] for row in await served.exceptions("document-refused")] == [asked["id"]]
        assert await served.sound() == []


async def test_the_same_refusal_twice_has_one_effect(opened: Opener) -> None:
    async with opened(TAKES_824) as served:
        await served.send("northwind", order("NW-1", f"PO1*1*24*EA*18.95**{MUGS}"))
        [asked] = await served.sent("FulfilmentOrder", "cedar-wms")
        await served.send("cedar-wms", by_824(asked))
        await served.send("cedar-wms", by_997(asked))
        assert await reserved(served) == {"dc-columbus": 0, "dc-reno": 24, "store-austin": 0}
        assert len(await served.sent("FulfilmentOrder", "swiftline")) == 1
        assert await served.sound() == []


async def test_an_824_that_accepts_or_names_another_document_moves_nothing(opened: Opener) -> None:
    async with opened(TAKES_824) as served:
        await served.send("northwind", order("NW-1", f"PO1*1*24*EA*18.95**{MUGS}"))
        [asked] = await served.sent("FulfilmentOrder", "cedar-wms")
        await served.send("cedar-wms", by_824(asked, "TA"))
        await served.send("cedar-wms", by_824(asked, number="F-OF-NOBODY").replace(b"000000902", b"000000903"))
        assert await reserved(served) == {"dc-columbus": 24, "dc-reno": 0, "store-austin": 0}
        assert [row["code"] for row in await served.exceptions()] == ["acknowledgment-unmatched"]


async def test_where_no_other_node_has_it_the_order_waits(opened: Opener) -> None:
    async with opened(TAKES_824) as served:
        for node in ("dc-reno", "store-austin"):
            await served("POST", "/v1/inventory", json={"sku": "CS-1001", "node": node, "on_hand": "0"})
        await served.send("northwind", order("NW-1", f"PO1*1*24*EA*18.95**{MUGS}"))
        [asked] = await served.sent("FulfilmentOrder", "cedar-wms")
        await served.send("cedar-wms", by_824(asked))
        found = await served.hub.archive.order(asked["order"])
        assert found["lines"][0]["ledger"]["backordered"] == "24"
        assert await served.sound() == []
