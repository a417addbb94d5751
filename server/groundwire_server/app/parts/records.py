"""The database of what outlives the process."""

from typing import TYPE_CHECKING

from groundwire_server.app.configuration.models.configuration import Configuration, records_options
from groundwire_server.app.parts.shared import Lease

if TYPE_CHECKING:
    from groundwire_server.adapters.records.opening import Records


async def open_records(configuration: Configuration, lease: Lease) -> "Records | None":
    """Return the database of records, one for all of its users; None where there is none.

    Raises:
        SetupError: when it cannot be used as it is.
    """
    options = records_options(configuration)
    if options is None:
        return None
    # Imported here: a server without records starts without what speaks SQL.
    from groundwire_server.adapters.records.opening import opened_records  # noqa: PLC0415

    return await lease.take(("records", options), lambda: opened_records(options))
