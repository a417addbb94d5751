"""What a running server says of a search, as an evaluation takes it."""

from typing import Any

import grpc
import pytest

import groundwire
from groundwire.v1.question_pb2 import Question
from groundwire_server.cli.evaluate.services import CallFailedError, RemoteService


class FailingClient(groundwire.Client):
    """A client whose every search fails."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def retrieve(self, *_: Any, **__: Any) -> Any:
        raise groundwire.Error(grpc.StatusCode.FAILED_PRECONDITION, "no passages", reason=self._reason)


async def test_a_search_that_policy_forbids_finds_nothing_and_is_no_failed_call() -> None:
    assert await RemoteService(FailingClient("CONTENT_FORBIDDEN")).retrieve(Question(text="Initech?")) == ()
    with pytest.raises(CallFailedError):
        await RemoteService(FailingClient("STORE_MISCONFIGURED")).retrieve(Question(text="Initech?"))
