"""All tables at once."""

from typing import Final

from groundwire_server.adapters.records.tables import (
    audit,
    experiment_results,
    operations,
    recordings,
    registry,
    reviews,
    usage,
)
from groundwire_server.adapters.records.tables.base import metadata

SUBJECTS: Final = (audit, experiment_results, operations, recordings, registry, reviews, usage)
"""The modules that have tables: importing one adds these to the metadata."""

ALL_TABLES: Final = metadata
"""The metadata with none of the tables missing."""
