"""What a decision causes outside its order: documents to send, names by which the order is then known, postings."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select

from canonical import FulfilmentOrder, Invoice, JournalEntry, Question
from router.consignment import Consignment
from router.decision import Outgoing
from router.order import Order
from router.order_line import ZERO
from store.documents import outgoing_row
from store.exceptions import About, open_exception
from store.lane_queue import Name, fulfilment_scope
from store.questions import question_scope
from store.remittances import invoice_scope
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
        document_id = transaction.new_id()
        transaction.recent.documents.keep(document_id, outgoing.document, outgoing.text)
        rows.append(
            outgoing_row(outgoing)
            | {
                "id": document_id,
                "status": "queued",
                "at": transaction.now,
                "due": transaction.now,
                "order_id": writing.lane.key,
                "seq": seq,
                "source_document": writing.entry.document_id,
            }
        )
    transaction.insert(document, *rows)
    if rows:
        transaction.announce("render")
    return sent + len(rows)


def names_given(writing: Writing) -> Iterator[Name]:
    """The numbers of its fulfilment orders, invoices, returns and questions, by which others speak of it."""
    known = {one.number for one in writing.lane.order.returns} if writing.lane.order else set()
    for returned in writing.made.order.returns if writing.made.order else ():
        if returned.number not in known:
            yield Name(fulfilment_scope(returned.receiver), returned.number, writing.lane.key)
    yield from _tracking_numbers(writing)
    for outgoing in writing.made.send:
        if isinstance(outgoing.document, FulfilmentOrder):
            yield Name(fulfilment_scope(outgoing.to), outgoing.document.number, writing.lane.key)
        elif isinstance(outgoing.document, Invoice) and _is_buyer(writing, outgoing.to):
            yield Name(invoice_scope(outgoing.to), outgoing.document.number, writing.lane.key)
        elif isinstance(outgoing.document, Question):
            yield Name(question_scope(outgoing.to), outgoing.document.number, writing.lane.key)


def _is_buyer(writing: Writing, to: str) -> bool:
    return writing.made.order is not None and writing.made.order.channel == to


def _tracking_numbers(writing: Writing) -> Iterator[Name]:
    """The tracking numbers it has been given, by which the carrier will speak of it."""
    before = {number for one in _consignments(writing.lane.order) for number in one.tracking_numbers}
    for one in _consignments(writing.made.order):
        for number in one.tracking_numbers:
            if number not in before:
                yield Name(fulfilment_scope(one.carrier), number, writing.lane.key)


def _consignments(order: Order | None) -> Sequence[Consignment]:
    return order.consignments if order else ()


_WORTH = ("total", "amount", "cost", "difference")
"""The amounts that say what an event was worth, as posting rules name them."""


def post(writing: Writing) -> None:
    """Post each entry once. A test posts nothing."""
    if not writing.counts:
        return
    for entry, text in zip(writing.made.postings, writing.made.texts.postings, strict=True):
        row = _posting(writing, entry, text)
        if not writing.transaction.insert_if_absent(journal_entry, row):
            _posted_before(writing, entry, row["content"])


def _posting(writing: Writing, entry: JournalEntry, text: str) -> dict[str, Any]:
    return {
        "key": entry.key,
        "order_id": writing.lane.key,
        "event": entry.event,
        "currency": entry.currency,
        "debit": sum((line.debit for line in entry.lines), ZERO),
        "credit": sum((line.credit for line in entry.lines), ZERO),
        "worth": next((entry.amounts[name] for name in _WORTH if name in entry.amounts), ZERO),
        "posted_at": writing.transaction.now,
        "content": text,
    }


def _posted_before(writing: Writing, entry: JournalEntry, content: str) -> None:
    """The same entry again is nothing new; another one under its key must be seen."""
    posted = select(journal_entry.c.content).where(journal_entry.c.key == entry.key)
    if writing.transaction.execute(posted).scalar_one() != content:
        reason = f"{entry.key} was posted before with other lines"
        about = About(writing.lane.key, writing.entry.document_id, owner="finance")
        open_exception(writing.transaction, "posting-conflict", reason, about)
