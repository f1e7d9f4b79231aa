"""Whose turn it is to look at a place."""

import sqlalchemy as sa
from alembic import op

from store.columns import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "turn",
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=True),
        sa.Column("due", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("place"),
    )
