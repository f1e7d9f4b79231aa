"""Which entries were gathered for an ERP, in which summary."""

import sqlalchemy as sa
from alembic import op

from store.columns import Instant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gathered",
        sa.Column("erp", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("summary", sa.String(), nullable=False),
    )
    op.create_table(
        "gathering",
        sa.Column("erp", sa.String(), primary_key=True),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("mark", Instant(), nullable=False),
    )
    op.create_index("journal_by_time", "journal_entry", ["posted_at"])
