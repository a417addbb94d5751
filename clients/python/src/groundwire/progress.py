"""How far a stream has been read, so that it can be taken up again without a gap or a repetition."""

import grpc

from groundwire.errors import Error
from groundwire.outcomes import Outcome, outcome_of
from groundwire.v1.answer_service_pb2 import StreamAnswerRequest, StreamAnswerResponse
from groundwire.v1.event_pb2 import StreamMode, TextDelta

_STANDS = frozenset({TextDelta.ASSURANCE_CHECKED, TextDelta.ASSURANCE_VERIFIED})
"""What is known to stay; an assurance that this client does not know is not among them."""


class Progress:
    """What a reader has seen of one answer's events, and what it still asks for.

    Attributes:
        request: asks for the events that were not read yet.
        outcome: how the question ended, once its event was read.
    """

    def __init__(self, request: StreamAnswerRequest) -> None:
        self.request = request
        self.outcome: Outcome | None = None
        self._nothing_read = True

    @property
    def request_id(self) -> str:
        """The id of the answer; empty when the server chooses one."""
        return self.request.request_id

    @property
    def last_sequence(self) -> int:
        """The number of the last event that was read; 0 before the first."""
        return self.request.after_sequence

    @property
    def goes_on(self) -> bool:
        """Whether the answer goes on at the server when nobody reads it."""
        return self.request.HasField("resume_window")

    @property
    def resumable(self) -> bool:
        """Whether the stream can be asked for again: the answer goes on without it, or nothing of it was read."""
        return self.goes_on or not self.request.HasField("after_sequence")

    @property
    def complete(self) -> bool:
        """Whether the stream may end here: its outcome was read, or it was begun after it and has nothing to say."""
        return self.outcome is not None or (self._nothing_read and self.last_sequence > 0)

    def require_checked(self) -> None:
        """Ask for text that is checked before it leaves.

        Raises:
            ValueError: when the stream is a provisional one.
        """
        if self.request.mode == StreamMode.STREAM_MODE_PROVISIONAL:
            raise ValueError("the text of a provisional stream may be taken back: read its events")
        self.request.mode = StreamMode.STREAM_MODE_CHECKED

    def take(self, event: StreamAnswerResponse) -> bool:
        """Count an event; return whether it is new. Nothing is that comes after the outcome.

        Raises:
            Error: when events before it are missing.
        """
        if event.sequence <= self.last_sequence or self.outcome is not None:
            return False
        if event.sequence != self.last_sequence + 1:
            raise Error(
                grpc.StatusCode.DATA_LOSS,
                f"Events {self.last_sequence + 1} to {event.sequence - 1} of the answer are missing: ask again.",
                request_id=self.request_id,
            )
        self.request.after_sequence = event.sequence
        self._nothing_read = False
        if event.HasField("outcome"):
            self.outcome = outcome_of(event.outcome)
        return True


def checked_text(delta: TextDelta) -> str:
    """Return a piece of text that stays.

    Raises:
        ValueError: when it may be taken back, because the answer was begun as a provisional one.
    """
    if delta.assurance not in _STANDS:
        raise ValueError("the text of a provisional answer may be taken back: read its events")
    return delta.text
