"""What all tables have in common."""

from typing import Final

from sqlalchemy import BigInteger, Integer, MetaData

VERSION_TABLE: Final = "records_version"
"""The table that holds the revision of the schema; alembic makes it."""

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Has the tables of the modules that were imported; all of them are in `tables.all`."""

# SQLite counts rows in an INTEGER key alone.
NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")
