"""The faults of an embedding model of a provider, in words that hold nothing of what it sent."""

from typing import Final

from groundwire_server.domain.failure import Failure, Fault
from groundwire_server.domain.vocabulary import Cause


class EmbedderFault(Fault):
    """A fault of an embedding model."""

    UNAVAILABLE = ("it is not reached, breaks off, or fails", "see to it, or correct the provider's base_url")
    LOADING = ("its server is starting, or still loads the model",)
    SLOW = ("it took longer than the call had",)
    STALLED = ("it took longer than request_seconds", "see to its load, or allow more")
    LIMITED = ("it is asked too often", "ask for a higher limit, or lower batch.requests")
    QUOTA = ("its quota is used up",)
    REFUSED = ("it refuses the key, the model or the request", "correct them")
    TOO_LONG = ("a request is too long for it", "lower batch.text_tokens or batch.tokens")
    BUSY = ("all slots of its provider are taken",)
    UNREADABLE = ("what it sends is not a list of vectors", "correct the provider's base_url and profile")
    COUNT = ("it sends vectors for more or fewer texts than it was given",)
    DIMENSIONS = ("its vectors have another length than `dimensions` says", "correct it, or set `shorten`")
    NOT_FINITE = ("its vectors hold numbers that are not finite",)
    ZERO = ("it sends a vector of zeros, which has no direction",)


_FAULTS: Final = {
    Cause.MODEL_UNAVAILABLE: EmbedderFault.UNAVAILABLE,
    Cause.MODEL_INTERRUPTED: EmbedderFault.UNAVAILABLE,
    Cause.MODEL_NOT_READY: EmbedderFault.LOADING,
    Cause.MODEL_TIMEOUT: EmbedderFault.SLOW,
    Cause.MODEL_SLOW_START: EmbedderFault.STALLED,
    Cause.MODEL_RATE_LIMITED: EmbedderFault.LIMITED,
    Cause.MODEL_QUOTA_EXHAUSTED: EmbedderFault.QUOTA,
    Cause.PROMPT_TOO_LONG: EmbedderFault.TOO_LONG,
    Cause.CAPACITY_EXHAUSTED: EmbedderFault.BUSY,
}


class InvalidVectorsFailure(Failure):
    """A server answered, and not with the vectors that it was asked for.

    Attributes:
        fault: what is wrong with them.
    """

    def __init__(self, fault: EmbedderFault) -> None:
        # Asking again would bring the same, but for a body that was cut short.
        super().__init__(Cause.MODEL_UNAVAILABLE if fault is EmbedderFault.UNREADABLE else Cause.MODEL_MISCONFIGURED)
        self.fault = fault


class EmbedderFailure(Failure):
    """EMBEDDER_UNAVAILABLE, with what is wrong for those who operate it.

    Attributes:
        fault: what is wrong.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(Cause.EMBEDDER_UNAVAILABLE, retry_after=failure.retry_after)
        self.fault = (
            failure.fault
            if isinstance(failure, InvalidVectorsFailure)
            else _FAULTS.get(failure.cause, EmbedderFault.REFUSED)
        )

    @property
    def error_type(self) -> str:
        """The name of the fault."""
        return self.fault.name
