"""${message}."""

# On SQLite `batch_alter_table` copies the table. Triggers and indexes over expressions do not come along: they are
# declared in backoffice/schema.py and made again at the end of the run. Where the table counts its rows, pass
# table_kwargs={"sqlite_autoincrement": True} to a batch that copies, or numbers may be given twice.
import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
