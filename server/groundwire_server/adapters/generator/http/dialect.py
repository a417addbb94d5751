"""What differs between the protocols of providers."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import FinishReason, GenerationRequest
from groundwire_server.domain.vocabulary import Cause


class Reading(Protocol):
    """Reads one response.

    Attributes:
        reason: why the model stopped, once it has said so.
        failure: what the provider reported instead, or MalformedResponseFailure when it cannot be understood.
        done: whether nothing that matters can follow.
        input_tokens: what the provider counted, if it did.
        output_tokens: the same.
        cached_tokens: how many of the input tokens came from its cache.
    """

    reason: FinishReason | None
    failure: Failure | None
    done: bool
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int

    def take(self, events: Sequence[bytes]) -> str:
        """Take what one read brought and return the text in it, up to a failure."""
        ...


class Dialect(Protocol):
    """One protocol, for one model.

    Attributes:
        model: the provider's name for it.
        path: where requests go, behind the endpoint's base.
        headers: credentials and versions.
    """

    @property
    def model(self) -> str: ...  # noqa: D102

    @property
    def path(self) -> str: ...  # noqa: D102

    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102

    def body(self, request: GenerationRequest) -> bytes:
        """The request."""
        ...

    def reading(self) -> Reading:
        """What reads its response."""
        ...


class MalformedResponseFailure(Failure):
    """A response is not what the protocol says."""

    def __init__(self) -> None:
        super().__init__(Cause.MODEL_UNAVAILABLE)
