"""The caller's deadline, once, on the loop's clock."""

import asyncio

from groundwire_server.domain.deadline import Deadline
from groundwire_server.edge.call import Call
from groundwire_server.edge.layers.chain import Proceed


class CallDeadline:
    """Turns gRPC's remaining wall-clock time into an instant that is passed down."""

    async def around(self, call: Call, proceed: Proceed) -> None:
        """Read the deadline before any work."""
        remaining = call.context.time_remaining()
        if remaining is not None:
            call.deadline = Deadline(asyncio.get_running_loop().time() + remaining)
        await proceed()
