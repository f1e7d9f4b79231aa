"""The audit of what came and went: transmissions, identities, documents in and out, deliveries and their attempts."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, Text, and_, exists, func, or_, select, type_coerce

from canonical.erasure import TOMBSTONE
from store.answers import plain_number
from store.digest import content_digest, sha256
from store.tables import attempt, delivery, document, exception, identity, lane_entry, transmission
from store.watch_tables import awaited, erasure

_ENTERED = ("waiting", "decided", "parked", "applied", "unhandled", "undecided", "unmatched")
_REFUSED = ("duplicate", "conflict", "rejected")
_SENT: Mapping[str, set[str | None]] = {
    "ready": {"due"},
    "delivered": {"delivered", "due"},
    "acknowledged": {"delivered", "due"},
    "refused": {"delivered", "due"},
    "undelivered": {"failed"},
    "withheld": {"withheld"},
    "withdrawn": {"withdrawn", None},
    "queued": {None},
    "declined": {None},
    "failed": {None},
}
"""An outgoing document's status and what its delivery's may then be. An answer may be due once more."""
_TOLD = ("refused", "undelivered", "failed")
"""Statuses of which a person was told."""
_Columns = Sequence[ColumnElement[Any]]


# --- what came ------------------------------------------------------------------------------------------------------


def _is_whole(content: bytes, digest: str, erased: str | None) -> bool:
    """Whether bytes are those of the digest, or a tombstone whose record names the digest."""
    return sha256(content) == digest or (content == TOMBSTONE and erased == digest)


def _transmission_faults(row: Any) -> Iterator[str]:
    if not _is_whole(row.content, row.sha256, row.erased):
        yield "its bytes are not those that arrived"
    if row.status == "translated" and not row.documents:
        yield "it was translated, but nothing is kept of it"
    if row.status in ("rejected", "failed", "conflict") and not row.reported:
        yield f"it is {row.status}, and nobody was told"
    if row.transport_key is not None and row.status != "conflict" and row.first != row.id:
        yield "nothing would know it again"


def _incoming_faults(row: Any) -> Iterator[str]:
    if row.status not in _ENTERED + _REFUSED:
        yield f"nobody knows the status {row.status}"
    if row.status == "waiting" and not row.queued:
        yield "it waits, but not in a lane"
    if row.status in ("conflict", "rejected", "undecided", "unmatched", "unhandled") and not row.reported:
        yield f"it is {row.status}, and nobody was told"
    if row.direction == "in" and row.came_in != row.sha256:
        yield "the transmission that it came in is not there"
    if row.direction == "in" and row.identity and row.status not in _REFUSED and row.first != row.id:
        yield f"nothing would know {row.kind} {row.identity} again"
    if row.digest is not None and row.erased is None and content_digest(row.content) != row.digest:
        yield "it does not say what it said when it came"


def _identity_faults(row: Any) -> Iterator[str]:
    known = {
        (row.transmission_scope, row.transport_key, row.bytes_digest),
        (row.document_scope, row.said, row.digest_of),
    }
    if row.scope.startswith("set/"):
        known = {(f"set/{row.partner or ''}", row.key, row.digest_of)} if row.digest_of else set()
    if (row.scope, row.key, row.digest) not in known:
        yield f"{row.owner} is not what claimed it"


def _once_faults(row: Any) -> Iterator[str]:
    yield f"{row.kind} {row.identity} took effect {row.times} times"


# --- what went ------------------------------------------------------------------------------------------------------


def _outgoing_faults(row: Any) -> Iterator[str]:
    if row.status not in _SENT:
        yield f"nobody knows the status {row.status}"
    elif row.delivery not in _SENT[row.status]:
        yield f"it is {row.status}, but its delivery is {row.delivery}"
    if row.body is not None and not _is_whole(row.body, row.sha256, row.erased):
        yield "its bytes are not those that were rendered"
    if row.delivery is not None and row.partner != row.destination:
        yield f"it is for {row.partner}, and goes to {row.destination}"
    if row.status in _TOLD and not row.reported:
        yield f"it is {row.status}, and nobody was told"
    control = json.loads(row.control or "{}")
    for name, number in (("group", row.group_number), ("interchange", row.interchange_number)):
        if number != (plain_number(control[name]) if name in control else None):
            yield f"its {name} control number is {control.get(name)}, and it is known by {number}"


def _delivery_faults(row: Any) -> Iterator[str]:
    if not row.sent or row.key != row.id:
        yield "it is of no document that goes out"
    if (row.last or 0) > row.attempts:
        yield f"{row.attempts} attempts are counted, but attempt {row.last} is there"
    if row.status == "delivered" and not row.succeeded and "acknowledgment" not in (row.receipt or ""):
        yield "it is delivered, but no attempt succeeded"


def _lost(what: str) -> Callable[[Any], Iterator[str]]:
    return lambda _row: iter([what])


# --- rows -----------------------------------------------------------------------------------------------------------


def _erased(of: str, row_id: Any) -> Any:
    return select(erasure.c.digest).where(erasure.c.subject == f"{of}/" + row_id).scalar_subquery().label("erased")


def _reported(named: Column[Any], row_id: ColumnElement[Any]) -> Any:
    """Whether an exception names it: all that are named are looked up once."""
    return row_id.in_(select(named).where(named.isnot(None))).label("reported")


def _is_there(table: Table, *where: ColumnElement[bool]) -> Any:
    return exists().select_from(table).where(*where)


_transmission_scope = "transmission/" + transmission.c.transport + "/" + func.coalesce(transmission.c.source, "")
_of_kind = document.c.kind + "/" + document.c.usage
_document_scope = "document/" + func.coalesce(document.c.partner, "") + "/" + _of_kind


def _first(scope: Any, key: Any) -> Any:
    """Who claimed a key first."""
    claimed = select(identity.c.owner).where(identity.c.scope == scope, identity.c.key == key)
    return claimed.scalar_subquery().label("first")


def _transmissions() -> Select[Any]:
    columns: _Columns = (transmission.c.id, transmission.c.content, transmission.c.sha256, transmission.c.status)
    return select(
        *columns,
        transmission.c.transport_key,
        _is_there(document, document.c.transmission == transmission.c.id).label("documents"),
        _reported(exception.c.transmission, transmission.c.id),
        _erased("transmission", transmission.c.id),
        _first(_transmission_scope, transmission.c.transport_key),
    )


def _incoming() -> Select[Any]:
    columns: _Columns = (document.c.id, document.c.direction, document.c.kind, document.c.identity, document.c.status)
    waiting = select(lane_entry.c.document).where(lane_entry.c.status == "waiting")
    came_in = select(transmission.c.sha256).where(transmission.c.id == document.c.transmission)
    return select(
        *columns,
        document.c.content,
        document.c.digest,
        document.c.sha256,
        document.c.id.in_(waiting).label("queued"),
        _reported(exception.c.document, document.c.id),
        came_in.scalar_subquery().label("came_in"),
        _first(_document_scope, document.c.identity),
        _erased("document", document.c.id),
    ).where(document.c.direction != "out")


def _outgoing() -> Select[Any]:
    columns: _Columns = (document.c.id, document.c.status, document.c.partner, document.c.body, document.c.sha256)
    return (
        select(
            *columns,
            document.c.group_number,
            document.c.interchange_number,
            type_coerce(document.c.control, Text).label("control"),
            delivery.c.status.label("delivery"),
            delivery.c.destination,
            _reported(exception.c.document, func.coalesce(document.c.carrier, document.c.id)),
            _erased("document", document.c.id),
        )
        .outerjoin(delivery, delivery.c.document == func.coalesce(document.c.carrier, document.c.id))
        .where(document.c.direction == "out")
    )


def _deliveries() -> Select[Any]:
    of_it = attempt.c.delivery == delivery.c.document
    return select(
        delivery.c.document.label("id"),
        delivery.c.key,
        delivery.c.status,
        delivery.c.attempts,
        type_coerce(delivery.c.receipt, Text).label("receipt"),
        select(func.max(attempt.c.number)).where(of_it).scalar_subquery().label("last"),
        _is_there(attempt, of_it, attempt.c.succeeded).label("succeeded"),
        _is_there(document, document.c.id == delivery.c.document, document.c.direction == "out").label("sent"),
    )


def _identities() -> Select[Any]:
    joined = identity.outerjoin(transmission, transmission.c.id == identity.c.owner)
    joined = joined.outerjoin(document, document.c.id == identity.c.owner)
    return select(
        identity.c.scope,
        identity.c.key,
        identity.c.digest,
        identity.c.owner,
        _transmission_scope.label("transmission_scope"),
        transmission.c.transport_key,
        transmission.c.sha256.label("bytes_digest"),
        _document_scope.label("document_scope"),
        document.c.identity.label("said"),
        document.c.digest.label("digest_of"),
        document.c.partner,
    ).select_from(joined)


_business = (document.c.partner, document.c.kind, document.c.usage, document.c.identity)
_for_nobody = and_(
    ~_is_there(document, document.c.id == awaited.c.document),
    ~_is_there(transmission, transmission.c.id == awaited.c.document),
)

EXCHANGE: Mapping[str, tuple[Select[Any], Callable[[Any], Iterator[str]]]] = {
    # what must hold -> the rows it is judged on, and the judge
    "transmission-kept": (_transmissions(), _transmission_faults),
    "document-accounted": (_incoming(), _incoming_faults),
    "document-delivered": (_outgoing(), _outgoing_faults),
    "delivery-rooted": (_deliveries(), _delivery_faults),
    "attempt-rooted": (
        select(attempt.c.delivery.label("id")).where(~_is_there(delivery, delivery.c.document == attempt.c.delivery)),
        _lost("it was an attempt at no delivery"),
    ),
    "identity-rooted": (_identities(), _identity_faults),
    "answer-awaited": (
        select(awaited.c.document.label("id")).where(or_(_for_nobody, awaited.c.way.notin_(("expected", "owed")))),
        _lost("it waits for the answer to nothing"),
    ),
    "effect-once": (
        select(*_business, func.count().label("times"))
        .where(document.c.direction == "in", document.c.identity != "", document.c.status.notin_(_REFUSED))
        .group_by(*_business)
        .having(func.count() > 1),
        _once_faults,
    ),
}
