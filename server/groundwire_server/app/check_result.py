"""The results of `groundwire doctor`."""

from dataclasses import dataclass
from enum import StrEnum


class CheckState(StrEnum):
    """How a checked thing is."""

    OK = "ok"
    """It is fine."""
    WARN = "warn"
    """It works, but needs attention."""
    FAIL = "fail"
    """It is broken."""
    SKIP = "skip"
    """It could not be checked."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one checked thing is.

    Attributes:
        check: the name of the check.
        state: how the thing is.
        message: what was found.
        advice: what to do about it; empty where there is nothing to do.
    """

    check: str
    state: CheckState
    message: str
    advice: str = ""

    @classmethod
    def ok(cls, check: str, message: str) -> "CheckResult":
        """Return the result for a thing that is fine."""
        return cls(check, CheckState.OK, message)

    @classmethod
    def warn(cls, check: str, message: str, advice: str) -> "CheckResult":
        """Return the result for a thing that works, but should be looked at."""
        return cls(check, CheckState.WARN, message, advice)

    @classmethod
    def fail(cls, check: str, message: str, advice: str = "") -> "CheckResult":
        """Return the result for a thing that is broken."""
        return cls(check, CheckState.FAIL, message, advice)

    @classmethod
    def skip(cls, check: str, message: str, advice: str) -> "CheckResult":
        """Return the result for a thing that could not be checked; the advice says how it can be."""
        return cls(check, CheckState.SKIP, message, advice)
