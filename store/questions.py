"""Questions of orders: the names by which their answers find back, and what becomes of those that get none."""

from sqlalchemy import Select, and_, bindparam, select

from canonical import Question
from canonical.exchange import Parcel
from router.decision import Withdrawal
from router.own_work import Unanswered
from store.awaited import give_up
from store.database import Transaction
from store.exceptions import resolve
from store.own_work import enter
from store.shapes import Shape
from store.tables import delivery, document, exception
from store.writing import Writing

_NO_LONGER_AWAITED = ("question_answered", "question_dropped", "went_on_without_answer")


def question_scope(partner: str | None) -> str:
    """Where questions' numbers lead to lanes: only who was asked may answer."""
    return f"question/{partner or ''}"


def withdraw(writing: Writing) -> None:
    """Keep here what need not leave any more, unless it is on its way. Of what would have had an effect over there the
    order learns that it never left."""
    transaction = writing.transaction
    for unwanted in writing.made.withdraw:
        for document_id in transaction.execute(_unsent(writing.lane.key, unwanted)).scalars().all():
            transaction.set(document, {"id": document_id}, status="withdrawn", token=None, due=None)
            transaction.set(delivery, {"document": document_id}, status="withdrawn")
            give_up(transaction, document_id)
            if not unwanted.tried_too:
                _tell_order(writing, document_id, unwanted.question)


def _tell_order(writing: Writing, document_id: str, question: str) -> None:
    order_id, usage = writing.lane.key, writing.entry.document.usage
    unanswered = Unanswered(
        number=document_id, order=order_id, question=question, reason="it never left", withdrawn=True, usage=usage
    )
    enter(writing.transaction, writing.transaction.new_id(), unanswered)


def _unsent(order_id: str, unwanted: Withdrawal) -> Select[tuple[str]]:
    """The question's document, while it waits to be rendered, or between two attempts to deliver it."""
    waits = and_(delivery.c.status == "due", delivery.c.token.is_(None))
    if not unwanted.tried_too:
        waits = and_(waits, delivery.c.attempts == 0)
    unsent = (document.c.status == "queued") | (document.c.status == "ready") & waits
    return (
        select(document.c.id)
        .outerjoin(delivery, delivery.c.document == document.c.id)
        .where(document.c.order_id == order_id, document.c.identity == unwanted.question, unsent)
    )


def close_worries(writing: Writing) -> None:
    """Close what was put before a person because of answers that nobody waits for any more."""
    events = writing.made.events
    closed = {(one.facts["topic"], one.facts["about"]) for one in events if one.kind in _NO_LONGER_AWAITED}
    if not closed:
        return
    rows = writing.transaction.ask(_WORRIES, of_order=writing.lane.key)
    ids = [row.id for row in rows if (row.facts.get("topic"), row.facts.get("about")) in closed]
    resolve(writing.transaction, ids, "crossdock: the order went on")


_WORRIES = Shape(
    lambda _: select(exception.c.id, exception.c.facts).where(
        exception.c.order_id == bindparam("of_order"),
        exception.c.code == "answer-missing",
        exception.c.status == "open",
    )
)


def tell_asker(transaction: Transaction, parcel: Parcel, reason: str) -> None:
    """Have the order decided again whose question will get no answer."""
    question = parcel.document
    if not isinstance(question, Question):
        return
    said = {"number": parcel.id, "order": question.order, "question": question.number, "reason": reason}
    enter(transaction, transaction.new_id(), Unanswered.model_validate({"usage": question.usage, **said}))
