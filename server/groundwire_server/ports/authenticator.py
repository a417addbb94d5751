"""Who a credential belongs to."""

from typing import Protocol

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.credentials import Credentials


class Authenticator(Protocol):
    """Verifies one kind of credential; asked only when a call presents that kind."""

    async def authenticate(self, credentials: Credentials) -> Caller:
        """Return whose it is.

        Raises:
            Refused: when it is not valid.
        """
        ...
