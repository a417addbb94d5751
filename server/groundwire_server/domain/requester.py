"""On whose behalf work is done, as limits and fair shares see it."""

from dataclasses import dataclass
from typing import Final

from groundwire_server.domain.vocabulary import Priority


@dataclass(frozen=True, slots=True)
class Requester:
    """Who is charged for work, and who waits for whom.

    Attributes:
        end_user: the person behind the call, as the caller names it; empty where it names none.
        route: whose limits apply; empty for work without one, such as ingest.
        priority: whether it waits for others when there is too much to do.
    """

    tenant: str
    subject: str = ""
    end_user: str = ""
    route: str = ""
    priority: Priority = Priority.INTERACTIVE


NOBODY: Final = Requester("")
"""For work that no caller has set off, such as an examination of the configuration."""
