"""What is awaited and by when; answers that travel together; interchange numbers to match a TA1 by."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from store.columns import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "awaited",
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("order_id", sa.String(), nullable=True),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("due", Instant(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("exception", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("document", "way", "kind"),
    )
    op.create_index("awaited_due", "awaited", ["due"], **_only("status = 'open'"))
    op.create_index("awaited_number", "awaited", ["partner", "number"], **_only("number IS NOT NULL"))
    op.create_index("awaited_of_order", "awaited", ["order_id"])
    op.add_column("document", sa.Column("carrier", sa.String(), nullable=True))
    op.add_column("document", sa.Column("interchange_number", sa.String(), nullable=True))
    op.execute(_numbers())
    op.create_index("document_carried", "document", ["carrier"], **_only("carrier IS NOT NULL"))
    op.create_index(
        "document_by_interchange",
        "document",
        ["partner", "interchange_number"],
        **_only("interchange_number IS NOT NULL"),
    )


def _numbers() -> str:
    """Interchange numbers of what was sent before, out of the control numbers kept as JSON."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    number = "(control::json ->> 'interchange')" if postgresql else "json_extract(control, '$.interchange')"
    return f"update document set interchange_number = ltrim({number}, '0') where control is not null"  # noqa: S608


def _only(where: str) -> dict[str, Any]:
    """A partial index on either database."""
    return {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}
