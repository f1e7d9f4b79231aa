"""Blocks: decisions sealed by the commit they were written in. What was decided before is sealed a part at a time."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

from store.columns import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_GENESIS = "0" * 64
_PART = 500
_HEADS = f"""
update decision set head = coalesce((
    select event.hash from event where event.order_id = decision.order_id and event.decision <= decision.id
    order by event.seq desc limit 1), '{_GENESIS}')
"""  # noqa: S608 - a constant. Ids rise with time: the chain then ended on the last event of this decision or an earlier
_NEXT = sa.text("select id, digest, head from decision where id > :last order by id limit :part")
_SEAL = sa.text("update decision set block = :block where id >= :block and id <= :last")


def upgrade() -> None:
    op.add_column("decision", sa.Column("head", sa.String(), nullable=True))
    op.add_column("decision", sa.Column("block", sa.String(), nullable=True))
    block = op.create_table(
        "block",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("decisions", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("block_by_id", "block", ["id"], unique=True)
    op.execute(_HEADS)
    previous, at = _GENESIS, datetime.now(UTC)
    for seq, rows in enumerate(_parts(op.get_bind()), start=1):
        row = _sealed(seq, rows, at, previous)
        op.bulk_insert(block, [row])
        previous = row["hash"]


def _parts(connection: sa.Connection) -> Iterator[Sequence[Any]]:
    """The decisions by id, each part marked with the block that seals it."""
    last = ""
    while rows := connection.execute(_NEXT, {"last": last, "part": _PART}).all():
        last = rows[-1].id
        connection.execute(_SEAL, {"block": rows[0].id, "last": last})
        yield rows


def _sealed(seq: int, rows: Sequence[Any], at: datetime, previous: str) -> dict[str, Any]:
    digest = sha256("".join(f"{row.id} {row.digest} {row.head}\n" for row in rows).encode()).hexdigest()
    said = f"{previous} {seq} {rows[0].id} {len(rows)} {digest} {at.isoformat()}"
    row = {"seq": seq, "id": rows[0].id, "decisions": len(rows), "digest": digest, "at": at, "previous": previous}
    return row | {"hash": sha256(said.encode()).hexdigest()}
