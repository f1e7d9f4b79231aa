"""Trees for the maps: sets as text go through the real reader and back through the real writer."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.syntax.x12.events import TransactionSet
from connectors.syntax.x12.node import Node
from connectors.syntax.x12.reader import read
from connectors.syntax.x12.writer import ControlNumbers, OutgoingGroup, OutgoingInterchange, OutgoingSet, render
from mappings.library import MapLibrary

FUNCTIONAL_IDS = {
    "850": "PO", "855": "PR", "856": "SH", "810": "IN", "860": "PC", "865": "CA", "846": "IB", "820": "RA", "997": "FA",
    "824": "AG", "944": "RE", "180": "AN", "812": "CD", "875": "OG", "880": "GP", "214": "QM", "940": "OW", "945": "SW",
    "832": "SC",
}  # fmt: skip

X12Tree = Callable[[str], Node]


@pytest.fixture(scope="session")
def library() -> MapLibrary:
    """The built-in maps."""
    return MapLibrary()


def enveloped(text: str) -> bytes:
    """A whole interchange round one transaction set written with `*` and `~`; newlines between segments are free."""
    body = "".join(line.strip() for line in text.splitlines())
    return (
        "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260915*1200*U*00401*000000001*0*P*>~"
        f"GS*{FUNCTIONAL_IDS[body[3:6]]}*SENDER*RECEIVER*20260915*1200*1*X*004010~{body}GE*1*1~IEA*1*000000001~"
    ).encode()


def read_set(text: str) -> Node:
    """The tree of one transaction set."""
    [found] = [event for event in read(enveloped(text)) if isinstance(event, TransactionSet)]
    return found.root


@pytest.fixture(scope="session")
def x12_tree() -> X12Tree:
    """`x12_tree(text)` -> the set's tree."""
    return read_set


@pytest.fixture(scope="session")
def x12_interchange() -> Callable[[str], bytes]:
    """`x12_interchange(text)` -> the bytes of a whole interchange round the set."""
    return enveloped


def written_set(set_id: str, root: Any) -> str:
    """A tree as the writer renders it, without the envelope."""
    group = OutgoingGroup(FUNCTIONAL_IDS[set_id], "US", "THEM", "004010", [OutgoingSet(set_id, root, component=">")])
    out = OutgoingInterchange(("ZZ", "US"), ("ZZ", "THEM"), [group])
    rendered = render(out, at=datetime(2026, 9, 15, 12, tzinfo=UTC), control=ControlNumbers(1, 1))
    assert not rendered.findings, rendered.findings
    text = rendered.content.decode()
    return text[text.index("ST*") : text.index("GE*")]


@pytest.fixture(scope="session")
def x12_text() -> Callable[[str, Any], str]:
    """`x12_text("850", tree)` -> the set as text, `~` after each segment."""
    return written_set
