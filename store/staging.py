"""What a translated transmission writes: its documents, each judged by identity and sent where it takes effect."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from canonical import Acknowledgment, Remittance, has_errors
from canonical.exchange import Incoming, Reading
from router.effect import (
    Effect,
    Nowhere,
    OnceTold,
    ToAsker,
    ToFulfilment,
    ToLane,
    ToMasterData,
    ToOrders,
    ToSent,
    ToStock,
)
from router.ports import Transmission, Understood
from store.acknowledged import match
from store.answers import reply, send_again
from store.awaited import answered, owe_answers
from store.database import Transaction
from store.documents import findings_json, incoming_row, mark
from store.erasing import erase_bytes
from store.exceptions import About, open_exception
from store.identities import Claim, Identities, Key
from store.lane_queue import enqueue, enqueue_by_name, fulfilment_scope
from store.master_data import keep_master_data, told
from store.questions import question_scope
from store.remittances import share_out
from store.stock_room import record_stock
from store.tables import document


@dataclass(frozen=True, slots=True)
class _Staged:
    """A document on its way into the store."""

    id: str
    incoming: Incoming
    transmission: str
    row: Mapping[str, Any]

    @property
    def transport_key(self) -> Key | None:
        """That this transmission of it was seen."""
        key = self.incoming.transport_key
        return None if key is None else (f"set/{self.row['partner'] or ''}", key)

    @property
    def business_key(self) -> Key | None:
        """That this document was seen, for ever."""
        row = self.row
        scope = f"document/{row['partner'] or ''}/{row['kind']}/{row['usage']}"
        return (scope, row["identity"]) if row["identity"] else None

    @property
    def keys(self) -> Sequence[Key]:
        """Both, as far as it has them."""
        return [key for key in (self.transport_key, self.business_key) if key]


@dataclass(frozen=True, slots=True)
class ToStage:
    """A claimed transmission, what it says, and where each of its documents takes effect if it is new."""

    taken: Transmission
    reading: Reading
    effects: Sequence[Effect]
    rows: Sequence[Mapping[str, Any]]
    """Of its documents."""


def to_stage(taken: Transmission, said: Understood) -> ToStage:
    """Work out the documents' rows, their JSON and digests, before others wait for the transaction."""
    rows = [_row(incoming, taken) for incoming in said.reading.documents]
    return ToStage(taken, said.reading, said.effects, rows)


def _row(incoming: Incoming, taken: Transmission) -> Mapping[str, Any]:
    return incoming_row(incoming) | {
        "partner": incoming.sender or taken.arrival.source,
        "transmission": taken.id,
        "sha256": taken.sha256,
    }


def stage(transaction: Transaction, asked: Sequence[ToStage]) -> None:
    """Write everything that readings say."""
    staged = [_staged(transaction, one) for one in asked]
    known = Identities(transaction, (key for documents in staged for document in documents for key in document.keys))
    for one, documents in zip(asked, staged, strict=True):
        _stage_reading(transaction, one, documents, known)


def _stage_reading(transaction: Transaction, one: ToStage, documents: Sequence[_Staged], known: Identities) -> None:
    taken, reading = one.taken, one.reading
    resent = [
        _stage_document(transaction, staged, effect, known)
        for staged, effect in zip(documents, one.effects, strict=True)
    ]
    _answer(transaction, taken, reading, resent)
    if not reading.keeps_bytes:
        erase_bytes(transaction, taken.id, taken.sha256, "crossdock: a card number")
    if has_errors(reading.findings) or not (reading.documents or reading.replies or reading.left_alone):
        _report(transaction, taken, reading)


def _staged(transaction: Transaction, one: ToStage) -> Sequence[_Staged]:
    documents = zip(one.reading.documents, one.rows, strict=True)
    return [_Staged(transaction.new_id(), incoming, one.taken.id, row) for incoming, row in documents]


def _stage_document(transaction: Transaction, staged: _Staged, effect: Effect, known: Identities) -> str | None:
    """Write one document and let it take effect if it is new. The transmission it repeats, if it only repeats one."""
    if _unusable(staged.incoming):
        _insert(transaction, staged, "rejected")
        _report_rejected(transaction, staged)
        return None
    by_transport = _claim(known, staged.transport_key, staged, staged.incoming.window)
    verdict = by_transport if by_transport.verdict != "new" else _claim(known, staged.business_key, staged)
    if verdict.verdict == "conflict":
        _conflict(transaction, staged, verdict.owner)
    elif verdict.verdict == "duplicate":
        _insert(transaction, staged, "duplicate", duplicate_of=verdict.owner)
    else:
        known_order = {"order_id": effect.lane} if isinstance(effect, ToLane) else {}
        _insert(transaction, staged, "waiting", **known_order)
        _take_effect(transaction, staged, effect)
    return _transmission_of(transaction, by_transport.owner) if by_transport.verdict == "duplicate" else None


def _unusable(incoming: Incoming) -> bool:
    return incoming.document is None or not incoming.accepted or has_errors(incoming.findings)


def _claim(known: Identities, key: Key | None, staged: _Staged, window: timedelta | None = None) -> Claim:
    return Claim("new", staged.id) if key is None else known.claim(*key, staged.row["digest"], staged.id, window)


