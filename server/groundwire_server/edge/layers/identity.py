"""Who calls."""

from groundwire_server.edge.call import Call
from groundwire_server.edge.identity import caller_of
from groundwire_server.edge.layers.chain import Proceed
from groundwire_server.telemetry import names


class Identity:
    """Knows the caller before anything is done for it."""

    async def around(self, call: Call, proceed: Proceed) -> None:
        """Make the caller from the connection's credentials."""
        call.caller = caller_of(call.metadata)
        call.span.set_attribute(names.TENANT, call.caller.tenant)
        await proceed()
