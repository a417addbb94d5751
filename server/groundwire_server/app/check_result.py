"""One result of `groundwire doctor`."""

from dataclasses import dataclass
from enum import StrEnum


class CheckState(StrEnum):
    """How a checked thing is: fine; working, but with a reason to look at it; or broken."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one checked thing is.

    Attributes:
        check: the name of the check.
        state: how it is.
        message: what was found.
        advice: what to do about it; empty where there is nothing to do.
    """

    check: str
    state: CheckState
    message: str
    advice: str = ""
