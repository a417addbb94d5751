"""A provider of models that costs next to nothing: `python -m bench.upstream` prints its address.

It speaks chat completions and answers with what the first passage of the prompt says, in a hundred tokens. The model's
name says how they come: `burst` all at once, `slow` too, after a second, `paced` 2 ms apart, `open` the first ten and
then nothing more. A request that asks for no stream gets one document.
"""

import asyncio
import json
import re
from collections.abc import Sequence
from typing import Any

import uvloop

from groundwire_server.domain.text.sentences import sentences

TOKENS = 100
PACE = 0.002
SLOW = 1.0
_CHARACTERS = 400
_SEGMENTS = 3
_PASSAGE = re.compile(r'<passage-\w+ id="p1">\s*(?:<title-.*?>\n)?(.*?)\s*</passage-', re.DOTALL)
_MARK = re.compile(rb"<passage-(\w+) id=")
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


class Provider(asyncio.Protocol):
    """One connection."""

    written: dict[bytes, Sequence[bytes]]

    def __init__(self, written: dict[bytes, Sequence[bytes]]) -> None:
        self._written = written
        self._data = b""
        self._timer: asyncio.TimerHandle | None = None
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, failed: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, body = self._data.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if end and length and len(body) >= int(length[1]):
            self._data = b""
            self._answer(body)

    def _answer(self, body: bytes) -> None:
        # Each prompt has a mark of its own; what is answered does not depend on it.
        mark = _MARK.search(body)
        key = body.replace(mark[1], b"") if mark else body
        chunks = self._written.get(key)
        if chunks is None:
            asked = json.loads(body)
            chunks = [_framed(each) for each in events(asked)] if asked["stream"] else [_document(asked)]
            self._written[key] = chunks
        if b'"stream":false' in body:
            self._transport.write(chunks[0])
        elif b'"model":"paced"' in body:
            self._transport.write(_HEAD)
            self._pace(chunks, 0)
        elif b'"model":"slow"' in body:
            self._timer = asyncio.get_running_loop().call_later(SLOW, self._transport.write, _HEAD + b"".join(chunks))
        elif b'"model":"open"' in body:
            self._transport.write(_HEAD + b"".join(chunks[:10]))
        else:
            self._transport.write(_HEAD + b"".join(chunks))

    def _pace(self, chunks: Sequence[bytes], at: int) -> None:
        self._transport.write(chunks[at])
        if at + 1 < len(chunks):
            self._timer = asyncio.get_running_loop().call_later(PACE, self._pace, chunks, at + 1)


def events(asked: dict[str, Any]) -> list[bytes]:
    """The stream's events: a hundred tokens, why it stopped and what it took, the end."""
    draft = _draft(asked["messages"][1]["content"])
    size = -(-len(draft) // TOKENS)
    pieces = [draft[at : at + size] for at in range(0, len(draft), size)]
    deltas = [{"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]} for piece in pieces]
    stop = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    usage = {"choices": [], "usage": {"prompt_tokens": 1500, "completion_tokens": TOKENS}}
    return [*(f"data: {json.dumps(each)}\n\n".encode() for each in (*deltas, stop, usage)), b"data: [DONE]\n\n"]


def _document(asked: dict[str, Any]) -> bytes:
    """The same as one response."""
    message = {"role": "assistant", "content": _draft(asked["messages"][1]["content"])}
    usage = {"prompt_tokens": 1500, "completion_tokens": TOKENS}
    whole = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}
    body = json.dumps(whole).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def _draft(prompt: str) -> str:
    found = _PASSAGE.search(prompt)
    assert found, "the prompt holds no passage p1"
    said = [""]
    for start, end in sentences(found[1]):
        if len(said[-1]) >= _CHARACTERS / _SEGMENTS:
            said.append("")
        said[-1] = " ".join([said[-1], *found[1][start:end].split()]).strip()
    segments = [{"text": text, "cites": ["p1"]} for text in said[:_SEGMENTS]]
    return json.dumps({"confidence": "high", "segments": segments})


def _framed(event: bytes) -> bytes:
    end = b"0\r\n\r\n" if event == b"data: [DONE]\n\n" else b""
    return b"%x\r\n%b\r\n%b" % (len(event), event, end)


async def serve() -> None:
    written: dict[bytes, Sequence[bytes]] = {}
    server = await asyncio.get_running_loop().create_server(lambda: Provider(written), "127.0.0.1", 0, backlog=2048)
    print(f"listening on 127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve())
