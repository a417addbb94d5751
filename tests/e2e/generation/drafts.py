"""What models write in these tests, as chunks of chat completions."""

import json
import re
from collections.abc import Sequence

from tests.doubles.generator import draft
from tests.doubles.upstream import Move, Reply

SENTENCE = "Lambda expressions create anonymous functions."
SECOND = "Lambda bodies hold one expression."
DOCUMENTS = (("lambdas", SENTENCE), ("bodies", SECOND), ("lambda-names", "Lambda expressions have no names."))
"""More than one passage answers the question, so that a prompt can be shortened."""


def chunk(content: str | None = None, reason: str | None = None, **delta: object) -> bytes:
    """One event of a stream."""
    said = {**({} if content is None else {"content": content}), **delta}
    return event({"choices": [{"index": 0, "delta": said, "finish_reason": reason}]})


def event(data: object) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


def usage(read: int = 812, written: int = 61, cached: int = 0) -> bytes:
    counted = {"prompt_tokens": read, "completion_tokens": written, "prompt_tokens_details": {"cached_tokens": cached}}
    return event({"choices": [], "usage": counted})


DONE = b"data: [DONE]\n\n"


def writes(*pieces: str, reason: str = "stop", rest: Sequence[Move] = (usage(), DONE)) -> list[Move]:
    """A whole stream that writes this."""
    return [chunk("", role="assistant"), *(chunk(piece) for piece in pieces), chunk(reason=reason), *rest]


def segments(*texts: str, confidence: str = "high", cites: Sequence[str] = ("p1",)) -> list[str]:
    """A draft in pieces, a segment each."""
    return draft(*((text, cites) for text in texts), confidence=confidence)


def cited(body: bytes, *texts: str) -> list[str]:
    """A draft in pieces, each segment citing the passage of the request's prompt that begins with its text."""
    prompt = json.loads(body)["messages"][1]["content"]
    handles = [re.search(rf'<passage-\w+ id="(p\d+)">\n(?:<title-.*>\n)?{re.escape(text)}', prompt) for text in texts]
    return draft(*((text, [handle[1] if handle else "p0"]) for text, handle in zip(texts, handles, strict=True)))


def answers(*texts: str) -> Reply:
    """A model that answers; without texts it says what the best passage says."""
    return Reply(writes(*segments(*(texts or (SENTENCE,)))))
