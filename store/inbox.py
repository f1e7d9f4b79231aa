"""The inbox: what arrived, kept before anyone is told that it was taken."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import compress
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import DBAPIError

from canonical.exchange import Arrival, Reading
from router.ports import Receipt, Stale, Transmission, Understood
from store.answers import send_again
from store.awaited import owe_acknowledgment
from store.database import Database, Transaction
from store.digest import sha256
from store.exceptions import About, open_exception
from store.identities import Identities, Key
from store.shapes import Shape, among
from store.staging import ToStage, stage, to_stage
from store.tables import transmission

_LEASE = timedelta(seconds=120)
_TRIES = 5
_FIRST_WAIT = timedelta(seconds=1)


class Inbox:
    """Arrivals as rows, claimed for translation under a lease and a token."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, arrival: Arrival) -> Receipt:
        """Commit an arrival; the same key and content again gets the first one's receipt and answers."""
        kept: Receipt = await self._database.write_together(_keep_all, arrival)
        return kept

    async def claim(self, limit: int, *, patience: float = 0) -> Sequence[Transmission]:
        """Claim what is due, the oldest first, or what comes within `patience` seconds."""
        return await self._database.claim("translate", lambda: partial(_claim, limit=limit), patience)

    async def translated(self, understood: Sequence[tuple[Transmission, Understood]]) -> Sequence[Exception | None]:
        """Stage what transmissions say and close them."""
        return await self._database.write_all(_translated, understood, lambda one: to_stage(*one))

    async def failed(self, claimed: Transmission, reason: str) -> None:
        """Try again after a wait that doubles; after the last try it is an exception."""

        def work(transaction: Transaction) -> None:
            if claimed.attempts < _TRIES:
                due = transaction.now + _FIRST_WAIT * 2**claimed.attempts
                _close(transaction, claimed, "received", due=due)
                return
            _close(transaction, claimed, "failed")
            about = About(transmission=claimed.id, owner="integration desk", facts={"attempts": claimed.attempts})
            open_exception(transaction, "translation-failed", reason, about)

        await self._database.write(work)


class _Arrived(NamedTuple):
    """An arrival with its digest, and when it came."""

    arrival: Arrival
    digest: str
    at: datetime

    @property
    def key(self) -> Key | None:
        """What makes it the same one when it comes again."""
        arrival = self.arrival
        key = arrival.transport_key
        return None if key is None else (f"transmission/{arrival.transport}/{arrival.source or ''}", key)


def keep(transaction: Transaction, arrival: Arrival, said: Understood | None = None) -> None:
    """Keep one arrival in a transaction that holds more, and let what was understood of it take effect.

    Where that breaks it waits to be translated like any other, and the rest of the transaction holds.
    """
    if said is None or not _took_effect(transaction, arrival, said):
        _keep_all(transaction, [arrival])


def _took_effect(transaction: Transaction, arrival: Arrival, said: Understood) -> bool:
    try:
        with transaction.apart():
            _keep_understood(transaction, arrival, said)
    except DBAPIError:
        raise
    except Exception:  # noqa: BLE001 - whoever translates it notes what is wrong with it
        return False
    return True


def _keep_understood(transaction: Transaction, arrival: Arrival, said: Understood) -> None:
    arrived = _Arrived(arrival, sha256(arrival.content), said.at)
    known = Identities(transaction, [arrived.key] if arrived.key else [])
    receipt = _keep(transaction, arrived, known, _outcome(said.reading))
    if receipt.status == "accepted":
        taken = Transmission(receipt.id, arrival, said.at, "", 1, arrived.digest)
        stage(transaction, [to_stage(taken, said)])


def _keep_all(transaction: Transaction, arrivals: Sequence[Arrival]) -> list[Receipt]:
    arrived = [_Arrived(arrival, sha256(arrival.content), transaction.now) for arrival in arrivals]
    known = Identities(transaction, [one.key for one in arrived if one.key])
    return [_keep(transaction, one, known, "received") for one in arrived]


