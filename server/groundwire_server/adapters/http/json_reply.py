"""Reading JSON replies of models: what was asked for, or a failure."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import jiter

from groundwire_server.adapters.http.error_response import failure_in
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage

T = TypeVar("T")

_MOST_TOKENS: Final = 2**31 - 1
_HAIR: Final = 1e-6


def read_json(body: bytes, take: Callable[[Any], T], unreadable: Callable[[], Failure]) -> T:
    """Return what is taken from a JSON body.

    Args:
        body: of the response.
        take: finds what was asked for in the decoded body. It may raise what lookups in values of another type raise.
        unreadable: makes the failure of a body that is no JSON, or in which `take` does not find what it looks for.

    Raises:
        Failure: that `unreadable` makes, that `take` raises, or that the body reports with a status of 200.
    """
    try:
        whole = jiter.from_json(body, catch_duplicate_keys=True)
    except ValueError:
        raise unreadable() from None
    if (failure := failure_in(whole)) is not None:
        raise failure
    try:
        return take(whole)
    except (AttributeError, LookupError, TypeError, ValueError):
        raise unreadable() from None


def usage_in(whole: Any) -> Usage | None:
    """Return what a model counted, in OpenAI's words; None where the body does not say."""
    usage = whole.get("usage") if isinstance(whole, dict) else None
    if not isinstance(usage, dict):
        return None
    read = _count(usage.get("input_tokens", usage.get("prompt_tokens")))
    return Usage(read, _count(usage.get("output_tokens", usage.get("completion_tokens")))) if read else None


def probability_in(value: object) -> float | None:
    """Return a number of a reply that is a probability; None where it is not finite, or not between 0 and 1.

    Raises:
        TypeError: when it is no number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    # Sums of floats may pass 1 by a hair; NaN fails both comparisons.
    return min(1.0, max(0.0, float(value))) if -_HAIR <= value <= 1 + _HAIR else None


def _count(value: object) -> int:
    return value if type(value) is int and 0 <= value <= _MOST_TOKENS else 0
