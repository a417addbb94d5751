"""What an operator says about a model behind HTTP, whatever its protocol."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

from groundwire_server.adapters.http.options import StreamBounds
from groundwire_server.options import Options

_OURS: Final = frozenset({"messages", "model", "stream", "stream_options", "system"})
"""Fields of requests that an operator cannot set."""


def _not_ours(fields: dict[str, Any]) -> dict[str, Any]:
    if ours := sorted(_OURS & fields.keys()):
        raise ValueError(f"{ours[0]} is set by the server: leave it out")
    return fields


class ModelOptions(Options):
    """A model, as its provider knows it, and the fields of its requests."""

    model: str = Field(
        min_length=1, max_length=256, description="The provider's name for the model.", examples=["qwen3-8b"]
    )
    temperature: float | None = Field(
        None, ge=0, le=2, description="The provider's default if unset; reasoning models refuse it.", examples=[0.0]
    )
    whole_document: bool = Field(
        False,
        description="Whether a unary answer of the last model is requested as one document, without streaming.",
    )
    cache_marks: bool = Field(
        False,
        description="Whether requests say what they begin with as others do, so that the provider's cache has it: by "
        "Anthropic's `cache_control`, or OpenAI's `prompt_cache_key`.",
    )
    extra: Annotated[dict[str, Any], AfterValidator(_not_ours)] = Field(
        default_factory=dict, description="Further fields of each request.", examples=[{"reasoning_effort": "low"}]
    )


class ModelBounds(StreamBounds):
    """Limits of one call, in addition to its deadline."""

    first_token_seconds: float | None = Field(
        10.0,
        gt=0,
        le=600,
        description="Seconds until the first token, after which the next model is asked; null for no limit.",
    )
