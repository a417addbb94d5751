"""Keys and words that were renamed: a configuration with an old one is refused with the new one's name.

An old one is not read: two names for one thing would have to be kept, explained and tested for ever.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel

from groundwire_server.adapters.http.options import Endpoint
from groundwire_server.adapters.resilience.circuit import CircuitOptions
from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions
from groundwire_server.adapters.resilience.retries import RetryOptions
from groundwire_server.app.configuration.models.configuration import SpendingConfig
from groundwire_server.app.configuration.models.embedders import MiniLmConfig, OpenAiEmbedderConfig
from groundwire_server.app.configuration.models.providers import OpenAiProviderConfig
from groundwire_server.app.configuration.models.routes import LimitsConfig, ThresholdsConfig, TimeConfig
from groundwire_server.app.configuration.models.stores import WeaviateStoreConfig
from groundwire_server.app.configuration.models.telemetry import TelemetryConfig
from groundwire_server.domain.vocabulary import StreamMode
from groundwire_server.edge.options import DrainOptions, ServerOptions

RENAMED: Final[Mapping[type, Mapping[str, str]]] = MappingProxyType(
    {
        ServerOptions: {"concurrent_calls": "max_concurrent_calls"},
        DrainOptions: {"notice": "notice_seconds", "grace": "grace_seconds"},
        WeaviateStoreConfig: {
            "writing": "write",
            "consistency": "write.consistency",
            "create_tenants": "write.create_tenants",
            "attempts": "max_attempts",
            "concurrent_calls": "max_concurrent",
            "pool": "pool_size",
        },
        LimitsConfig: {"question": "question_chars", "display": "answer_chars", "nearest": "nearest_passages"},
        ThresholdsConfig: {"confidence": "allowed_confidence", "require_verified": "routes.*.release.minimum"},
        TimeConfig: {"retrieval_seconds": "max_retrieval_seconds", "begin_share": "first_token_share"},
        SpendingConfig: {"daily": "limits.*.cost_per_day", "daily_limit": "limits.*.cost_per_day"},
        Endpoint: {"connections": "max_connections"},
        OpenAiProviderConfig: {"flavour": "profile"},
        ConcurrencyOptions: {"calls": "max_concurrent", "waiting": "queue_size"},
        RetryOptions: {"attempts": "max_attempts", "most_seconds": "max_seconds"},
        CircuitOptions: {"least": "min_calls", "share": "failure_ratio", "most_seconds": "max_seconds"},
        MiniLmConfig: {"cache": "cache_size"},
        OpenAiEmbedderConfig: {"cache": "cache_size"},
        TelemetryConfig: {
            "otlp_endpoint": "otlp.endpoint",
            "otlp_headers": "otlp.headers",
            "metrics": "otlp.metrics.enabled",
        },
    }
)
"""The new key of each old one, by the section that it was in; a dot leads into another section.

One that moved elsewhere is named from the top of the configuration, with `*` for the names of its sections.
"""

RENAMED_WORDS: Final[Mapping[type, Mapping[str, str]]] = MappingProxyType({StreamMode: {"VERIFIED": "CHECKED"}})
"""The new word of each old one, by the enum that had it."""


def renamed(section: type[BaseModel], key: str) -> str | None:
    """Return the new name of a key that a section, or one that it extends, had."""
    return next((rows[key] for each in section.__mro__ if key in (rows := RENAMED.get(each, {}))), None)


def renamed_word(types: Iterable[Any], word: object) -> str | None:
    """Return the new name of a word that one of the types, where it is an enum, had."""
    rows = {old: new for each in types if each in RENAMED_WORDS for old, new in RENAMED_WORDS[each].items()}
    return rows.get(word) if isinstance(word, str) else None
