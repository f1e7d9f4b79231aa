"""Blocks: each commit's decisions sealed together and chained to the commit before, so that none goes missing unseen.

An order's own chain shows that its events follow each other; the blocks show that no order, and no end of one, was
taken out or written anew. Who holds a block's hash outside the database (`store.anchors`) can prove all before it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from store.digest import GENESIS, sha256
from store.shapes import Shape
from store.transaction import Sealed, Transaction
from store.watch_tables import block

_TURN = 1128551236
"""The advisory lock under which blocks are written one after another."""


_LAST = Shape(lambda _: select(block.c.seq, block.c.hash).order_by(block.c.seq.desc()).limit(1))


class Block(NamedTuple):
    """What a block's hash covers beside its predecessor's."""

    seq: int
    id: str
    decisions: int
    digest: str
    """Of its decisions."""
    at: datetime


def block_digest(sealed: Iterable[Sealed]) -> str:
    """SHA-256 over a line for each decision, by id: id, digest, and the head of its order's chain."""
    return sha256("".join(f"{one.id} {one.digest} {one.head}\n" for one in sorted(sealed)))


def block_hash(previous: str, said: Block) -> str:
    """SHA-256 over the predecessor's hash and what the block says, with spaces between and the instant in ISO 8601."""
    return sha256(f"{previous} {said.seq} {said.id} {said.decisions} {said.digest} {said.at.isoformat()}")


def write_block(transaction: Transaction) -> None:
    """Seal the decisions of a commit. It is the last thing a commit does, since all commits take turns here."""
    if transaction.dialect == "postgresql":
        transaction.execute(select(func.pg_advisory_xact_lock(_TURN)))
    last = transaction.ask(_LAST)
    seq, previous = (last[0].seq + 1, last[0].hash) if last else (1, GENESIS)
    sealed = transaction.sealed
    said = Block(seq, sealed[0].id, len(sealed), block_digest(sealed), transaction.now)
    transaction.insert(block, said._asdict() | {"previous": previous, "hash": block_hash(previous, said)})
    transaction.write_down()
