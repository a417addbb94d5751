"""Authentication."""

from typing import Protocol

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.credentials import Credentials


class Authenticator(Protocol):
    """Verifies one kind of credential; called only when a call presents that kind."""

    async def authenticate(self, credentials: Credentials) -> Caller:
        """Return the caller that the credential identifies.

        Raises:
            Refused: when it is not valid.
        """
        ...
