"""What tests of prompts serve, push and ask."""

from pathlib import Path
from typing import Any, Final

TENANT: Final = "operations"
"""It manages prompts."""


def configured(folder: Path, **sections: Any) -> dict[str, Any]:
    """Return a configuration with records, whose prompts are managed by TENANT."""
    return {
        "server": {"listen": "127.0.0.1:0", "drain": {"grace_seconds": 1}},
        "stores": {"main": {"kind": "embedded", "folder": str(folder / "data")}},
        "routes": {"default": {"models": ["extractive"], "store": "main"}},
        "records": {"enabled": True},
        "prompts": {"managed_by": TENANT},
        **sections,
    }


def template(mark: str) -> str:
    """Return a template that a route can use, whose prompts have a mark that models see."""
    return f"{mark}\n"
