"""Reading the replies of checkers."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from groundwire_server.adapters.checker.faults import CheckerFault, InvalidReplyFailure
from groundwire_server.adapters.classification.replies import RowCountError
from groundwire_server.adapters.http.json_reply import read_json, usage_in
from groundwire_server.domain.generation import Usage

T = TypeVar("T")


def document(body: bytes, take: Callable[[Any], T]) -> tuple[T, Usage | None]:
    """Return what is taken from a JSON body, and the usage that stands in it.

    Raises:
        InvalidReplyFailure: when `take` does not find what it looks for.
        Failure: that the body reports, with a status of 200.
    """

    def taken(whole: Any) -> tuple[T, Usage | None]:
        try:
            return take(whole), usage_in(whole)
        except RowCountError:
            raise InvalidReplyFailure(CheckerFault.COUNT) from None

    return read_json(body, taken, partial(InvalidReplyFailure, CheckerFault.UNREADABLE))
