"""Pages of lists: how long they are, and the tokens that continue them."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from google.protobuf.message import Message

from groundwire_server.domain.failure import Rejection
from groundwire_server.edge.limits import PAGE_LIMIT

T = TypeVar("T")

DEFAULT_SIZE = 100

_BINDING_BYTES: Final = 12


def page_size(wanted: int) -> int:
    """Return how many entries a page has at most; the contract cuts a size that is too large."""
    return min(wanted or DEFAULT_SIZE, PAGE_LIMIT)


class PageTokens:
    """The tokens of one list, which no other list accepts.

    Args:
        parts: everything that makes it another list, such as its filter and its order.
    """

    def __init__(self, *parts: Message | str) -> None:
        written = [
            part if isinstance(part, str) else part.SerializeToString(deterministic=True).hex() for part in parts
        ]
        self._binding = hashlib.blake2b(json.dumps(written).encode(), digest_size=_BINDING_BYTES).hexdigest()

    def write(self, *place: str) -> str:
        """Return the token of the page after the entry at a place."""
        return base64.urlsafe_b64encode(json.dumps([self._binding, *place]).encode()).decode()

    def cut(self, found: Sequence[T], size: int, place: Callable[[T], Iterable[str]]) -> tuple[Sequence[T], str]:
        """Return a page, and the token of the one that follows; it is empty on the last.

        Args:
            found: the entries from the place on, one more than the page has where there are more.
            size: how many the page has at most.
            place: returns the place of an entry, as texts.
        """
        page = found[:size]
        return page, self.write(*place(page[-1])) if len(found) > size else ""

    def read(self, token: str, parse: Callable[..., T]) -> T | None:
        """Return the place after which a page begins; None for the first page, whose token is empty.

        Args:
            token: of the request.
            parse: makes a place of the texts that were written; it raises ValueError or TypeError for others.

        Raises:
            Rejection: INVALID_REQUEST when the token is of another list, or none of ours.
        """
        if not token:
            return None
        try:
            binding, *place = json.loads(base64.b64decode(token.encode(), altchars=b"-_", validate=True))
            found = parse(*map(_text, place))
        except (binascii.Error, ValueError, TypeError):
            raise _refused("must be the next_page_token of an earlier page") from None
        if binding != self._binding:
            raise _refused("must be used with the filter and the order of the page that it came with")
        return found


def _text(part: object) -> str:
    if not isinstance(part, str):
        raise TypeError("places are written as text")
    return part


def _refused(description: str) -> Rejection:
    return Rejection.invalid("page_token", description, "page_token")
