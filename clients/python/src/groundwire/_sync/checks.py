# Generated from clients/python/src/groundwire/_async/checks.py: change that, then `make generate`.
"""The check of one text."""

from collections.abc import Generator

import grpc

from groundwire._sync.connection import Connection
from groundwire._threads.calls import sleep
from groundwire.errors import ended_early
from groundwire.v1.grounding_service_pb2 import CheckGroundingRequest, CheckGroundingResponse


def check(
    connection: Connection, request: CheckGroundingRequest, timeout: float | None
) -> Generator[CheckGroundingResponse, None, None]:
    """Yield the sentences of a text with their verdicts, the summary last.

    Args:
        connection: to the server.
        request: what is to be checked.
        timeout: seconds that all of it may take; None takes the client's.

    Raises:
        Error: when the call fails. It is made again as long as no sentence was yielded.
    """
    attempts = connection.attempts(timeout)
    response: CheckGroundingResponse | None = None
    while True:
        call = connection.grounding.CheckGrounding(request, timeout=attempts.time_left, metadata=connection.metadata())
        try:
            for response in call:
                connection.answered()
                yield response
        except grpc.RpcError as failed:
            error = connection.error(failed)
            wait = attempts.wait_after(error) if response is None else None
            if wait is None:
                raise error from None
            sleep(wait)
        else:
            if response is None or not response.HasField("summary"):
                raise ended_early("")
            attempts.succeeded()
            return
        finally:
            call.cancel()
