"""Page tokens: where a page of documents begins, bound to the list that it continues."""

import base64
import binascii
import hashlib
import json
from datetime import datetime
from typing import Final

from google.protobuf.message import Message

from groundwire_server.domain.document import Position
from groundwire_server.domain.failure import Rejection

_BINDING_BYTES: Final = 12


class PageTokens:
    """The tokens of one list.

    Args:
        parts: what makes a list another one: its filter and its order, each as a message or a text.
    """

    def __init__(self, *parts: Message | str) -> None:
        written = [
            part if isinstance(part, str) else part.SerializeToString(deterministic=True).hex() for part in parts
        ]
        digest = hashlib.blake2b(json.dumps(written).encode(), digest_size=_BINDING_BYTES)
        self._binding = digest.hexdigest()

    def write(self, last: Position) -> str:
        """Return the token of the page that follows a document."""
        written = json.dumps([self._binding, last.document_id, last.updated.isoformat()])
        return base64.urlsafe_b64encode(written.encode()).decode()

    def read(self, token: str) -> Position | None:
        """Return where a page begins; None for the first, whose token is empty.

        Raises:
            Rejection: INVALID_REQUEST when the token is not one of this list.
        """
        if not token:
            return None
        try:
            binding, document_id, updated = json.loads(base64.b64decode(token.encode(), altchars=b"-_", validate=True))
            position = Position(str(document_id), datetime.fromisoformat(updated))
        except (binascii.Error, UnicodeError, ValueError, TypeError):
            raise _refused("must be the next_page_token of an earlier page") from None
        if binding != self._binding:
            raise _refused("must be used with the filter and the order of the page that it came with")
        return position


def _refused(description: str) -> Rejection:
    return Rejection.invalid("page_token", description, "page_token")
