"""Authentication."""

from typing import Protocol

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.credentials import Credentials


class Authenticator(Protocol):
    """Verifies one kind of credential; called only when a call presents that kind."""

    async def authenticate(self, credentials: Credentials) -> Caller:
        """Return the caller that the credential identifies.

        Raises:
            AccessDenied: when it is not valid.
        """
        ...

    async def renew(self, caller: Caller, *, frozen: bool) -> Caller:
        """Return a caller that this kind of credential proved before, with the rights that it has now.

        Args:
            caller: its `credential` says what to look up.
            frozen: whether the rights of then count where nothing can be looked up.

        Raises:
            AccessDenied: when the credential proves it no more.
        """
        ...
