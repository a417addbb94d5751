"""Asking the same model again, before it has begun and for what may pass."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from groundwire_server.adapters.http.retries import Retries
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import GenerationRequest, Piece
from groundwire_server.ports.generator import Generator


class RetryingGenerator:
    """A Generator that asks its inner one again.

    Args:
        inner: is asked.
        retries: says whether and when.
    """

    def __init__(self, inner: Generator, retries: Retries) -> None:
        self._inner = inner
        self._retries = retries

    async def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        """Yield what the first attempt writes that begins to."""
        attempt = 1
        while True:
            begun = False
            try:
                async with aclosing(self._inner.generate(request, deadline)) as pieces:
                    async for piece in pieces:
                        if not begun:
                            begun = True
                            self._retries.succeeded()
                        yield piece
                return
            except Failure as failure:
                delay = None if begun else self._retries.after(failure, attempt, request.to_begin(deadline))
                if delay is None:
                    raise
            await asyncio.sleep(delay)
            attempt += 1
