"""The calls that are measured over the gateway."""

import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import aiohttp

from groundwire.v1.answer_service_pb2 import AnswerRequest, AnswerResponse
from groundwire.v1.question_pb2 import Question

_PATH: Final = "/groundwire.v1.AnswerService/Answer"
_QUESTION: Final = "What does a lambda expression yield?"
_HEADERS: Final = {"groundwire-tenant": "bench", "groundwire-subject": "load"}


class GatewayCalls:
    """Calls over HTTP, each on a connection that is kept."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session = session
        self._url = f"http://{address}{_PATH}"
        self._json = json.dumps({"question": {"text": _QUESTION}}).encode()
        self._binary = AnswerRequest(question=Question(text=_QUESTION)).SerializeToString()

    @classmethod
    @asynccontextmanager
    async def to(cls, address: str) -> "AsyncIterator[GatewayCalls]":
        """Yield calls to a gateway."""
        async with aiohttp.ClientSession(skip_auto_headers=("Accept-Encoding",)) as session:
            yield cls(session, address)

    async def answer(self) -> None:
        """Ask by the Connect protocol in JSON."""
        body = await self._post(self._json, {**_HEADERS, "content-type": "application/json"})
        assert "answered" in json.loads(body)["outcome"], body

    async def answer_in_binary(self) -> None:
        """Ask by the Connect protocol in binary."""
        body = await self._post(self._binary, {**_HEADERS, "content-type": "application/proto"})
        assert AnswerResponse.FromString(body).outcome.WhichOneof("result") == "answered", body

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> bytes:
        async with self._session.post(self._url, data=body, headers=headers) as response:
            return await response.read()


def free_address() -> str:
    """Return an address of this machine that is free now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{found.getsockname()[1]}"
