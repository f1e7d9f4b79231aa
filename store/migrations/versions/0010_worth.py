"""What each posted event was worth, to hold an order's postings against its invoices, credits and payments."""

import sqlalchemy as sa
from alembic import op

from store.columns import Exact

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("journal_entry", sa.Column("worth", Exact(), nullable=True))
