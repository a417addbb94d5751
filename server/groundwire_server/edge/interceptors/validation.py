"""The contract's limits, enforced on every request."""

from typing import ClassVar

from groundwire_server.edge.call import Call
from groundwire_server.edge.interceptors.access import Authorization
from groundwire_server.edge.interceptors.chain import Proceed, Reasons


class Validation:
    """Rejects a request that was found to violate its constraints when it was read, naming the fields.

    A stream of requests is checked message by message in its servicer, which answers each with a result of its own.
    """

    inside: ClassVar[Reasons] = {Authorization: "only callers who may make the call learn what a valid request is"}

    async def intercept(self, call: Call, proceed: Proceed) -> None:
        """Check the request, if there is one."""
        if call.received is not None:
            call.received.valid()
        await proceed()
