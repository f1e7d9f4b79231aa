"""Documents that wait to be rendered: claimed, and stored with their bytes or closed."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import bindparam, select, update

from canonical.exchange import Draft
from router.ports import Kept, QueuedDocument, Stale, WriteAtOnce
from store.answers import finish, withhold
from store.awaited import await_answers
from store.database import Transaction
from store.documents import lately, mark
from store.shapes import Shape, among
from store.tables import document

_RENDERING_LEASE = timedelta(seconds=60)
_FEW = 4
"""Documents that are rendered in the commit that queues them."""


def claim_queued(transaction: Transaction, limit: int) -> list[QueuedDocument]:
    """Claim documents that wait to be rendered, in the sequence they were decided."""
    rows = transaction.ask(_QUEUED, instant=transaction.now, most=limit)
    if not rows:
        return []
    if len(rows) == limit:
        transaction.announce("render")
    token = transaction.token()
    taken = {"wanted": [row.id for row in rows], "holder": token, "until": transaction.now + _RENDERING_LEASE}
    transaction.apply(_TAKE_QUEUED, taken)
    return [QueuedDocument(row.id, lately(transaction, row.id, row, last=False), row.partner, token) for row in rows]


_INSTANT = bindparam("instant", type_=document.c.due.type)
_UNTIL = bindparam("until", type_=document.c.due.type)
_QUEUED = Shape(
    lambda _: (
        select(document.c.id, document.c.kind, document.c.content, document.c.partner)
        .where(document.c.status == "queued", document.c.due <= _INSTANT)
        .order_by(document.c.due, document.c.order_id, document.c.seq)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )
)
_TAKE_QUEUED = Shape(
    lambda on: update(document).where(among(on, document.c.id)).values(token=bindparam("holder"), due=_UNTIL)
)


def render_few(
    transaction: Transaction, claimed: Sequence[QueuedDocument], at_once: WriteAtOnce
) -> Sequence[QueuedDocument]:
    """Render what of a few documents cannot wait; those that are left to do. Raises what `at_once` does."""
    if len(claimed) > _FEW:
        return claimed
    written = [(queued, at_once(queued)) for queued in claimed]
    for queued, draft in written:
        if draft is not None:
            close_queued(transaction, queued, draft)
    return [queued for queued, draft in written if draft is None]


def close_queued(transaction: Transaction, queued: QueuedDocument, written: Draft | Kept) -> None:
    """Render a claimed document, store it and make it due; or close it, where it does not leave."""
    hold_queued(transaction, queued)
    if not isinstance(written, Kept):
        if finish(transaction, queued.id, queued.to, written):
            await_answers(transaction, queued.id, queued.to, queued.document)
    elif written.status == "withheld":
        withhold(transaction, queued.id, queued.to)
    else:
        mark(transaction, queued.id, status="declined", token=None, due=None, place={"reason": written.reason})


def hold_queued(transaction: Transaction, queued: QueuedDocument) -> None:
    """Go on with a claimed document, behind which others of its order may wait to be delivered."""
    held = {"id": queued.id, "token": queued.token, "status": "queued"}
    if transaction.update(document, held, token=queued.token) == 0:
        raise Stale(f"document {queued.id} was claimed by another")
    transaction.announce("deliver")
