"""Writing a value as YAML on one line."""

from typing import Any

import yaml


def line(value: Any) -> str:
    """The value as it would stand behind its key."""
    text = yaml.safe_dump(_plain(value), default_flow_style=True, width=float("inf"), sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")


def _plain(value: Any) -> Any:
    match value:
        case float() if value.is_integer():
            return int(value)
        case None | bool() | int() | float():
            return value
        case frozenset():
            return sorted(str(each) for each in value)
        case list() | tuple():
            return [_plain(each) for each in value]
        case dict():
            return {str(key): _plain(each) for key, each in value.items()}
        case _:
            return str(value)
