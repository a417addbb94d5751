"""A generator that writes what it is told, when it is told."""

import asyncio
import json
import math
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Finish, FinishReason, GenerationRequest, Piece, Usage
from groundwire_server.domain.vocabulary import Cause


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds before the next piece; longer than there is time for is a timeout."""

    seconds: float


Move: TypeAlias = str | Finish | Failure | Wait
"""What the generator does next: write, end, fail or wait."""

DONE = Finish(FinishReason.COMPLETE, Usage(100, 20))
CUT_OFF = Finish(FinishReason.LENGTH, Usage(100, 20))


def draft(*segments: tuple[str, Sequence[str]], confidence: str = "high") -> list[str]:
    """The pieces of a draft, one a segment."""
    written = [json.dumps({"text": text, "cites": list(cites)}, ensure_ascii=False) for text, cites in segments]
    pieces = [f'{{"confidence": "{confidence}", "segments": [']
    pieces += [text if not index else ", " + text for index, text in enumerate(written)]
    return [*pieces, "]}"]


def letters(pieces: Iterable[str]) -> list[str]:
    """The same text in the smallest pieces there are."""
    return list("".join(pieces))


class ScriptedGenerator:
    """Plays a script in each call, the last one again and again. Without one it quotes the first passage.

    Attributes:
        requests: of every call that began.
        deadlines: those calls' deadlines.
        cancelled: how many calls were cancelled while they ran.
        closed: how many calls were closed before their end.
        finished: how many calls came to their end.
        began: is set when a call begins.
        ended: is set when a call has ended, however it did.
    """

    def __init__(self, *scripts: Sequence[Move]) -> None:
        self._scripts = list(scripts)
        self.requests: list[GenerationRequest] = []
        self.deadlines: list[Deadline] = []
        self.cancelled = 0
        self.closed = 0
        self.finished = 0
        self.began = asyncio.Event()
        self.ended = asyncio.Event()

    async def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        if not deadline.remaining(asyncio.get_running_loop().time()):
            raise Failure(Cause.MODEL_TIMEOUT)
        script = self._next(request)
        self.requests.append(request)
        self.deadlines.append(deadline)
        self.began.set()
        try:
            for move in script:
                match move:
                    case Wait(seconds):
                        await self._wait(seconds, deadline)
                    case Failure():
                        raise move
                    case _:
                        yield move
            self.finished += 1
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        except GeneratorExit:
            self.closed += 1
            raise
        finally:
            self.ended.set()

    def _next(self, request: GenerationRequest) -> Sequence[Move]:
        if not self._scripts:
            handle, passage = next(iter(request.prompt.handles.items()))
            return [*draft((" ".join(passage.text.split()), [handle])), DONE]
        return self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]

    async def _wait(self, seconds: float, deadline: Deadline) -> None:
        try:
            async with asyncio.timeout_at(None if math.isinf(deadline.at) else deadline.at):
                await asyncio.sleep(seconds)
        except TimeoutError:
            raise Failure(Cause.MODEL_TIMEOUT) from None
