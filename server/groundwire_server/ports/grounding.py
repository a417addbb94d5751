"""Checking a text of the caller's own."""

from typing import Protocol

from groundwire_server.domain.grounding import GroundedSentence, GroundingSummary
from groundwire_server.domain.inquiry import Inquiry


class SentenceSink(Protocol):
    """Takes the sentences of a text, in its order, each as soon as it was checked."""

    async def emit(self, sentence: GroundedSentence) -> None:
        """Take one sentence; waits while the reader is slow."""
        ...


class GroundingChecker(Protocol):
    """Checks texts against evidence, and writes none."""

    async def check(self, text: str, inquiry: Inquiry, sink: SentenceSink) -> GroundingSummary:
        """Give every sentence of a text its verdict; return what they come to, by the inquiry's deadline.

        Args:
            text: to be checked; spans refer to it as it is.
            inquiry: the caller, the policy and the time. Its question is what the text answers, and may be empty; the
                passages provided with it are the evidence, and without any the tenant's corpus is searched.
            sink: takes the sentences.

        Raises:
            Rejection: INVALID_REQUEST when the question is invalid.
            Failure: of the store or the embedder, or TIME_EXHAUSTED.
        """
        ...
