"""Receivers' verdicts: a 997 or 999 finds what we sent by its group and set numbers, a TA1 by its interchange, an 824
by the document's own number."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from canonical import AcknowledgedSet, Acknowledgment, Fault, FulfilmentOrder
from canonical.acknowledgment import Verdict
from router.correspondence import TECHNICAL
from router.own_work import FulfilmentRefused
from store.answers import plain_number
from store.awaited import acknowledged
from store.database import Transaction
from store.documents import mark, read_back
from store.exceptions import About, open_exception
from store.own_work import enter
from store.tables import delivery, document

_REFUSED: frozenset[Verdict] = frozenset({"rejected", "partially_accepted"})
_SENT = ("ready", "delivered", "acknowledged", "refused", "undelivered")


def match(transaction: Transaction, document_id: str, partner: str | None, verdict: Acknowledgment) -> None:
    """Mark what the acknowledgment speaks of; what was refused, or was never sent, is an exception."""
    sent = _sent(transaction, partner, verdict)
    if not sent:
        reason = f"{verdict.type} acknowledges {verdict.level} {verdict.number}, which we did not send"
        open_exception(transaction, "acknowledgment-unmatched", reason, About(document=document_id))
    technical = verdict.level == "interchange"
    for row in sent:
        _taken(transaction, row, document_id)
        acknowledged(transaction, row.id, TECHNICAL if technical else "Acknowledgment")
        of_set = None if technical else _of_set(verdict, row)
        said = of_set.verdict if of_set else verdict.verdict
        if said in _REFUSED:
            mark(transaction, row.id, status="refused")
            reason = _report(transaction, document_id, row, verdict, of_set)
            if said == "rejected":
                _tell_order(transaction, document_id, row, reason)
        elif not technical:
            mark(transaction, row.id, status="acknowledged")


def _sent(transaction: Transaction, partner: str | None, verdict: Acknowledgment) -> Sequence[Any]:
    numbers = {"group": document.c.group_number, "interchange": document.c.interchange_number}
    named = document.c.identity.startswith(f"{verdict.number}/", autoescape=True)
    meant = named if verdict.level == "document" else numbers[verdict.level] == plain_number(verdict.number)
    ours = document.c.partner == partner, document.c.direction == "out", document.c.status.in_(_SENT)
    found = transaction.execute(select(document).where(*ours, meant)).all()
    return [row for row in found if _is_meant(verdict, row)] if verdict.level == "document" else found


def _is_meant(verdict: Acknowledgment, row: Any) -> bool:
    """Whether a document of the number that an 824 names is of the set it names (OTI10), and of its control number
    (OTI09) where it tells one."""
    return any(
        row.control.get("set_id") in (None, one.set)
        and plain_number(one.control_number) in ("0", plain_number(row.control.get("set", "")))
        for one in verdict.sets
    )


def _taken(transaction: Transaction, row: Any, document_id: str) -> None:
    """A verdict proves that a document arrived, even one whose delivery was given up."""
    if row.status == "undelivered":
        keys = {"document": row.id, "status": "failed"}
        transaction.update(delivery, keys, status="delivered", receipt={"acknowledgment": document_id})
        mark(transaction, row.id, status="delivered")


def _of_set(verdict: Acknowledgment, row: Any) -> AcknowledgedSet | None:
    number = plain_number(row.control.get("set", ""))
    return next((one for one in verdict.sets if plain_number(one.control_number) == number), None)


# --- what was refused -----------------------------------------------------------------------------------------------


def _report(
    transaction: Transaction, document_id: str, row: Any, verdict: Acknowledgment, of_set: AcknowledgedSet | None
) -> str:
    """Put it before a person; why it was refused, in words."""
    faults = [_shown(transaction, row, fault) for fault in (of_set.faults if of_set else verdict.faults)]
    codes = of_set.codes if of_set else verdict.codes
    reason = f"{row.partner} refused {row.kind} {row.identity}"
    if faults:
        reason += f": {_told(faults[0])}"
    elif codes:
        reason += f": {verdict.type} {', '.join(codes)}"
    said = of_set.verdict if of_set else verdict.verdict
    facts = {"acknowledgment": document_id, "verdict": said, "codes": list(codes), "faults": faults}
    about = About(row.order_id, row.id, owner="integration desk", facts=facts)
    open_exception(transaction, "document-refused", reason, about)
    return reason


def _tell_order(transaction: Transaction, document_id: str, row: Any, reason: str) -> None:
    """Have an order decided again whose node would not take what it was asked to ship."""
    sent = read_back(row) if row.kind == FulfilmentOrder.__name__ and row.order_id else None
    if not isinstance(sent, FulfilmentOrder) or sent.purpose == "cancel":
        return
    said = {"number": document_id, "order": row.order_id, "fulfilment_order": sent.number, "reason": reason}
    enter(transaction, transaction.new_id(), FulfilmentRefused.model_validate({"usage": sent.usage, **said}))


def _shown(transaction: Transaction, row: Any, fault: Fault) -> dict[str, Any]:
    """A fault with the segment that it is about, out of the bytes we sent."""
    passage = transaction.agreed.passage(row.body, str(row.control.get("set", "")), fault) if row.body else None
    shown = fault.model_dump(mode="json", exclude_none=True)
    return shown | ({} if passage is None else {"sent": passage})


def _told(fault: Mapping[str, Any]) -> str:
    """`segment 3 PO1, element 2: AK403 7, in PO1*1*24*EA`."""
    place = f"segment {fault.get('segment', '?')} {fault.get('tag', '')}".rstrip()
    if fault.get("element"):
        place += f", element {fault['element']}"
    codes = ", ".join(f"{name} {code}" for name, code in fault.get("codes", {}).items())
    return f"{place}: {codes or 'no code'}" + (f", in {fault['sent']}" if "sent" in fault else "")
