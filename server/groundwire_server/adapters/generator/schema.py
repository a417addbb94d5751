"""The one form that models write in, as providers take it."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

NAME: Final = "grounded_answer"
DESCRIPTION: Final = "Answer from the passages, in segments that cite them."

SCHEMA: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "type": "object",
        # Providers write the keys in this order: a segment may leave once its confidence is known.
        "properties": {
            "confidence": {"type": "string", "enum": ["low", "medium", "high"]},
            "segments": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "text": {"type": "string"},
                        "cites": {"type": "array", "items": {"type": "string"}},
                    },
                    "required": ["text", "cites"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["confidence", "segments"],
        "additionalProperties": False,
    }
)
"""The same for every question, so that a provider compiles it once; no keyword that a strict mode refuses."""


class Output(StrEnum):
    """How a provider is held to the form. Whatever it is, what comes back is validated."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    TOOL = "tool"
    PROMPT = "prompt"
