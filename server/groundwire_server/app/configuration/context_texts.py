"""The texts of tenants, from the configuration and from the files that it names."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import Final

from pydantic import ValidationError

from groundwire_server.adapters.guards.secrets import SecretsGuard
from groundwire_server.app.configuration.errors import ConfigError, InvalidConfigurationError, Path
from groundwire_server.app.configuration.explain import explained
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.context import ContextConfig, TenantContextConfig, TenantTextsConfig
from groundwire_server.app.configuration.yaml_file import read
from groundwire_server.domain.prompts.context import ContextSource
from groundwire_server.domain.prompts.glossary import Glossary
from groundwire_server.domain.prompts.texts import ContextTexts, TenantTexts
from groundwire_server.domain.text.tokens import estimate_tokens

_CREDENTIALS: Final = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
"""A name and a password in an address."""


def files_of(context: ContextConfig) -> list[File]:
    """Return the files that hold texts of tenants."""
    return [each.file for each in (context.every_tenant, *context.tenants.values()) if each.file is not None]


def context_texts(configuration: Configuration) -> ContextTexts:
    """Return the texts of all tenants.

    Raises:
        InvalidConfigurationError: when a file cannot be used, with one error for each fault.
    """
    context = configuration.context
    every = _texts(context.every_tenant, ("context", "every_tenant", "file"))
    own = {
        tenant: _merged(every, _texts(section, ("context", "tenants", tenant, "file")))
        for tenant, section in context.tenants.items()
    }
    return ContextTexts(_merged(every, TenantTextsConfig()), own, context.values)


def check_context_texts(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each text that cannot be used, is a secret, or has no room in a route's prompts."""
    guard = SecretsGuard()
    for name, value in configuration.context.values.items():
        if guard.find(value) or guard.find(f"{name}: {value}") or _CREDENTIALS.search(value):
            said = "has a value that looks like a secret: prompts hold none"
            yield ConfigError(("context", "environment", name), said)
    try:
        texts = context_texts(configuration)
    except InvalidConfigurationError as invalid:
        yield from invalid.errors
        return
    tenants: Mapping[str, TenantTexts] = {"": texts.everyone, **texts.tenants}
    longest = max(tenants, key=lambda tenant: estimate_tokens(tenants[tenant].instructions))
    tokens = estimate_tokens(tenants[longest].instructions)
    for route, section in configuration.routes.items():
        for name, block in section.context.items():
            if block.source == ContextSource.INSTRUCTIONS.lower() and tokens > block.max_tokens:
                whose = f"those of {longest}" if longest else "those of every tenant"
                said = f"is {block.max_tokens}, and instructions are never cut: {whose} have {tokens}; raise it"
                yield ConfigError(("routes", route, "context", name, "max_tokens"), said)


def _texts(section: TenantContextConfig, path: Path) -> TenantTextsConfig:
    """Return the texts of a section with those of its file before its own."""
    if section.file is None:
        return section
    try:
        return _joined(_in_file(section.file), section)
    except InvalidConfigurationError as invalid:
        raise InvalidConfigurationError([ConfigError(path, str(each)) for each in invalid.errors]) from None


def _in_file(file: File) -> TenantTextsConfig:
    found = read(file)
    try:
        return TenantTextsConfig.model_validate_json(json.dumps(found.values), strict=True)
    except ValidationError as invalid:
        raise InvalidConfigurationError(explained(invalid, TenantTextsConfig, found.origin)) from None


def _joined(one: TenantTextsConfig, other: TenantTextsConfig) -> TenantTextsConfig:
    # A block of YAML ends with a line end, which would be a blank line in the prompt.
    both = "\n".join(text.strip() for text in (one.instructions, other.instructions) if text and text.strip())
    return TenantTextsConfig(
        instructions=both or None,
        glossary={**one.glossary, **other.glossary},
        examples=(*one.examples, *other.examples),
    )


def _merged(every: TenantTextsConfig, own: TenantTextsConfig) -> TenantTexts:
    texts = _joined(every, own)
    return TenantTexts(
        texts.instructions or "",
        Glossary((term.strip(), meaning.strip()) for term, meaning in texts.glossary.items()),
        tuple((each.question.strip(), each.answer.strip()) for each in texts.examples),
    )
