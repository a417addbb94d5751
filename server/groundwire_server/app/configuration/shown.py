"""A configuration in force, with where each of its values comes from."""

from collections.abc import Iterator
from typing import Any

from groundwire_server.app.configuration.layers import BUILT_IN
from groundwire_server.app.configuration.load import Loaded
from groundwire_server.app.configuration.problems import Path, dotted
from groundwire_server.app.configuration.yaml_line import line

_COLUMN = 80
"""The widest line that the comments are aligned behind."""


def rows(loaded: Loaded) -> Iterator[tuple[Path, Any, str]]:
    """Yield each value with its path and its origin; of a secret the reference alone."""
    yield from _rows(loaded, (), loaded.configuration.model_dump(mode="json"))


def as_yaml(loaded: Loaded) -> str:
    """The configuration as a file would hold it, with a comment beside each value; a long one pushes its own aside."""
    lines: list[tuple[str, str]] = []
    before: Path = ()
    for path, value, origin in rows(loaded):
        *sections, key = path
        shared = _shared(before, tuple(sections))
        lines.extend((f"{'  ' * depth}{sections[depth]}:", "") for depth in range(shared, len(sections)))
        lines.append((f"{'  ' * len(sections)}{key}: {line(value)}", f"  # {origin}"))
        before = tuple(sections)
    column = max((len(text) for text, _ in lines if len(text) <= _COLUMN), default=0)
    return "".join(f"{text:{column}}{remark}".rstrip() + "\n" for text, remark in lines)


def as_mapping(loaded: Loaded) -> dict[str, dict[str, Any]]:
    """The same by dotted path."""
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
    count = 0
    for one, other in zip(before, path, strict=False):
        if one != other:
            break
        count += 1
    return count
