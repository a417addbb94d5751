"""How the tokens of models are counted, and how many they take."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from pydantic_core import to_json

from groundwire_server.adapters.generator.schema import ANSWER
from groundwire_server.adapters.tokens.options import EstimateOptions, TiktokenOptions, TokenizerOptions, TokenOptions
from groundwire_server.adapters.tokens.tiktoken import tiktoken_counter
from groundwire_server.adapters.tokens.tokenizer_file import file_of, tokenizer_counter
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.generators import (
    AnthropicModelConfig,
    ExtractiveModelConfig,
    ModelConfig,
    OpenAiModelConfig,
)
from groundwire_server.app.parts.shared import Lease
from groundwire_server.domain.text.tokens import ESTIMATES, TokenEstimate, family_of
from groundwire_server.files.small import mark
from groundwire_server.ports.tokens import ERROR_PERCENT, ESTIMATED_TOKENS, ModelTokens, TokenCounter

_FORM: Final = to_json({"name": ANSWER.name, "description": ANSWER.description, "schema": ANSWER.schema}).decode()
"""What most calls are sent beside their prompt."""


async def open_tokens(alias: str, configuration: Configuration, lease: Lease) -> ModelTokens:
    """Return how the tokens of a model are counted, by its alias.

    Raises:
        SetupError: when a vocabulary cannot be used.
        ImportError: when an extra is not installed that it needs.
    """
    section = configuration.models[alias]
    if isinstance(section, ExtractiveModelConfig):
        return ESTIMATED_TOKENS
    return model_tokens(section, await open_counter(section, lease))


def model_tokens(section: OpenAiModelConfig | AnthropicModelConfig, counter: TokenCounter) -> ModelTokens:
    """Return how the tokens of a model are counted by a counter."""
    return ModelTokens(counter, section.context_window, counter.count(_FORM))


def counter_of(section: ModelConfig) -> TokenCounter:
    """Return what counts the tokens of a model that a section describes. A vocabulary may take a second to be read.

    Raises:
        SetupError: when a vocabulary cannot be used.
        ImportError: when an extra is not installed that it needs.
    """
    if isinstance(section, ExtractiveModelConfig):
        return ESTIMATED_TOKENS.counter
    match section.tokens:
        case TiktokenOptions() as options:
            return tiktoken_counter(options)
        case TokenizerOptions() as options:
            return tokenizer_counter(options)
        case EstimateOptions() as options:
            family = options.family or family_of(section.model)
            return ESTIMATES[family].calibrated({str(script): factor for script, factor in options.calibration.items()})


def counts_of(counters: Mapping[str, TokenCounter]) -> Mapping[str, Callable[[str], int]]:
    """Return the ways of counting of models, each under the model's alias and the counter's name.

    That of an estimate says that it is one, such as `large (estimate:o200k)`.
    """
    return {f"{alias} ({counter.name})": counter.count for alias, counter in sorted(counters.items())}


def counters_of(configuration: Configuration) -> Mapping[str, TokenCounter]:
    """Return what counts the tokens of each model that is asked with prompts, by its alias.

    Raises:
        SetupError: when a vocabulary cannot be used.
        ImportError: when an extra is not installed that it needs.
    """
    return {alias: counter_of(section) for alias, section in _prompted(configuration)}


def quick_counts(configuration: Configuration) -> Mapping[str, Callable[[str], int]]:
    """Return the ways of counting of models without reading a vocabulary, which may take a second.

    In place of a vocabulary stands the estimate of the model's family, less what it may be too high by.
    """
    counted: dict[str, Callable[[str], int]] = {}
    for alias, section in _prompted(configuration):
        if vocabulary_of(section.tokens) is None:
            counted |= counts_of({alias: counter_of(section)})
        else:
            estimate = ESTIMATES[family_of(section.model)]
            counted[f"{alias} (at least, {estimate.name})"] = partial(_at_least, estimate)
    return counted


def _at_least(estimate: TokenEstimate, text: str) -> int:
    return estimate.count(text) * 100 // (100 + ERROR_PERCENT)


def _prompted(configuration: Configuration) -> Iterator[tuple[str, OpenAiModelConfig | AnthropicModelConfig]]:
    """Yield the models that read prompts, each with its alias."""
    for alias, section in configuration.models.items():
        if not isinstance(section, ExtractiveModelConfig):
            yield alias, section


def vocabulary_of(options: TokenOptions) -> Path | None:
    """Return the file that a way of counting needs; None where it needs none."""
    match options:
        case TiktokenOptions():
            return options.file
        case TokenizerOptions():
            return file_of(options)
        case EstimateOptions():
            return None


async def open_counter(section: OpenAiModelConfig | AnthropicModelConfig, lease: Lease) -> TokenCounter:
    """Return what counts the tokens of a model; a vocabulary is read once for all that use it.

    Raises:
        SetupError: when it cannot be used.
        ImportError: when an extra is not installed that it needs.
    """
    file = vocabulary_of(section.tokens)
    if file is None:
        return counter_of(section)

    @asynccontextmanager
    async def read() -> AsyncIterator[TokenCounter]:
        yield await asyncio.to_thread(counter_of, section)

    return await lease.take(("tokens", section.tokens.kind, file, mark(file)), read)
