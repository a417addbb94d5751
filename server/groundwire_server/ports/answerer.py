"""Answering a question."""

from typing import Protocol

from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Outcome
from groundwire_server.ports.sink import Sink


class Answerer(Protocol):
    """Answers an inquiry: the pipeline itself, and what is wrapped around it (runs, later admission and queues)."""

    async def answer(self, inquiry: Inquiry, sink: Sink | None) -> Outcome:
        """Return the outcome, by the inquiry's deadline.

        Args:
            inquiry: the question with its caller, policy and time.
            sink: takes every event as it happens, the outcome last; None for a unary answer.

        Raises:
            Rejection: when the call itself fails, such as for a blank question.
        """
        ...
