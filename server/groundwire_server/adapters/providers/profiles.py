"""How servers that speak OpenAI's protocols differ from it and from each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from groundwire_server.options.secret import Secret


@dataclass(frozen=True, slots=True)
class ProviderProfile:
    """What one server expects of chat completions and embeddings.

    Attributes:
        output: the strictest way in which it holds a model to a form.
        usage_on_request: whether `stream_options` must ask for usage; the others send it unasked, and some of them
            refuse a field that they do not know.
        max_tokens: its name for the bound on a model's output.
        api_key_header: the header of the key, where that is no bearer token.
        schema_as_value: whether the schema stands beside `json_object`.
        encoding: of vectors in its answers; None leaves the field out, which means a list of numbers.
        dimensions: its name for the field that asks for shorter vectors.
        continues: whether it continues the last message of an assistant on request.
        health: the path, behind the address without the version, at which it says whether its model is loaded; None
            where it has no such path.
        priorities: whether requests to it can say their priority.
    """

    output: Literal["json_schema", "prompt"] = "json_schema"
    usage_on_request: bool = True
    max_tokens: str = "max_tokens"
    api_key_header: str | None = None
    schema_as_value: bool = False
    encoding: Literal["float", "base64"] | None = "float"
    dimensions: str = "dimensions"
    continues: bool = False
    health: str | None = None
    priorities: bool = False

    def credentials(self, key: Secret | None) -> Mapping[str, str]:
        """Return the headers that carry a key."""
        if key is None:
            return {}
        if self.api_key_header is not None:
            return {self.api_key_header: key.reveal()}
        return {"Authorization": f"Bearer {key.reveal()}"}


ProfileName: TypeAlias = Literal["openai", "azure", "mistral", "vllm", "tgi", "ollama", "llamacpp", "gemini", "plain"]
"""The names that the configuration has for profiles."""

PROFILES: Final[Mapping[str, ProviderProfile]] = MappingProxyType(
    {
        # Its models that reason know the newer name alone; the others know both. Base64 is a fifth of the bytes, and no
        # number is parsed.
        "openai": ProviderProfile(max_tokens="max_completion_tokens", encoding="base64"),
        "azure": ProviderProfile(max_tokens="max_completion_tokens", api_key_header="api-key", encoding="base64"),
        "mistral": ProviderProfile(usage_on_request=False, dimensions="output_dimension"),
        "vllm": ProviderProfile(encoding="base64", continues=True, health="/health", priorities=True),
        "tgi": ProviderProfile(schema_as_value=True, health="/health"),
        # It loads a model when that is first asked for, and keeps the request meanwhile.
        "ollama": ProviderProfile(health="/api/version"),
        "llamacpp": ProviderProfile(health="/health"),
        "gemini": ProviderProfile(),
        # A server of which nothing is known.
        "plain": ProviderProfile(output="prompt", usage_on_request=False, encoding=None),
    }
)
