"""What is on its way to nodes, and who is served first when it comes."""

import sqlalchemy as sa
from alembic import op

from store.columns import Exact

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incoming",
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("units", Exact(), nullable=False),
        sa.PrimaryKeyConstraint("sku", "node", "day"),
    )
    op.add_column("backorder", sa.Column("priority", sa.Integer(), nullable=True))
    op.add_column("backorder", sa.Column("units", Exact(), nullable=True))
