"""An ERP's own books are read as its manifest says: page after page over HTTP, or from the rows of files."""

from decimal import Decimal
from typing import Any

import pytest

from canonical import Rejected
from connectors.case_run import ScriptedWire
from connectors.cases import Exchange
from connectors.connection import Connection
from connectors.engine.caller import Caller
from connectors.ledger import HeldLine, held_line, read_ledger
from connectors.manifest import Manifest
from connectors.manifest_reads import LedgerLine

LINE = {"key": "{item.ref}", "account": "{item.account.code}", "debit": "{item.debit?}", "credit": "{item.credit?}"}
HEAD: dict[str, Any] = {
    "connector": "books",
    "version": 1,
    "kind": "erp",
    "title": "Books",
    "docs": "https://a.example",
}
ERP = HEAD | {
    "base_url": "https://erp.example",
    "reads": {"ledger": {"operation": "lines", "items": "rows", "pages": {"kind": "offset", "size": 2}, "line": LINE}},
    "operations": {"lines": {"steps": [
        {"name": "list", "call": {"method": "GET", "path": "/lines", "query": {"from": "{page.offset}"}}},
    ]}},
}  # fmt: skip


def row(ref: str, account: str, **amounts: str) -> dict[str, Any]:
    return {"ref": ref, "account": {"code": account}, **amounts}


def page(offset: int, *rows: dict[str, Any]) -> Exchange:
    asked = {"method": "GET", "path": f"/lines?from={offset}"}
    return Exchange.model_validate({"expect": asked, "answer": {"body": {"rows": list(rows)}}})


async def test_lines_are_read_page_after_page(clock: Any) -> None:
    first = page(0, row("a", "1100", debit="10.00"), row("a", "4000", credit="10.00"))
    wire = ScriptedWire("https://erp.example", [first, page(2, row("b", "1100", debit="0E-8", credit="3"))])
    connection = Connection("books", "Books", Manifest.model_validate(ERP), {}, "https://erp.example")
    lines = [line async for line in read_ledger(Caller(connection, wire, clock))]
    assert wire.faults == []
    assert lines == [
        HeldLine("a", "1100", Decimal("10.00")), HeldLine("a", "4000", Decimal("-10.00")),
        HeldLine("b", "1100", Decimal(-3)),
    ]  # fmt: skip


def test_an_amount_that_is_none_is_refused() -> None:
    with pytest.raises(Rejected, match="'lots'"):
        held_line(LedgerLine.model_validate(LINE), row("a", "1100", debit="lots"))


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        ({"operation": "nothing", "items": "rows", "line": LINE}, "not among the operations"),
        ({"operation": "lines", "files": "*.csv", "line": LINE}, "where its operation puts them"),
        ({"operation": "lines", "line": LINE}, "from a list at `items`, or from `files`"),
    ],
)
def test_a_manifest_that_reads_from_nowhere_is_refused(reading: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Manifest.model_validate(ERP | {"reads": {"ledger": reading}})
