"""The floor of answers that a provider writes: grpc.aio and aiohttp, and nothing between them.

`python -m bench.relay UPSTREAM` prints its address. It asks the upstream as the product does, looks into each token's
event and passes its text on: whole, or a message a token. It checks, cites and traces nothing.
"""

import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import grpc.aio
import jiter
import uvloop

from bench.serving import serving

SERVICE = "bench.Relay"
_PASSAGE = "A lambda expression yields a function object. The unnamed object behaves like a function object. " * 4
PROMPT = "\n".join(
    f'<passage-0123456789ab id="p{number}">\n{_PASSAGE}\n</passage-0123456789ab>' for number in range(1, 9)
)


def body(way: str) -> bytes:
    """A request of the size of the product's."""
    messages = [{"role": "system", "content": "Answer from the passages. " * 40}, {"role": "user", "content": PROMPT}]
    return json.dumps({"model": way, "stream": True, "messages": messages}, separators=(",", ":")).encode()


async def tokens(session: aiohttp.ClientSession, url: str, way: bytes) -> AsyncIterator[bytes]:
    """The text of each token."""
    async with session.post(url, data=body(way.decode()), headers={"Content-Type": "application/json"}) as response:
        rest = b""
        while data := await response.content.readany():
            *events, rest = (rest + data).split(b"\n\n")
            for event in events:
                if event != b"data: [DONE]":
                    for choice in jiter.from_json(event[6:])["choices"]:
                        if text := choice["delta"].get("content"):
                            yield text.encode()


class Relay:
    """Passes on what the upstream writes; the request is the way in which it is to write."""

    def __init__(self, session: aiohttp.ClientSession, upstream: str) -> None:
        self._session = session
        self._url = f"http://{upstream}/v1/chat/completions"

    async def answer(self, request: bytes, context: Any) -> bytes:
        return b"".join([text async for text in tokens(self._session, self._url, request)])

    async def stream(self, request: bytes, context: Any) -> None:
        async for text in tokens(self._session, self._url, request):
            await context.write(text)


async def serve(upstream: str) -> None:
    async with aiohttp.ClientSession() as session:
        relay = Relay(session, upstream)
        handlers: dict[str, Any] = {
            "Answer": grpc.unary_unary_rpc_method_handler(relay.answer),
            "Stream": grpc.unary_stream_rpc_method_handler(relay.stream),
        }
        await serving(SERVICE, handlers)


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
