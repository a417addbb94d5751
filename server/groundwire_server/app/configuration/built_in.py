"""What is in force where nothing is set: it runs without a network, a key or a file."""

from typing import Any


def built_in() -> dict[str, Any]:
    """The sections that a file leaves out, as a file would hold them."""
    return {
        "embedders": {"local": {"kind": "minilm"}},
        "stores": {"main": {"kind": "embedded", "folder": "groundwire-data", "embedder": "local"}},
        "models": {"extractive": {"kind": "extractive", "store": "main"}},
        "routes": {"default": {"models": ["extractive"], "store": "main"}},
    }