def _insert(transaction: Transaction, staged: _Staged, status: str, **columns: Any) -> None:
    row = dict(staged.row) | {"id": staged.id, "status": status, "at": transaction.now} | columns
    transaction.insert(document, row)
    if status == "waiting" and staged.incoming.document:
        transaction.recent.documents.keep(staged.id, staged.incoming.document, row["content"])


def _conflict(transaction: Transaction, staged: _Staged, first: str) -> None:
    _insert(transaction, staged, "conflict", duplicate_of=first)
    reason = f"{staged.incoming.kind} {staged.row['identity']} came before with other content ({first})"
    about = About(document=staged.id, transmission=staged.transmission, facts={"first": first})
    open_exception(transaction, "document-conflict", reason, about)


def _report_rejected(transaction: Transaction, staged: _Staged) -> None:
    found = staged.row["findings"]
    errors = [finding["message"] for finding in found if finding["severity"] == "error"]
    reason = errors[0] if errors else "it could not be read"
    about = About(document=staged.id, transmission=staged.transmission, facts={"findings": found})
    open_exception(transaction, "document-rejected", reason, about)


def _transmission_of(transaction: Transaction, document_id: str) -> str | None:
    return transaction.execute(select(document.c.transmission).where(document.c.id == document_id)).scalar_one_or_none()


def _answer(transaction: Transaction, taken: Transmission, reading: Reading, resent: Sequence[str | None]) -> None:
    """Answer; what only repeats one earlier transmission gets the answers of that one again."""
    first = resent[0] if resent and len(set(resent)) == 1 else None
    if first is not None and send_again(transaction, first):
        return
    for answer in reading.replies:
        reply(transaction, answer, taken.id)


def _report(transaction: Transaction, taken: Transmission, reading: Reading) -> None:
    worst = next((finding for finding in reading.findings if finding.severity == "error"), None)
    code, reason = (worst.code, worst.message) if worst else ("nothing-found", "it holds no document")
    facts = {"findings": findings_json(reading.findings), "source": taken.arrival.source}
    open_exception(transaction, code, reason, About(transmission=taken.id, owner="integration desk", facts=facts))


# --- where a new document takes effect ------------------------------------------------------------------------------


def _take_effect(transaction: Transaction, staged: _Staged, effect: Effect) -> None:
    _EFFECTS[type(effect)](transaction, staged, effect)


def _to_lane(transaction: Transaction, staged: _Staged, effect: ToLane) -> None:
    enqueue(transaction, effect.lane, staged.id)
    owe_answers(transaction, staged.id, staged.row["kind"], effect.lane)


def _to_fulfilment(transaction: Transaction, staged: _Staged, effect: ToFulfilment) -> None:
    found = enqueue_by_name(transaction, fulfilment_scope(staged.row["partner"]), effect.number, staged.id)
    answered(transaction, staged.row["partner"], staged.row["kind"], effect.number)
    if found is not None:
        owe_answers(transaction, staged.id, staged.row["kind"], found)


def _to_asker(transaction: Transaction, staged: _Staged, effect: ToAsker) -> None:
    enqueue_by_name(transaction, question_scope(staged.row["partner"]), effect.question, staged.id)


def _to_stock(transaction: Transaction, staged: _Staged, effect: ToStock) -> None:
    mark(transaction, staged.id, status="applied")
    if staged.row["usage"] == "production":
        record_stock(transaction, effect.counts, effect.arriving, staged.id)
    if effect.uncounted:
        reason = f"it counts what nobody here knows: {', '.join(effect.uncounted)}"
        open_exception(transaction, "item-unknown", reason, About(document=staged.id, owner="stock desk"))


def _to_orders(transaction: Transaction, staged: _Staged, effect: ToOrders) -> None:
    paid = staged.incoming.document
    assert isinstance(paid, Remittance)
    mark(transaction, staged.id, status="applied")
    share_out(transaction, staged.id, staged.row["partner"], paid, effect)


def _to_master_data(transaction: Transaction, staged: _Staged, effect: ToMasterData) -> None:
    if staged.row["usage"] == "test":
        mark(transaction, staged.id, status="applied")
    else:
        keep_master_data(transaction, staged.id, effect)


def _once_told(transaction: Transaction, staged: _Staged, effect: OnceTold) -> None:
    _take_effect(transaction, staged, effect.judge(*told(transaction, [effect.asked])))


def _to_sent(transaction: Transaction, staged: _Staged, _effect: ToSent) -> None:
    acknowledgment = staged.incoming.document
    assert isinstance(acknowledgment, Acknowledgment)
    mark(transaction, staged.id, status="applied")
    match(transaction, staged.id, staged.row["partner"], acknowledgment)


def _nowhere(transaction: Transaction, staged: _Staged, effect: Nowhere) -> None:
    mark(transaction, staged.id, status="unhandled")
    open_exception(transaction, "document-unhandled", effect.reason, About(document=staged.id))


_EFFECTS: Mapping[type[Any], Callable[[Transaction, _Staged, Any], None]] = {
    ToLane: _to_lane,
    ToFulfilment: _to_fulfilment,
    ToAsker: _to_asker,
    ToStock: _to_stock,
    ToOrders: _to_orders,
    ToMasterData: _to_master_data,
    OnceTold: _once_told,
    ToSent: _to_sent,
    Nowhere: _nowhere,
}
