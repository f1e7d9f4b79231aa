"""Orders are known by the numbers of the invoices and credit memos that their buyers were sent."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "INSERT INTO lane_name (scope, name, lane)"
        " SELECT 'invoice/' || partner, replace(identity, '/receivable/original', ''), order_id FROM document"
        " WHERE direction = 'out' AND kind IN ('Invoice', 'CreditMemo') AND order_id IS NOT NULL"
        " ON CONFLICT DO NOTHING"
    )
