"""How long shipments took, for promises to come."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "transit",
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("shipments", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("region", "week", "node", "service", "days"),
    )
    op.create_index("transit_by_week", "transit", ["week"])
