"""Reading the events of a response, whatever the protocol."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from groundwire_server.adapters.generator.fence import Unfenced
from groundwire_server.adapters.generator.http.dialect import MalformedResponseFailure
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import FinishReason


class EventReading(ABC):
    """Keeps what one response has told so far; see `Reading`.

    Args:
        unfence: whether a model that is only asked for JSON may have put it into a code fence.
    """

    __slots__ = ("_unfenced", "cached_tokens", "done", "failure", "input_tokens", "output_tokens", "reason")

    def __init__(self, *, unfence: bool) -> None:
        self._unfenced = Unfenced() if unfence else None
        self.reason: FinishReason | None = None
        self.failure: Failure | None = None
        self.done = False
        self.input_tokens: int | None = None
        self.output_tokens: int | None = None
        self.cached_tokens = 0

    def take(self, events: Sequence[bytes]) -> str:
        """Take what one read brought and return the text in it, up to a failure."""
        parts: list[str] = []
        try:
            for data in events:
                text = self._event(data)
                if text is None:
                    break
                parts.append(text)
        except Failure as failure:
            self.failure = failure
        except (AttributeError, LookupError, TypeError, ValueError):
            # Looked into without asking first what it is: nearly always it is what it should be.
            self.failure = MalformedResponseFailure()
        text = "".join(parts)
        return text if self._unfenced is None else self._unfenced.feed(text)

    @abstractmethod
    def _event(self, data: bytes) -> str | None:
        """The text in an event; None where the protocol says that nothing follows."""
