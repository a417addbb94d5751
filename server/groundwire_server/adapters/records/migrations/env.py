"""What alembic runs for each command: the steps, within the transaction of the caller or as SQL that it writes."""

from alembic import context

from groundwire_server.adapters.records.tables.all import ALL_TABLES
from groundwire_server.adapters.records.tables.base import VERSION_TABLE

given = context.config.attributes
# Several programs may share a database; each with alembic has a table of versions.
context.configure(
    connection=given.get("connection"),
    dialect_name=given.get("dialect"),
    target_metadata=ALL_TABLES,
    version_table=VERSION_TABLE,
    literal_binds=context.is_offline_mode(),
    # SQLite changes a column by making the table anew.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
