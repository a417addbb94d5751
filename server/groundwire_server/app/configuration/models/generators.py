"""Models: how each is called, what its calls may take, how its tokens are counted, and what they cost."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, Tag

from groundwire_server.adapters.generator.anthropic import AnthropicOptions
from groundwire_server.adapters.generator.http.options import ModelBounds
from groundwire_server.adapters.generator.openai import OpenAiOptions
from groundwire_server.adapters.tokens.options import (
    MAX_WINDOW,
    EstimateOptions,
    TiktokenOptions,
    TokenizerOptions,
)
from groundwire_server.app.configuration.models.protection import ProtectedConfig
from groundwire_server.app.configuration.models.section import AtProvider, Name, by_kind
from groundwire_server.options import Options


class ExtractiveModelConfig(Options):
    """The built-in model: it quotes the sentences that support an answer best; needs no network and no key."""

    kind: Literal["extractive"] = Field("extractive", description="The built-in model, which quotes.")
    store: Name | None = Field(
        None, description="The store, by name, whose embedder and sentence vectors it compares sentences with."
    )


class _Bounded(Options):
    bounds: ModelBounds = Field(
        default_factory=ModelBounds, description="Limits of one call, in addition to its deadline."
    )


TokensConfig: TypeAlias = Annotated[
    Annotated[EstimateOptions, Tag("estimate")]
    | Annotated[TiktokenOptions, Tag("tiktoken")]
    | Annotated[TokenizerOptions, Tag("tokenizer")],
    by_kind("estimate"),
]


class _Counted(Options):
    context_window: int | None = Field(
        None,
        ge=512,
        le=MAX_WINDOW,
        description="Tokens that the model takes, prompt and reply together; passages are cut to fit. No bound if "
        "unset.",
        examples=[128_000],
    )
    tokens: TokensConfig = Field(
        default_factory=EstimateOptions, description="How the model's tokens are counted before it is asked."
    )


class OpenAiModelConfig(ProtectedConfig, _Counted, _Bounded, OpenAiOptions, AtProvider):
    """A model behind chat completions."""

    kind: Literal["openai"] = Field("openai", description="Chat completions.")
    provider: Name = Field(description="The provider, by name.", examples=["openai"])


class AnthropicModelConfig(ProtectedConfig, _Counted, _Bounded, AnthropicOptions, AtProvider):
    """A model behind Messages."""

    kind: Literal["anthropic"] = Field("anthropic", description="Messages.")
    provider: Name = Field(description="The provider, by name.", examples=["anthropic"])


ModelConfig: TypeAlias = Annotated[
    Annotated[ExtractiveModelConfig, Tag("extractive")]
    | Annotated[OpenAiModelConfig, Tag("openai")]
    | Annotated[AnthropicModelConfig, Tag("anthropic")],
    by_kind("extractive"),
]
