"""A configuration in force, with where each of its values comes from."""

from collections.abc import Iterator
from typing import Any

import yaml

from groundwire_server.app.configuration.load import BUILT_IN, Loaded
from groundwire_server.app.configuration.problems import Path, dotted


def rows(loaded: Loaded) -> Iterator[tuple[Path, Any, str]]:
    """Yield each value with its path and its origin; of a secret the reference alone."""
    yield from _rows(loaded, (), loaded.configuration.model_dump(mode="json"))


def as_yaml(loaded: Loaded) -> str:
    """The configuration as a file would hold it, with a comment beside each value."""
    lines: list[str] = []
    before: Path = ()
    for path, value, origin in rows(loaded):
        *sections, key = path
        shared = _shared(before, tuple(sections))
        lines.extend(f"{'  ' * depth}{sections[depth]}:" for depth in range(shared, len(sections)))
        lines.append(f"{'  ' * len(sections)}{key}: {_flow(value)}  # {origin}")
        before = tuple(sections)
    return "\n".join(lines) + "\n"


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


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")
