"""A configuration in force, with the origin of each of its values."""

from collections.abc import Iterator
from typing import Any

import yaml

from groundwire_server.app.configuration.errors import Path, dotted
from groundwire_server.app.configuration.layers import BUILT_IN
from groundwire_server.app.configuration.load import Loaded

_COLUMN = 80
"""The widest line that the comments are aligned behind."""


def rows(loaded: Loaded) -> Iterator[tuple[Path, Any, str]]:
    """Yield each value with its path and its origin; of a secret the reference alone."""
    yield from _rows(loaded, (), loaded.configuration.model_dump(mode="json"))


def as_yaml(loaded: Loaded) -> str:
    """Return the configuration as a file, with the origin of each value in a comment beside it."""
    lines: list[tuple[str, str]] = []
    before: Path = ()
    for path, value, origin in rows(loaded):
        *sections, key = path
        shared = _shared(before, tuple(sections))
        lines.extend((f"{'  ' * depth}{sections[depth]}:", "") for depth in range(shared, len(sections)))
        lines.append((f"{'  ' * len(sections)}{key}: {one_line(value)}", f"  # {origin}"))
        before = tuple(sections)
    column = max((len(text) for text, _ in lines if len(text) <= _COLUMN), default=0)
    return "".join(f"{text:{column}}{comment}".rstrip() + "\n" for text, comment in lines)


def as_mapping(loaded: Loaded) -> dict[str, dict[str, Any]]:
    """Return each value and its origin by dotted path."""
    return {dotted(path): {"value": value, "origin": origin} for path, value, origin in rows(loaded)}


def _rows(loaded: Loaded, path: Path, value: Any) -> Iterator[tuple[Path, Any, str]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _rows(loaded, (*path, key), inner)
    else:
        yield path, sorted(value) if _unordered(loaded, path) else value, loaded.origins.get(path, BUILT_IN)


def _unordered(loaded: Loaded, path: Path) -> bool:
    """Whether the value is a set, which has no order of its own."""
    at: Any = loaded.configuration
    for part in path:
        at = at[part] if isinstance(at, dict) else getattr(at, str(part))
    return isinstance(at, frozenset)


def _shared(before: Path, path: Path) -> int:
    """Return how many sections two paths have in common."""
    count = 0
    for one, other in zip(before, path, strict=False):
        if one != other:
            break
        count += 1
    return count


def one_line(value: Any) -> str:
    """Return a value of JSON as YAML on one line."""
    text = yaml.safe_dump(_whole(value), default_flow_style=True, width=float("inf"), sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")


def _whole(value: Any) -> Any:
    """Return the value with its whole numbers written without a point."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_whole(each) for each in value]
        case dict():
            return {key: _whole(each) for key, each in value.items()}
        case _:
            return value
