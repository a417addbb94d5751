"""Keys that were renamed: a configuration with an old one is refused with the new one's name.

An old key is not read: two names for one value would have to be kept, explained and tested for ever.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel

from groundwire_server.app.configuration.models.routes import LimitsConfig, ThresholdsConfig, TimeConfig
from groundwire_server.app.configuration.models.spending import SpendingConfig
from groundwire_server.app.configuration.models.stores import WeaviateStoreConfig
from groundwire_server.edge.options import DrainOptions, ServerOptions

RENAMED: Final[Mapping[type[BaseModel], Mapping[str, str]]] = MappingProxyType(
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
        ThresholdsConfig: {"confidence": "allowed_confidence"},
        TimeConfig: {"retrieval_seconds": "max_retrieval_seconds", "begin_share": "first_token_share"},
        SpendingConfig: {"daily": "daily_limit"},
    }
)
"""The new key of each old one, by the section that it was in. A dot leads into a section of the new key's."""
