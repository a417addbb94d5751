"""How those who speak as OpenAI does differ from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from groundwire_server.adapters.generator.schema import Output


@dataclass(frozen=True, slots=True)
class Flavour:
    """One server's ways.

    Attributes:
        output: its strictest.
        usage_on_request: whether `stream_options` must ask for usage; the others send it unasked and some of them
            refuse a field that they do not know.
        max_tokens: what it calls the bound on a model's output.
        api_key_header: whether the key has a header of its own instead of a bearer token.
        schema_as_value: whether the schema stands beside `json_object`.
    """

    output: Output = Output.JSON_SCHEMA
    usage_on_request: bool = True
    max_tokens: str = "max_tokens"
    api_key_header: bool = False
    schema_as_value: bool = False


FLAVOURS: Final[Mapping[str, Flavour]] = MappingProxyType(
    {
        # Its models that reason know the newer name alone; the others know both.
        "openai": Flavour(max_tokens="max_completion_tokens"),
        "azure": Flavour(max_tokens="max_completion_tokens", api_key_header=True),
        "mistral": Flavour(usage_on_request=False),
        "vllm": Flavour(),
        "tgi": Flavour(schema_as_value=True),
        "ollama": Flavour(),
        "llamacpp": Flavour(),
        "gemini": Flavour(),
        # A server of which nothing is known.
        "plain": Flavour(output=Output.PROMPT, usage_on_request=False),
    }
)
