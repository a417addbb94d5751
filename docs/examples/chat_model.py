"""A model behind an HTTP endpoint that streams chat completions, as many servers of models do."""

import asyncio
import json
import math
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiohttp

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Finish, FinishReason, GenerationRequest, Piece, Usage
from groundwire_server.domain.text.tokens import estimate_tokens
from groundwire_server.domain.vocabulary import Cause


class ChatModel:
    """A Generator: one call of the endpoint for each request.

    Args:
        session: whoever opens it closes it.
        url: the endpoint, such as http://127.0.0.1:8000/v1/chat/completions.
        model: what the endpoint calls the model.
        key: sent as a bearer token; empty sends none.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, model: str, key: str = "") -> None:
        self._session = session
        self._url = url
        self._model = model
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    async def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        """Yield what the model writes, then how it ended."""
        left = deadline.remaining(asyncio.get_running_loop().time())
        if not left:
            raise Failure(Cause.MODEL_TIMEOUT)
        # The bound is on the connection, so that it holds while the reader of this generator is busy elsewhere.
        timeout = aiohttp.ClientTimeout(total=None if math.isinf(left) else left)
        written, reason, usage = "", "", None
        with map_failures():
            body = _body(self._model, request)
            async with self._session.post(self._url, json=body, headers=self._headers, timeout=timeout) as response:
                _refuse(response)
                async for line in response.content:
                    chunk = _chunk(line)
                    usage = chunk.get("usage") or usage
                    for choice in chunk.get("choices", ()):
                        reason = choice.get("finish_reason") or reason
                        text = choice.get("delta", {}).get("content") or ""
                        if text:
                            written += text
                            yield text
        yield Finish(_finish(reason), _usage(usage, request, written))


@asynccontextmanager
async def chat_model(url: str, model: str, key: str = "") -> AsyncIterator[ChatModel]:
    """Open the model; leaving closes its connections."""
    async with aiohttp.ClientSession() as session:
        yield ChatModel(session, url, model, key)


@contextmanager
def map_failures() -> Iterator[None]:
    """Turn what the HTTP client raises into a Failure; no text of the endpoint goes with it."""
    try:
        yield
    except TimeoutError as error:
        raise Failure(Cause.MODEL_TIMEOUT) from error
    except (aiohttp.ClientPayloadError, ValueError) as error:
        raise Failure(Cause.MODEL_INTERRUPTED) from error
    except aiohttp.ClientError as error:
        raise Failure(Cause.MODEL_UNAVAILABLE) from error


def _body(model: str, request: GenerationRequest) -> dict[str, Any]:
    return {
        "model": model,
        "messages": [
            {"role": "system", "content": request.prompt.system},
            {"role": "user", "content": request.prompt.user},
        ],
        "max_tokens": request.max_output_tokens,
        "response_format": {"type": "json_object"},
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def _refuse(response: aiohttp.ClientResponse) -> None:
    if response.status == 429:
        wait = response.headers.get("Retry-After", "")
        raise Failure(Cause.MODEL_RATE_LIMITED, retry_after=float(wait) if wait.isdecimal() else None)
    if response.status in {408, 409} or response.status >= 500:
        raise Failure(Cause.MODEL_UNAVAILABLE)
    if response.status != 200:
        raise Failure(Cause.MODEL_MISCONFIGURED)


def _chunk(line: bytes) -> dict[str, Any]:
    """What a line of the stream holds; nothing for the lines between and the mark of the end."""
    data = line.removeprefix(b"data:").strip()
    if not line.startswith(b"data:") or data == b"[DONE]":
        return {}
    chunk: dict[str, Any] = json.loads(data)
    return chunk


def _finish(reason: str) -> FinishReason:
    match reason:
        case "stop":
            return FinishReason.COMPLETE
        case "length":
            return FinishReason.LENGTH
        case "content_filter":
            raise Failure(Cause.MODEL_CONTENT_FILTERED)
        case _:
            raise Failure(Cause.MODEL_INTERRUPTED)


def _usage(usage: dict[str, int] | None, request: GenerationRequest, written: str) -> Usage:
    if usage is None:
        read = estimate_tokens(request.prompt.system) + estimate_tokens(request.prompt.user)
        return Usage(read, estimate_tokens(written), estimated=True)
    return Usage(usage["prompt_tokens"], usage["completion_tokens"])
