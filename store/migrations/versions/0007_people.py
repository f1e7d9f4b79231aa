"""Tokens may name the person who bears them; orders that are held are found without reading the others."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("token", sa.Column("person", sa.String(), nullable=True))
    held = sa.text("status = 'held'")
    op.create_index("order_held", "sales_order", ["created_at"], sqlite_where=held, postgresql_where=held)
