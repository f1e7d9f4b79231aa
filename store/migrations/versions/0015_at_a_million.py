"""What is looked up in a full store is found by an index, and what was erased is marked."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_INDEXES = (
    # name, table, columns, which rows
    ("transmission_unerased", "transmission", ["received_at"], "not erased"),
    ("document_by_kind", "document", ["direction", "kind"], None),
    ("document_of_partner", "document", ["partner", "at"], None),
    ("document_duplicate", "document", ["duplicate_of"], "duplicate_of is not null"),
    ("order_by_status", "sales_order", ["status", "erased", "updated_at"], None),
    ("order_of_channel", "sales_order", ["channel", "created_at"], None),
    ("journal_totals", "journal_entry", ["currency", "debit", "credit"], None),
    ("exception_of_document", "exception", ["document"], "document is not null"),
    ("exception_of_transmission", "exception", ["transmission"], "transmission is not null"),
)


def upgrade() -> None:
    """The record of what was erased tells which rows to mark."""
    for table, subject in (("transmission", "transmission"), ("sales_order", "order")):
        op.add_column(table, sa.Column("erased", sa.Boolean(), nullable=False, server_default=sa.false()))
        recorded = f"exists (select 1 from erasure where erasure.subject = '{subject}/' || {table}.id)"  # noqa: S608
        op.execute(f"update {table} set erased = true where {recorded}")  # noqa: S608 - names are ours
    for name, table, columns, which in _INDEXES:
        where = None if which is None else sa.text(which)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
