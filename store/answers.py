"""Documents on their way out: control numbers, bytes and delivery rows, in the transaction that stores the bytes."""

from collections.abc import Sequence
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


def draw_numbers(transaction: Transaction, counters: Sequence[str]) -> Numbers:
    """The next number of each counter, from 1 to 999999999 and round again."""
    return {counter: draw(transaction, counter) for counter in counters}


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
    if has_errors(draft.findings):
        _refuse(transaction, document_id, draft)
        return False
    numbers = draw_numbers(transaction, draft.counters)
    rendered = draft.render(numbers, transaction.now)
    columns = _rendered_columns(rendered) | {"findings": findings_json(draft.findings)}
    mark(transaction, document_id, status="ready", token=None, due=None, **columns)
    transaction.insert(delivery, _delivery(transaction, document_id, to, "due"))
    transaction.announce("deliver")
    return True


def withhold(transaction: Transaction, document_id: str, to: str) -> None:
    """Close a document that walked the street as a test and must not leave it."""
    mark(transaction, document_id, status="withheld", token=None, due=None)
    transaction.insert(delivery, _delivery(transaction, document_id, to, "withheld"))


def reply(transaction: Transaction, answer: Reply, transmission_id: str) -> None:
    """Store an answer with its bytes, due at once, and what travels with it."""
    answer_id = transaction.new_id()
    transaction.insert(document, _answer_row(transaction, answer, answer.document, transmission_id, answer_id))
    carried = [
        _answer_row(transaction, answer, further, transmission_id, transaction.new_id()) | {"carrier": answer_id}
        for further in answer.further
    ]
    sent = finish(transaction, answer_id, answer.to, answer.draft)
    if sent:
        await_answers(transaction, answer_id, answer.to, answer.document)
    shared = {"status": "ready" if sent else "failed", "due": None}
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


def _refuse(transaction: Transaction, document_id: str, draft: Draft) -> None:
    errors = [finding for finding in draft.findings if finding.severity == "error"]
    mark(transaction, document_id, status="failed", token=None, due=None, findings=findings_json(draft.findings))
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
