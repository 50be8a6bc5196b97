"""What a job's dialect keeps of its request, to answer about it later."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("note", sa.Text()))


def downgrade() -> None:
    op.drop_column("jobs", "note")
