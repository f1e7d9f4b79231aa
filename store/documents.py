"""Rows of the document table: every canonical document that came in or goes out, and what became of it."""

from collections.abc import Iterable, Mapping
from typing import Any

from canonical import Document, Finding, document_of
from canonical.exchange import Incoming
from router.decision import Outgoing
from store.database import Transaction
from store.digest import content_digest
from store.tables import document


def incoming_row(incoming: Incoming) -> dict[str, Any]:
    """The columns that say what a document is and where in its transmission it stood."""
    content = incoming.document
    text = written(content) if content else None
    return {
        "direction": "in",
        "kind": incoming.kind,
        "identity": content.identity if content else "",
        "usage": content.usage if content else "production",
        "content": text,
        "digest": content_digest(text) if text else None,
        "place": dict(incoming.place),
        "findings": findings_json(incoming.findings),
    }


def outgoing_row(outgoing: Outgoing) -> dict[str, Any]:
    """The columns that say what goes out and why each value is in it; id, status and instant are the caller's."""
    return {
        "direction": "out",
        "partner": outgoing.to,
        "kind": outgoing.document.kind,
        "identity": outgoing.document.identity,
        "usage": outgoing.document.usage,
        "content": outgoing.text,
        "reasons": outgoing.reasons_text,
    }


def written(content: Document) -> str:
    """A document as it is kept: JSON, absent values left out."""
    return content.model_dump_json(exclude_none=True)


def read_back(row: Any) -> Document:
    """The document of a row that has `kind` and `content`."""
    return document_of(row.kind, row.content)


def lately(transaction: Transaction, document_id: str, row: Any, *, last: bool = True) -> Document:
    """The same, from memory where it was written a moment ago; the `last` to want it lets it be forgotten."""
    recent = transaction.recent.documents
    return (recent.take if last else recent.look)(document_id, row.content) or read_back(row)


def findings_json(findings: Iterable[Finding]) -> list[Mapping[str, Any]]:
    """Findings as outsiders read them."""
    return [finding.as_json() for finding in findings]


def mark(transaction: Transaction, document_id: str, **columns: Any) -> None:
    """Change some columns of one document."""
    transaction.set(document, {"id": document_id}, **columns)
