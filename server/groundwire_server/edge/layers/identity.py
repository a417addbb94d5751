"""Who calls."""

from collections.abc import Mapping

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.credentials import Kind
from groundwire_server.edge.access import Access
from groundwire_server.edge.call import Call
from groundwire_server.edge.identity import credentials_of
from groundwire_server.edge.layers.chain import Proceed
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.telemetry import names


class Identity:
    """Knows the caller before anything is done for it."""

    def __init__(self, current: CurrentSnapshot) -> None:
        self._current = current

    async def around(self, call: Call, proceed: Proceed) -> None:
        """Make the caller from what the call and its connection present."""
        call.caller = await caller_of(call, self._current.snapshot.access)
        call.span.set_attribute(names.TENANT, call.caller.tenant)
        await proceed()

    async def precheck(self, metadata: Mapping[str, str]) -> bool:
        """Whether the call will be let in, as far as its metadata tells: what a connection proves is not known yet."""
        access = self._current.snapshot.access
        if not access.authenticated or Kind.CERTIFICATE in access.authenticators:
            return True
        try:
            await access.caller(credentials_of(metadata, {}))
        except Exception:  # noqa: BLE001  # whatever it is, the layers meet it again and answer
            return False
        return True


class IdentityOfReaders(Identity):
    """The same for reflection, which is open while nothing is proven anyway."""

    async def around(self, call: Call, proceed: Proceed) -> None:
        """Let everybody in, or else only those who are somebody."""
        if self._current.snapshot.access.authenticated:
            await super().around(call, proceed)
        else:
            await proceed()


async def caller_of(call: Call, access: Access) -> Caller:
    """Return who calls.

    Raises:
        Refused: when that is not proven.
    """
    # Reading the connection copies its certificate: only where that counts.
    connection = call.context.auth_context() if Kind.CERTIFICATE in access.authenticators else {}
    return await access.caller(credentials_of(call.metadata, connection))
