"""One effect per identity: who was first to claim a key, and with what content."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select

from store.database import Transaction
from store.tables import identity

Verdict = Literal["new", "duplicate", "conflict"]


@dataclass(frozen=True, slots=True)
class Claim:
    """The verdict on a key, and the id of what claimed it first."""

    verdict: Verdict
    owner: str


def claim(transaction: Transaction, scope: str, key: str, digest: str, owner: str) -> Claim:
    """Claim `key` within `scope` for `owner`, for ever.

    `duplicate` when another claimed it with the same content, `conflict` when with other content.
    """
    row = {"scope": scope, "key": key, "digest": digest, "owner": owner, "first_seen": transaction.now}
    if transaction.insert_if_absent(identity, row):
        return Claim("new", owner)
    first = transaction.execute(
        select(identity.c.digest, identity.c.owner).where(identity.c.scope == scope, identity.c.key == key)
    ).one()
    return Claim("duplicate" if first.digest == digest else "conflict", first.owner)
