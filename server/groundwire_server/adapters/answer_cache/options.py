"""How many earlier answers are kept, and for how long."""

from enum import StrEnum
from typing import Final

from pydantic import Field

from groundwire_server.options import Options

MEGABYTE: Final = 1024 * 1024

MOST_BYTES: Final = MEGABYTE
"""The size of one answer with its passages; a larger one would take the place of hundreds, and is not kept."""

FORGOTTEN_SECONDS: Final = 86_400.0
"""How long it is known that answers of a tenant were forgotten: longer than any call lasts that had begun before."""


class AnswerCacheKind(StrEnum):
    """Where earlier answers are kept."""

    MEMORY = "memory"
    REDIS = "redis"
    NONE = "none"


class Full(StrEnum):
    """What had no room left when an answer was evicted."""

    TENANT = "tenant"
    CACHE = "cache"


class AnswerCacheOptions(Options):
    """Earlier answers that may stand in; each route says when one does."""

    kind: AnswerCacheKind = Field(
        AnswerCacheKind.MEMORY,
        description="Where they are kept: `memory`, each process its own, until it ends; `redis`, all processes "
        "together, in the Redis of the section `redis`; `none` keeps none.",
    )
    entries: int = Field(
        10_000, ge=1, le=10_000_000, description="Answers kept; the least recently used make room for others."
    )
    megabytes: int = Field(64, ge=2, le=1_000_000, description="Their size together, with the passages they are from.")
    max_age_seconds: float = Field(
        86_400.0, gt=0, le=31_536_000, description="Age at which an answer is forgotten, whatever the route allows."
    )
    tenant_share: float = Field(
        0.5, gt=0, le=1, description="The share of entries and of megabytes that one tenant may have."
    )

    @property
    def total_bytes(self) -> int:
        """The size of all answers together."""
        return self.megabytes * MEGABYTE

    @property
    def tenant_entries(self) -> int:
        """The answers of one tenant."""
        return max(1, int(self.entries * self.tenant_share))

    @property
    def tenant_bytes(self) -> int:
        """The size of one tenant's answers together: room for one at least."""
        return max(MOST_BYTES, int(self.total_bytes * self.tenant_share))
