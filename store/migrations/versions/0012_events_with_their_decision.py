"""Events are kept with the decision that made them happen."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_GENESIS = "0" * 64
_OURS = "event.order_id = decision.order_id and event.decision = decision.id"
_JOINED = {
    "sqlite": f"""select group_concat(said, ',') from (
        select '["' || kind || '",' || facts || ']' as said from event where {_OURS} order by seq)""",  # noqa: S608
    "postgresql": f"""select string_agg('["' || kind || '",' || facts || ']', ',' order by seq)
        from event where {_OURS}""",  # noqa: S608
}
_FIRST = f"(select min(seq) from event where {_OURS})"  # noqa: S608
_LAST = f"(select max(seq) from event where {_OURS})"  # noqa: S608
_BEFORE = f"""(select before.previous from event as before
    where before.order_id = decision.order_id and before.seq = {_FIRST})"""  # noqa: S608
_REACHED = """coalesce((select max(seq) from event
    where event.order_id = decision.order_id and event.hash = decision.head), 0)"""


def upgrade() -> None:
    """A decision of no events stands behind those before it, on whose last its chain ended."""
    for name in ("first_event", "last_event"):
        op.add_column("decision", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("decision", sa.Column("events", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("decision", sa.Column("previous", sa.String(), nullable=False, server_default=_GENESIS))
    joined = _JOINED[op.get_bind().dialect.name]
    op.execute(
        f"""update decision set
        first_event = coalesce({_FIRST}, {_REACHED} + 1), last_event = coalesce({_LAST}, {_REACHED}),
        events = '[' || coalesce(({joined}), '') || ']', previous = coalesce({_BEFORE}, head, '{_GENESIS}')"""  # noqa: S608
    )
    op.drop_table("event")
