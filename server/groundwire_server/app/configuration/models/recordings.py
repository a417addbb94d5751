"""Recordings of a route: whose calls are kept with all that came back for them."""

from typing import Final

from pydantic import Field

from groundwire_server.adapters.guards.personal import PERSONAL_CATEGORIES
from groundwire_server.adapters.records.options import RetentionOptions
from groundwire_server.app.configuration.models.authentication import Tenant
from groundwire_server.app.configuration.models.section import Name
from groundwire_server.domain.recording_policy import RecordingPolicy
from groundwire_server.domain.review_policy import DAY
from groundwire_server.options import Options

_LONGEST_DAYS: Final = 3650


class RouteRecordingConfig(Options):
    """Which calls of a route are recorded, so that they can be replayed. None is, unless tenants are named."""

    tenants: tuple[Tenant, ...] = Field(
        (),
        max_length=1000,
        description="Tenants whose calls are recorded with their passages and what models wrote, encrypted; they need "
        "`records`. Each is named: no word stands for all.",
        examples=[["acme"]],
    )
    share: float = Field(0.01, gt=0, le=1, description="Share of their calls, drawn by request, from 0 to 1.")
    mask: tuple[Name, ...] = Field(
        PERSONAL_CATEGORIES,
        max_length=64,
        description="What a recording has placeholders for: categories of personal data, and guards by name. With [] "
        "it keeps every text as it is. All categories of personal data if unset.",
        examples=[["email", "phone"]],
    )
    keep_days: float | None = Field(
        None,
        gt=0,
        le=_LONGEST_DAYS,
        description="Days that a recording is kept; `records.retention.recording_days` if unset.",
        examples=[14],
    )

    def policy(self, retention: RetentionOptions) -> RecordingPolicy | None:
        """Return what is recorded; None where nothing is.

        Args:
            retention: how long records are kept where the route does not say.
        """
        if not self.tenants:
            return None
        days = retention.recording_days if self.keep_days is None else self.keep_days
        return RecordingPolicy(frozenset(self.tenants), self.share, days * DAY)
