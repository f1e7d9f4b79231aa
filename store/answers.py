"""Documents on their way out: control numbers, bytes and delivery rows, in the transaction that stores the bytes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain, count
from typing import Any

from sqlalchemy import bindparam, case, select, update
from sqlalchemy.dialects import postgresql, sqlite

from canonical import Document, has_errors
from canonical.exchange import Draft, Numbers, Rendered, Reply
from router.decision import Outgoing
from store.awaited import await_answers
from store.database import Transaction
from store.digest import sha256
from store.documents import findings_json, mark, outgoing_row
from store.exceptions import About, open_exception
from store.shapes import Shape
from store.tables import control_number, delivery, document

_LARGEST = 999_999_999
"""An X12 interchange control number has nine digits (ISA13)."""


def draw_numbers(transaction: Transaction, drafts: Sequence[Draft]) -> Sequence[Numbers]:
    """For each draft that can be written the next number of each of its counters, from 1 to 999999999 and round again.

    A counter is moved on once, by as many as they take of it.
    """
    counters = [() if has_errors(draft.findings) else draft.counters for draft in drafts]
    taken = Counter(chain.from_iterable(counters))
    upcoming = {counter: count(draw(transaction, counter, many) - many + 1) for counter, many in taken.items()}
    return [{counter: next(upcoming[counter]) for counter in one} for one in counters]


def draw(transaction: Transaction, counter: str, count: int = 1) -> int:
    """Move a counter on by `count` and return where it then stands."""
    [drawn] = transaction.ask(_DRAW, counter=counter, value=count)
    return int(drawn.value)


def _draw(dialect: str) -> Any:
    """Begin a counter, or move it on; behind the largest number it begins again."""
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(control_number)
    insert = insert.values(counter=bindparam("counter"), value=bindparam("value"))
    last, more = control_number.c.value, insert.excluded.value
    onward = case((last + more > _LARGEST, more), else_=last + more)
    return insert.on_conflict_do_update(index_elements=["counter"], set_={"value": onward}).returning(last)


_DRAW = Shape(_draw)


def finish(transaction: Transaction, document_id: str, to: str, draft: Draft) -> bool:
    """Render a draft and make it due for delivery. One with errors becomes an exception instead; whether it is due."""
    [numbers] = draw_numbers(transaction, [draft])
    columns = _written(transaction, document_id, draft, numbers)
    mark(transaction, document_id, **columns)
    return _make_due(transaction, document_id, to, columns)


def _written(transaction: Transaction, document_id: str, draft: Draft, numbers: Numbers) -> dict[str, Any]:
    """What is kept of a document once it is in its receiver's language, or cannot be."""
    done = {"status": "failed", "token": None, "due": None, "findings": findings_json(draft.findings)}
    if has_errors(draft.findings):
        _report_unwritable(transaction, document_id, draft)
        return done
    return done | _rendered_columns(draft.render(numbers, transaction.now)) | {"status": "ready"}


def _make_due(transaction: Transaction, document_id: str, to: str, columns: Mapping[str, Any]) -> bool:
    ready = bool(columns["status"] == "ready")
    if ready:
        transaction.insert(delivery, _delivery(transaction, document_id, to, "due"))
        transaction.announce("deliver")
    return ready


def withhold(transaction: Transaction, document_id: str, to: str) -> None:
    """Close a document that walked the street as a test and must not leave it."""
    mark(transaction, document_id, status="withheld", token=None, due=None)
    transaction.insert(delivery, _delivery(transaction, document_id, to, "withheld"))


def reply(transaction: Transaction, answer: Reply, transmission_id: str) -> None:
    """Store an answer with its bytes, due at once, and what travels with it."""
    transaction.together(_reply_to_all, (answer, transmission_id))


def _reply_to_all(transaction: Transaction, asked: Sequence[tuple[Reply, str]]) -> None:
    numbers = draw_numbers(transaction, [answer.draft for answer, _ in asked])
    for (answer, transmission_id), drawn in zip(asked, numbers, strict=True):
        _reply(transaction, answer, transmission_id, drawn)


def _reply(transaction: Transaction, answer: Reply, transmission_id: str, numbers: Numbers) -> None:
    answer_id = transaction.new_id()
    columns = _written(transaction, answer_id, answer.draft, numbers)
    row = _answer_row(transaction, answer, answer.document, transmission_id, answer_id)
    transaction.insert(document, row | columns)
    carried = [
        _answer_row(transaction, answer, further, transmission_id, transaction.new_id()) | {"carrier": answer_id}
        for further in answer.further
    ]
    if _make_due(transaction, answer_id, answer.to, columns):
        await_answers(transaction, answer_id, answer.to, answer.document)
    shared = {"status": columns["status"], "due": None}
    transaction.insert(document, *(row | shared for row in carried))


def _answer_row(
    transaction: Transaction, answer: Reply, said: Document, transmission_id: str, answer_id: str
) -> dict[str, Any]:
    return outgoing_row(Outgoing(document=said, to=answer.to)) | {
        "id": answer_id,
        "status": "queued",
        "at": transaction.now,
        "due": transaction.now,
        "transmission": transmission_id,
    }


def send_again(transaction: Transaction, transmission_id: str) -> int:
    """Make the stored answers to a transmission due once more, bytes and key unchanged; how many there were."""
    answers = select(document.c.id).where(
        document.c.transmission == transmission_id, document.c.direction == "out", document.c.status != "withheld"
    )
    again = (
        update(delivery)
        .where(delivery.c.document.in_(answers), delivery.c.status == "delivered")
        .values(status="due", due=transaction.now, token=None)
    )
    transaction.execute(again)
    return len(transaction.execute(answers).all())


def _report_unwritable(transaction: Transaction, document_id: str, draft: Draft) -> None:
    errors = [finding for finding in draft.findings if finding.severity == "error"]
    about = About(document=document_id, owner="integration desk", facts={"findings": findings_json(errors)})
    open_exception(transaction, "document-not-writable", errors[0].message, about)


def _rendered_columns(rendered: Rendered) -> dict[str, Any]:
    group, interchange = rendered.control.get("group"), rendered.control.get("interchange")
    return {
        "body": rendered.content,
        "sha256": sha256(rendered.content),
        "media_type": rendered.media_type,
        "filename": rendered.filename,
        "control": dict(rendered.control),
        "group_number": None if group is None else plain_number(group),
        "interchange_number": None if interchange is None else plain_number(interchange),
    }


def plain_number(number: object) -> str:
    """A control number without its leading zeros, since each side pads as it likes."""
    return str(number).lstrip("0") or "0"


def _delivery(transaction: Transaction, document_id: str, to: str, status: str) -> dict[str, Any]:
    return {
        "document": document_id,
        "destination": to,
        "key": document_id,
        "status": status,
        "due": transaction.now,
        "attempts": 0,
    }
