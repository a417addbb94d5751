"""Options of queued answers."""

from typing import Self

from pydantic import Field, model_validator

from groundwire_server.options import Options
from groundwire_server.ports.operations import QueueBounds


class QueueOptions(Options):
    """Questions that are answered later: how many may wait, for how long, and how they are worked off."""

    enabled: bool = Field(True, description="Whether questions can be answered later.")
    max_waiting: int = Field(
        10_000, ge=1, le=10_000_000, description="Questions of all tenants that may wait, halted ones among them."
    )
    max_waiting_per_tenant: int = Field(1000, ge=1, le=10_000_000, description="Questions of one tenant that may wait.")
    max_question_bytes: int = Field(
        262_144,
        ge=8192,
        le=16_777_216,
        description="Largest question that may wait, with its turns and the passages that the caller provides.",
    )
    answer_within_seconds: float = Field(
        3600.0, ge=1, le=604_800, description="How long an answer is of use, unless the call says otherwise."
    )
    max_answer_within_seconds: float = Field(86_400.0, ge=1, le=604_800, description="The longest that a call may say.")
    attempts: int = Field(
        5,
        ge=1,
        le=100,
        description="Attempts at an answer before the operation is halted, until an operator requeues it.",
    )
    backoff_seconds: float = Field(2.0, gt=0, le=3600, description="Wait before the second attempt; it doubles.")
    max_backoff_seconds: float = Field(300.0, gt=0, le=86_400, description="Longest wait between two attempts.")
    lease_seconds: float = Field(
        30.0,
        ge=1,
        le=3600,
        description="How long a worker that says nothing is waited for; then another takes up its question.",
    )
    concurrent: int = Field(
        4,
        ge=0,
        le=1000,
        description="Queued questions that a process answers at once; 0 leaves them to `groundwire worker`, which "
        "takes 4 then.",
    )
    poll_seconds: float = Field(
        2.0, gt=0, le=600, description="How often the database is asked for work of which no wake-up came."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        # A default gives way to the value that was set; two values that were set contradict each other.
        if self._both_set("max_waiting_per_tenant", "max_waiting") and self.max_waiting_per_tenant > self.max_waiting:
            raise ValueError("max_waiting_per_tenant must be at most max_waiting")
        if self.answer_within_seconds > self.max_answer_within_seconds:
            raise ValueError("answer_within_seconds must be at most max_answer_within_seconds")
        if self.backoff_seconds > self.max_backoff_seconds:
            raise ValueError("backoff_seconds must be at most max_backoff_seconds")
        return self

    def _both_set(self, *names: str) -> bool:
        return self.model_fields_set.issuperset(names)

    def bounds(self, weight: float) -> QueueBounds:
        """Return how much may wait, for a tenant of this weight."""
        of_tenant = min(self.max_waiting_per_tenant, self.max_waiting)
        return QueueBounds(self.max_waiting, of_tenant, self.max_question_bytes, weight)

    def answer_within(self, wanted: float | None) -> float:
        """Return for how many seconds an answer is of use.

        Args:
            wanted: what the call says, in seconds; None where it says nothing.
        """
        return min(self.answer_within_seconds if wanted is None else wanted, self.max_answer_within_seconds)
