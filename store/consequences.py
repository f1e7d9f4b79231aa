"""What a decision causes outside its order: documents to send, names by which the order is then known, postings."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from canonical import FulfilmentOrder, JournalEntry
from router.decision import Outgoing
from router.order import ZERO
from store.documents import outgoing_row, written
from store.exceptions import About, open_exception
from store.lane_queue import fulfilment_scope, give_name
from store.tables import document, journal_entry
from store.writing import Writing


def queue_documents(writing: Writing, sent: int) -> int:
    """Queue what the decision sends behind the `sent` documents before; how many there are then."""
    return queue(writing, writing.made.send, sent)


def queue(writing: Writing, outgoing_documents: Sequence[Outgoing], sent: int) -> int:
    """Queue documents of the order behind the `sent` before; how many there are then."""
    transaction = writing.transaction
    rows = []
    for seq, outgoing in enumerate(outgoing_documents, start=sent + 1):
        rows.append(
            outgoing_row(outgoing)
            | {
                "id": transaction.new_id(),
                "status": "queued",
                "at": transaction.now,
                "due": transaction.now,
                "order_id": writing.lane.key,
                "seq": seq,
                "source_document": writing.entry.document_id,
            }
        )
        if isinstance(outgoing.document, FulfilmentOrder):
            give_name(transaction, fulfilment_scope(outgoing.to), outgoing.document.number, writing.lane.key)
    transaction.insert(document, *rows)
    if rows:
        transaction.announce()
    return sent + len(rows)


def post(writing: Writing) -> None:
    """Post each entry once. A test posts nothing."""
    for entry in writing.made.postings if writing.counts else ():
        row = _posting(writing, entry)
        if not writing.transaction.insert_if_absent(journal_entry, row):
            _posted_before(writing, entry, row["content"])


def _posting(writing: Writing, entry: JournalEntry) -> dict[str, Any]:
    return {
        "key": entry.key,
        "order_id": writing.lane.key,
        "event": entry.event,
        "currency": entry.currency,
        "debit": sum((line.debit for line in entry.lines), ZERO),
        "credit": sum((line.credit for line in entry.lines), ZERO),
        "posted_at": writing.transaction.now,
        "content": written(entry),
    }


def _posted_before(writing: Writing, entry: JournalEntry, content: str) -> None:
    """The same entry again is nothing new; another one under its key must be seen."""
    posted = select(journal_entry.c.content).where(journal_entry.c.key == entry.key)
    if writing.transaction.execute(posted).scalar_one() != content:
        reason = f"{entry.key} was posted before with other lines"
        about = About(writing.lane.key, writing.entry.document_id, owner="finance")
        open_exception(writing.transaction, "posting-conflict", reason, about)
