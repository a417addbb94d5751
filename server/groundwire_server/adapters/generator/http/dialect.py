"""What differs between the protocols of providers."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Protocol

from pydantic import AfterValidator, Field

from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import FinishReason, GenerationRequest
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.options import Options

_OURS: Final = frozenset({"messages", "model", "stream", "stream_options", "system"})
"""Fields of requests that an operator cannot set."""


def _not_ours(fields: dict[str, Any]) -> dict[str, Any]:
    if ours := sorted(_OURS & fields.keys()):
        raise ValueError(f"{ours[0]} is set by the server: leave it out")
    return fields


class ModelOptions(Options):
    """What an operator says about a model, whatever its protocol."""

    model: str = Field(
        min_length=1, max_length=256, description="The provider's name for the model.", examples=["qwen3-8b"]
    )
    temperature: float | None = Field(
        None, ge=0, le=2, description="The provider's default if unset; reasoning models refuse it.", examples=[0.0]
    )
    extra: Annotated[dict[str, Any], AfterValidator(_not_ours)] = Field(
        default_factory=dict, description="Further fields of each request.", examples=[{"reasoning_effort": "low"}]
    )


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
