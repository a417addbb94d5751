"""Having a model write."""

from collections.abc import AsyncGenerator
from typing import Protocol

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.generation import GenerationRequest, Piece


class Generator(Protocol):
    """Writes one JSON object in pieces, then says how it ended.

    An answer is `{"confidence": "low"|"medium"|"high", "segments": [{"text": …, "cites": ["p1", …]}, …]}`;
    no segments mean that the passages do not hold the answer, or, where its beginning has been given and confidence is
    not low, that nothing is missing. Where the request has questions, it is `{"s1": "yes"|"no", …}` with all of their
    ids. Where it rewrites, it is `{"question": …}`. Words after the object are ignored. Nothing that
    a generator yields is trusted. Every adapter passes `tests/contract/test_generator.py`.
    """

    def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        """Yield text as it is written, then exactly one `Finish`, all by `deadline`.

        A request with a `start_by` wants to know by then, as MODEL_SLOW_START, that there is no text yet.
        Closing the generator ends the work behind it at once.

        Raises:
            Failure: one of the MODEL_ causes or PROMPT_TOO_LONG.
        """
        ...


class Contention(Protocol):
    """How wanted the slots of a generator are, for work that gives way to everything else."""

    def idle(self) -> bool:
        """Return whether fewer than half of the slots are taken, and nobody waits for one."""
        ...

    def contended(self) -> bool:
        """Return whether somebody waits for a slot."""
        ...
