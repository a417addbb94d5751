"""How work fails: a `Failure` becomes an outcome, a `Rejection` a failed call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from groundwire_server.domain.vocabulary import Cause, Reason


class Failure(Exception):
    """A stage could not do its part. The product has planned for it: `pipeline/decide.py` chooses what follows.

    Attributes:
        cause: what happened.
        retry_after: seconds after which it may go better, when the dependency said so.
    """

    def __init__(self, cause: Cause, *, retry_after: float | None = None) -> None:
        super().__init__(cause.value)
        self.cause = cause
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that breaks one of its limits. The text names the limit, never the value."""

    field: str
    description: str
    rule: str = ""


class Rejection(Exception):
    """The call itself fails, with a status.

    Attributes:
        reason: why.
        violations: every field that breaks its limits.
        metadata: what may be told about it; never a text, a document or a secret.
        retry_after: seconds after which it may go better.
    """

    def __init__(
        self,
        reason: Reason,
        *,
        violations: Sequence[Violation] = (),
        metadata: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.violations = tuple(violations)
        self.metadata = dict(metadata or {})
        self.retry_after = retry_after

    @classmethod
    def invalid(cls, field: str, description: str, rule: str = "") -> "Rejection":
        """One field is invalid."""
        return cls(Reason.INVALID_REQUEST, violations=(Violation(field, description, rule),))


class Unusable(Exception):
    """What the server is told to use cannot be used. Its text is one line that says what is wrong and what to do."""
