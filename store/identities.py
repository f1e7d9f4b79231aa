"""One effect per identity: who was first to claim a key, and with what content."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from sqlalchemy import select

from store.database import Transaction
from store.shapes import Shape, among
from store.tables import identity

Verdict = Literal["new", "duplicate", "conflict"]


@dataclass(frozen=True, slots=True)
class Claim:
    """The verdict on a key, and the id of what claimed it first."""

    verdict: Verdict
    owner: str


class First(NamedTuple):
    """What claimed a key first: its content, its id, and when."""

    digest: str
    owner: str
    since: datetime


Key = tuple[str, str]
"""A scope, and a key within it."""


_KNOWN = Shape(
    lambda on: select(identity).where(among(on, identity.c.scope, "scopes"), among(on, identity.c.key, "keys"))
)


class Identities:
    """The keys that some writes ask for, looked up together."""

    def __init__(self, transaction: Transaction, asked: Iterable[Key]) -> None:
        self._transaction = transaction
        self._known: dict[Key, First | None] = {}
        """None when nobody has claimed it."""
        self._look_up(list(asked))

    def claim(self, scope: str, key: str, digest: str, owner: str, window: timedelta | None = None) -> Claim:
        """Claim `key` within `scope` for `owner`: for ever, or until a `window` has passed.

        `duplicate` when another claimed it with the same content, `conflict` when with other content.
        """
        wanted = (scope, key)
        if wanted not in self._known:
            self._look_up([wanted])
        first, now = self._known[wanted], self._transaction.now
        if first is not None and (window is None or now - first.since <= window):
            return Claim("duplicate" if first.digest == digest else "conflict", first.owner)
        self._known[wanted] = First(digest, owner, now)
        place, claimed = {"scope": scope, "key": key}, {"digest": digest, "owner": owner, "first_seen": now}
        if first is None:
            self._transaction.insert(identity, place | claimed)
        else:
            self._transaction.set(identity, place, **claimed)
        return Claim("new", owner)

    def _look_up(self, asked: Sequence[Key]) -> None:
        self._known.update(dict.fromkeys(asked))
        scopes, keys = ({key[place] for key in asked} for place in (0, 1))
        for row in self._transaction.ask(_KNOWN, scopes=sorted(scopes), keys=sorted(keys)) if asked else ():
            self._known[row.scope, row.key] = First(row.digest, row.owner, row.first_seen)
