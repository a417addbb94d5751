"""An embeddings endpoint on a socket: vectors in which texts that share words are close."""

import json
from base64 import b64encode
from typing import Any

import numpy as np

from tests.doubles.embedder import HashingEmbedder
from tests.doubles.upstream import Echo, Move, Reply

DIMENSIONS = 256
JSON = (("Content-Type", "application/json"),)
_LONG = 7.5
"""How long its vectors are: providers need not send unit vectors."""


def answer(body: bytes, dimensions: int = DIMENSIONS) -> dict[str, Any]:
    """What a request is answered with, its vectors in the form that it asks for."""
    asked = json.loads(body)
    texts = asked["input"]
    assert all(texts), "an empty text is refused"
    made = HashingEmbedder(asked.get("dimensions", dimensions))
    data = [
        {"object": "embedding", "index": place, "embedding": _written(made, text, asked.get("encoding_format"))}
        for place, text in enumerate(texts)
    ]
    # The protocol gives an index to every vector: nothing says that they come in order.
    data.reverse()
    count = sum(len(text) for text in texts)
    return {"object": "list", "data": data, "model": asked["model"], "usage": {"prompt_tokens": count}}


def embedding(dimensions: int = DIMENSIONS) -> Reply:
    """The reply that embeds what it is sent."""
    return Reply([Echo(lambda body: json.dumps(answer(body, dimensions)).encode())], headers=JSON)


def said(*vectors: object, **beside: object) -> Reply:
    """The reply of these vectors, whatever is sent."""
    data = [{"index": place, "embedding": vector} for place, vector in enumerate(vectors)]
    return whole(json.dumps({"data": data, **beside}).encode())


def whole(*body: Move) -> Reply:
    """The reply of this body."""
    return Reply(body, headers=JSON)


def _written(made: HashingEmbedder, text: str, encoding: str | None) -> object:
    row = np.frombuffer(made.vector(text), np.float32) * np.float32(_LONG)
    return b64encode(row.astype("<f4").tobytes()).decode() if encoding == "base64" else row.tolist()