def _keep(transaction: Transaction, arrived: _Arrived, known: Identities, status: str) -> Receipt:
    received, (arrival, digest) = transaction.new_id(), arrived[:2]
    if arrived.key is not None:
        seen = known.claim(*arrived.key, digest, received)
        if seen.verdict == "duplicate" or (seen.verdict == "conflict" and arrival.facts.get("updates") == "ignore"):
            return _first_receipt(transaction, seen.owner)
        if seen.verdict == "conflict":
            _insert(transaction, received, arrived, "conflict")
            reason = f"{arrival.transport_key} came before with other content ({seen.owner})"
            open_exception(transaction, "transmission-conflict", reason, About(transmission=received))
            return Receipt(received, "conflict", digest, transaction.now)
    _insert(transaction, received, arrived, status)
    owe_acknowledgment(transaction, received, arrival.source)
    return Receipt(received, "accepted", digest, arrived.at)


def _first_receipt(transaction: Transaction, first: str) -> Receipt:
    send_again(transaction, first)
    row = transaction.execute(select(transmission).where(transmission.c.id == first)).one()
    return Receipt(first, "duplicate", row.sha256, row.received_at)


def _insert(transaction: Transaction, received: str, arrived: _Arrived, status: str) -> None:
    arrival, digest, received_at = arrived
    row = {
        "id": received,
        "source": arrival.source,
        "transport": arrival.transport,
        "transport_key": arrival.transport_key,
        "content": arrival.content,
        "sha256": digest,
        "facts": dict(arrival.facts),
        "received_at": received_at,
        "status": status,
        "due": transaction.now,
        "attempts": 0,
    }
    transaction.insert(transmission, row)
    if status == "received":
        transaction.announce("translate")


def _translated(transaction: Transaction, staged: Sequence[ToStage]) -> list[Stale | None]:
    """Close what was translated and stage what it says; whose claim is lost is left out."""
    rows = transaction.ask(_TOKENS, wanted=sorted({one.taken.id for one in staged}))
    tokens = {row.id: row.token for row in rows}
    ours = [tokens.pop(one.taken.id, None) == one.taken.token for one in staged]
    closing = list(compress(staged, ours))
    for one in closing:
        transaction.set(transmission, {"id": one.taken.id}, status=_outcome(one.reading), token=None)
    stage(transaction, closing)
    return [None if held else _lost(one.taken) for one, held in zip(staged, ours, strict=True)]


def _outcome(reading: Reading) -> str:
    if reading.documents:
        return "translated"
    return "left_alone" if reading.left_alone else "rejected"


_TOKENS = Shape(
    lambda on: (
        select(transmission.c.id, transmission.c.token)
        .where(among(on, transmission.c.id))
        .order_by(transmission.c.id)
        .with_for_update()
    )
)
_INSTANT, _UNTIL = (bindparam(name, type_=transmission.c.due.type) for name in ("instant", "until"))
_DUE = (
    select(transmission.c.id)
    .where(transmission.c.status == "received", transmission.c.due <= _INSTANT)
    .order_by(transmission.c.due)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_TAKE = Shape(
    lambda _: (
        update(transmission)
        .where(transmission.c.id.in_(_DUE))
        .values(due=_UNTIL, token=bindparam("holder"), attempts=transmission.c.attempts + 1)
        .returning(transmission)
    )
)


def _lost(claimed: Transmission) -> Stale:
    return Stale(f"transmission {claimed.id} was claimed by another")


def _claim(transaction: Transaction, limit: int) -> list[Transmission]:
    until, token = transaction.now + _LEASE, transaction.token()
    claimed = transaction.ask(_TAKE, instant=transaction.now, most=limit, until=until, holder=token)
    taken = sorted((_transmission(row) for row in claimed), key=lambda taken: (taken.received_at, taken.id))
    if len(taken) == limit:
        transaction.announce("translate")
    return taken


def _transmission(row: Any) -> Transmission:
    arrival = Arrival(row.source, row.transport, row.content, row.transport_key, row.facts)
    return Transmission(row.id, arrival, row.received_at, row.token, row.attempts, row.sha256)


def _close(transaction: Transaction, claimed: Transmission, status: str, **columns: Any) -> None:
    """Give up the claim with a new status. Raises `Stale` when somebody else has claimed it since."""
    held = {"id": claimed.id, "token": claimed.token}
    if transaction.update(transmission, held, status=status, token=None, **columns) == 0:
        raise _lost(claimed)
