"""Reading the replies of checkers."""

from collections.abc import Callable
from typing import Any, TypeVar

import jiter

from groundwire_server.adapters.checker.faults import CheckerFault, InvalidReplyFailure
from groundwire_server.adapters.http.error_response import failure_in
from groundwire_server.domain.generation import Usage

T = TypeVar("T")

_MOST_TOKENS = 2**31 - 1


def document(body: bytes, take: Callable[[Any], T]) -> tuple[T, Usage | None]:
    """Return what is taken from a JSON body, and the usage that stands in it.

    Raises:
        InvalidReplyFailure: when `take` does not find what it looks for.
        Failure: that the body reports, with a status of 200.
    """
    try:
        whole = jiter.from_json(body, catch_duplicate_keys=True)
    except ValueError:
        raise InvalidReplyFailure(CheckerFault.UNREADABLE) from None
    if (failure := failure_in(whole)) is not None:
        raise failure
    try:
        return take(whole), _usage(whole)
    except (AttributeError, LookupError, TypeError, ValueError):
        raise InvalidReplyFailure(CheckerFault.UNREADABLE) from None


def _usage(whole: Any) -> Usage | None:
    usage = whole.get("usage") if isinstance(whole, dict) else None
    if not isinstance(usage, dict):
        return None
    read = _count(usage.get("input_tokens", usage.get("prompt_tokens")))
    return Usage(read, _count(usage.get("output_tokens", usage.get("completion_tokens")))) if read else None


def _count(value: object) -> int:
    return value if type(value) is int and 0 <= value <= _MOST_TOKENS else 0
