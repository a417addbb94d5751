"""The id by which a call is spoken of."""

import re
from random import Random

from groundwire_server.edge.call import Call
from groundwire_server.edge.layers.chain import Proceed
from groundwire_server.telemetry import names

_BITS = 128
_VALID = re.compile(r"[A-Za-z0-9_.-]{8,64}")


class RequestId:
    """Takes the request's own id, or else chooses one; it leaves in the trailers.

    An invalid id is not echoed: the validation layer refuses it under a chosen one.
    """

    def __init__(self) -> None:
        # Ids are told to whoever asks and open nothing; asking the system for each would cost more than a stage.
        self._random = Random()  # noqa: S311

    async def around(self, call: Call, proceed: Proceed) -> None:
        """Name the call."""
        given = getattr(call.request, "request_id", "")
        call.request_id = given if _VALID.fullmatch(given) else f"{self._random.getrandbits(_BITS):032x}"
        call.span.set_attribute(names.REQUEST_ID, call.request_id)
        call.context.set_trailing_metadata(call.trailers)
        await proceed()
