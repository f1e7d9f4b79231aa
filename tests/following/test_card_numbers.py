"""A card number that somebody sends is nowhere in the store afterwards, and everybody is told."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.card_number import hidden_text, holds_card
from canonical.exchange import Arrival
from tests.following.conftest import Opener

CARD = "4111 1111 1111 1111"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("4111111111111111", "411111******1111"),
        ("card 5500-0000-0000-0004, thanks", "card 5500-00**-****-0004, thanks"),
        ("378282246310005", "378282*****0005"),
        ("30569309025904", "305693****5904"),
        ("4111111111111112", "4111111111111112"),
        ("94111111111111111", "94111111111111111"),
        ("00012345678905", "00012345678905"),
    ],
)
def test_only_what_passes_as_a_card_is_hidden(text: str, shown: str) -> None:
    assert hidden_text(text) == shown
    assert holds_card(text.encode()) == (shown != text)


@given(st.text(alphabet="0123456789 -x", max_size=60))
def test_what_was_hidden_is_found_no_more(text: str) -> None:
    assert not holds_card(hidden_text(text).encode())


def order(**more: Any) -> bytes:
    line = {"number": "1", "items": {"sku": "CS-1001"}, "quantity": {"value": "2"}}
    notes = [{"text": f"please use {CARD} until May"}]
    content = {"number": "C-1", "ordered_on": "2026-11-20", "currency": "USD", "lines": [line], "notes": notes}
    return json.dumps(content | more).encode()


async def test_a_card_number_is_hidden_and_its_bytes_are_not_kept(opened: Opener, tmp_path: Path) -> None:
    async with opened() as served:
        receipt = await served.hub.receive(Arrival("northwind", "api", order(), facts={"kind": "PurchaseOrder"}))
        await served.hub.drain()
        [row] = await served.hub.archive.received(receipt.id)
        [finding] = row["findings"]
        assert (finding["code"], finding["where"]) == ("card-number", {"pointer": "/notes/0/text"})
        told = await served.hub.archive.document(row["id"])
        assert told["document"]["notes"][0]["text"] == "please use 4111 11** **** 1111 until May"
        assert await served.sound() == []
    for file in (tmp_path / "data").rglob("*"):
        assert not file.is_file() or CARD.encode() not in file.read_bytes(), file
