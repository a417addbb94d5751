"""The trail of a call: what its work has found out so far, so that a call that ends early can be reported, too."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

from groundwire_server.domain.outcome import Outcome, Report


@dataclass(slots=True)
class Trail:
    """The trail of one call. A task that the call starts inherits it, as it does the current span.

    Attributes:
        report: returns what is known so far, at a time on the event loop's clock; None before the work began.
        compared: takes the outcome of a comparison in the shadow, and the one that left; None where nobody records it.
        abandoned: takes the end of work that has outlived its call; None while the call lasts.
        limits_in_shadow: those that would have refused something, each once.
        limits_unchecked: whether the call went on though its limits could not be checked.
    """

    report: Callable[[float], Report] | None = None
    compared: Callable[[Outcome, Outcome], None] | None = None
    abandoned: Callable[[Report, Outcome | None], None] | None = None
    limits_in_shadow: list[str] = field(default_factory=list)
    limits_unchecked: bool = False


_CURRENT: ContextVar[Trail | None] = ContextVar("groundwire-trail", default=None)


def begin_trail() -> Trail:
    """Begin the trail of the call that this task serves."""
    trail = Trail()
    _CURRENT.set(trail)
    return trail


def current_trail() -> Trail | None:
    """Return the trail of the call that this work is for; None where there is no call."""
    return _CURRENT.get()
