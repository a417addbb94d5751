"""An embedder without a model: texts that share words have vectors that are close."""

import asyncio
import math
import zlib
from array import array
from collections.abc import Sequence

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.requester import NOBODY, Requester
from groundwire_server.domain.text.words import content_words
from groundwire_server.domain.vector import Vector
from groundwire_server.domain.vocabulary import Cause


class HashingEmbedder:
    """Hashes content words into a bag. Scriptable, and keeps what it was asked.

    Attributes:
        delay: seconds that every call takes.
        failures: raised by the next calls, one each.
        share: of every text that it says it knows.
        characters: that it says it reads of a text.
        calls: the texts of every call that began.
        deadlines: those calls' deadlines.
        began: is set when a call begins.
        cancelled: how many calls were cancelled while they ran.
    """

    def __init__(self, dimensions: int = 256, *, delay: float = 0.0, failures: Sequence[Failure] = ()) -> None:
        self.dimensions = dimensions
        self.model = f"hashing-{dimensions}"
        self.delay = delay
        self.failures = list(failures)
        self.share = 1.0
        self.characters = 1000
        self.calls: list[list[str]] = []
        self.deadlines: list[Deadline] = []
        self.began = asyncio.Event()
        self.cancelled = 0

    def known(self, text: str) -> float:
        return self.share

    def fill(self, text: str) -> float:
        return len(text) / self.characters

    async def embed(self, texts: Sequence[str], deadline: Deadline, requester: Requester = NOBODY) -> Sequence[Vector]:
        if not texts:
            return []
        if not deadline.remaining(asyncio.get_running_loop().time()):
            raise Failure(Cause.EMBEDDER_UNAVAILABLE)
        self.calls.append(list(texts))
        self.deadlines.append(deadline)
        self.began.set()
        try:
            async with asyncio.timeout_at(None if math.isinf(deadline.at) else deadline.at):
                await asyncio.sleep(self.delay)
        except TimeoutError:
            raise Failure(Cause.EMBEDDER_UNAVAILABLE) from None
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.failures:
            raise self.failures.pop(0)
        return [self.vector(text) for text in texts]

    def vector(self, text: str) -> Vector:
        bag = [0.0] * self.dimensions
        for word in content_words(text):
            code = zlib.crc32(word.encode("utf-8", "surrogatepass"))
            bag[code % self.dimensions] += 1.0 if code & 0x10000 else -1.0
        length = math.sqrt(sum(value * value for value in bag))
        if not length:
            bag[0] = length = 1.0
        return array("f", [value / length for value in bag])
