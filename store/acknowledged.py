"""Receivers' verdicts: a 997 or 999 finds what we sent by its group and set control numbers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from canonical import Acknowledgment
from canonical.acknowledgment import Verdict
from store.answers import plain_number
from store.database import Transaction
from store.documents import mark
from store.exceptions import About, open_exception
from store.tables import document

_REFUSED: frozenset[Verdict] = frozenset({"rejected", "partially_accepted"})


def match(transaction: Transaction, document_id: str, partner: str | None, verdict: Acknowledgment) -> None:
    """Mark what the acknowledgment speaks of; what was refused, or was never sent, is an exception."""
    sent = _sent(transaction, partner, verdict)
    if not sent:
        reason = f"{verdict.type} acknowledges {verdict.level} {verdict.number}, which we did not send"
        open_exception(transaction, "acknowledgment-unmatched", reason, About(document=document_id))
    verdicts = {plain_number(of_set.control_number): of_set.verdict for of_set in verdict.sets}
    for row in sent:
        said = verdicts.get(plain_number(row.control.get("set", "")), verdict.verdict)
        mark(transaction, row.id, status="refused" if said in _REFUSED else "acknowledged")
        if said in _REFUSED:
            reason = f"{partner} refused {row.kind} {row.identity}"
            facts = {"acknowledgment": document_id, "verdict": said}
            about = About(row.order_id, row.id, owner="integration desk", facts=facts)
            open_exception(transaction, "document-refused", reason, about)


def _sent(transaction: Transaction, partner: str | None, verdict: Acknowledgment) -> Sequence[Any]:
    if verdict.level != "group":
        return []
    return transaction.execute(
        select(document).where(
            document.c.partner == partner,
            document.c.direction == "out",
            document.c.group_number == plain_number(verdict.number),
            document.c.status.in_(("ready", "delivered", "acknowledged", "refused")),
        )
    ).all()
