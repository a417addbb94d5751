"""How work fails.

Every exception of the server has one root, and its name says how it is handled:

- a `Failure` is planned for and becomes an outcome; its kinds end in `Failure`,
- a `Rejection` is planned for and fails the call with a status; `AccessDenied` is one,
- everything else ends in `Error`. It is translated into one of these before it reaches the pipeline or a caller, or
  ends the command.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from groundwire_server.domain.vocabulary import Cause, Feature, Reason

LONGEST_WAIT: Final = 30 * 86_400.0
"""Seconds of the longest wait that is passed on: headers of a dependency may ask for more than a duration can hold."""


class GroundwireError(Exception):
    """The root of every exception that the server raises."""


class Failure(GroundwireError):
    """A stage could not do its part. The product has planned for it: `pipeline/decide.py` chooses what follows.

    Attributes:
        cause: what happened.
        retry_after: seconds after which it may go better, when the dependency said so; LONGEST_WAIT at most.
    """

    def __init__(self, cause: Cause, *, retry_after: float | None = None) -> None:
        super().__init__(cause.value)
        self.cause = cause
        self.retry_after = None if retry_after is None else min(retry_after, LONGEST_WAIT)

    @property
    def error_type(self) -> str:
        """What telemetry calls it: the cause, or a more exact word of an adapter's own."""
        return self.cause.value


class Fault(Enum):
    """What is wrong with a dependency, and what its operator can do about it; each dependency has its own kinds.

    Attributes:
        message: what is wrong, without names or values of the dependency.
        advice: what to do about it; empty where only waiting helps.
    """

    def __init__(self, message: str, advice: str = "") -> None:
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message}: {self.advice}" if self.advice else self.message


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that breaks one of its limits. The text names the limit, never the value."""

    field: str
    description: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class QuotaViolation:
    """One limit that has nothing left.

    Attributes:
        limit: its row and kind, such as `users.requests_per_minute`.
        subject: whose count it is, such as `tenant:acme`; never anybody but the caller.
        description: how much the limit allows, and until when it is used up.
        metric: what is counted, such as `requests`.
        value: how much the limit allows.
        dimensions: what the count is kept for, by name.
    """

    limit: str
    subject: str
    description: str
    metric: str
    value: int
    dimensions: Mapping[str, str]


class Rejection(GroundwireError):
    """The call itself fails, with a status.

    Attributes:
        reason: why.
        violations: every field that breaks its limits.
        quotas: every limit that has nothing left.
        metadata: what may be told about it; never a text, a document or a secret.
        retry_after: seconds after which it may go better.
    """

    def __init__(
        self,
        reason: Reason,
        *,
        violations: Sequence[Violation] = (),
        quotas: Sequence[QuotaViolation] = (),
        metadata: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.violations = tuple(violations)
        self.quotas = tuple(quotas)
        self.metadata = dict(metadata or {})
        self.retry_after = retry_after

    @classmethod
    def not_offered(cls, feature: Feature) -> "Rejection":
        """The server, or the route, has no part of the contract that the call needs."""
        return cls(Reason.FEATURE_NOT_OFFERED, metadata={"feature": feature.value})

    @classmethod
    def invalid(cls, field: str, description: str, rule: str = "") -> "Rejection":
        """One field is invalid."""
        return cls(Reason.INVALID_REQUEST, violations=(Violation(field, description, rule),))


class SetupError(GroundwireError):
    """A file, model, store or credential that the operator named cannot be used.

    The text is one line: what is wrong, and what to do.
    """
