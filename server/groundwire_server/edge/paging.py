"""Pages of lists: how long they are, and the tokens that continue them."""

import base64
import binascii

from groundwire_server.domain.failure import Rejection
from groundwire_server.edge.limits import PAGE_LIMIT

DEFAULT_SIZE = 100


def page_size(wanted: int) -> int:
    """Return how many entries a page has at most; the contract cuts a size that is too large."""
    return min(wanted or DEFAULT_SIZE, PAGE_LIMIT)


def token_after(last: str) -> str:
    """Return the token of the page after the entry of this name."""
    return base64.urlsafe_b64encode(last.encode()).decode()


def last_of(token: str) -> str:
    """Return the name of the last entry before the page of a token; empty for the first page.

    Raises:
        Rejection: INVALID_REQUEST when the token is none of ours.
    """
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise Rejection.invalid("page_token", "must be the next_page_token of an earlier page", "page_token") from None
