"""Values from several places, one over the other, with where each comes from."""

from collections.abc import Iterator, Mapping
from typing import Any, get_origin

from groundwire_server.app.configuration import shape
from groundwire_server.app.configuration.document import Document
from groundwire_server.app.configuration.environment import Override
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.problems import Path, Problem, not_among

BUILT_IN = "built in"
"""The origin of what nobody has set."""


class Layers:
    """The values of a file, and what is set over them.

    Attributes:
        values: as they are now.
    """

    def __init__(self, values: dict[str, Any], document: Document) -> None:
        """Begin with the file's values, which may be changed, over what is built in."""
        self.values = values
        self._document = document
        self._origins: dict[Path, str] = {path: document.origin(path) for path in document.lines}
        self._over: list[str] = []

    @property
    def origins(self) -> Mapping[Path, str]:
        """The origin of what is set, by path."""
        return self._origins

    def put(self, override: Override) -> Problem | None:
        """Set a value over what is there, unless that cannot be."""
        path, origin = override.path, override.origin
        self._over.append(origin)
        if override.wrong:
            return Problem(path, override.wrong, origin)
        first = str(path[0])
        if first not in Configuration.model_fields:
            return Problem(path[:1], not_among(first, Configuration.model_fields, "is no key here"), origin)
        at = self.values
        for depth, part in enumerate(path[:-1]):
            if at.get(str(part)) is None:
                if depth and not override.adds and _has_names(path[:depth]):
                    return Problem(path[: depth + 1], not_among(part, at, "is not in this configuration"), origin)
                at[str(part)] = {}
                self._origins[path[: depth + 1]] = origin
            at = at[str(part)]
            if not isinstance(at, dict):
                return Problem(path, "stands within a single value or a list: set that as a whole", origin)
        at[str(path[-1])] = override.value
        for replaced in [each for each in self._origins if each[: len(path)] == path]:
            del self._origins[replaced]
        self._origins.update(dict.fromkeys(_paths(override.value, path), origin))
        return None

    def origin(self, path: Path) -> str:
        """Where what is wrong at a path comes from: the nearest thing around it that is set, or else the file."""
        while path and path not in self._origins:
            path = path[:-1]
        return self._origins.get(path, self._document.name)

    def order(self, problem: Problem) -> tuple[int, int]:
        """Where a problem stands: those of the file first, by line, then what is set over it."""
        if problem.origin in self._over:
            return 1, self._over.index(problem.origin)
        path = problem.path
        while path and path not in self._document.lines:
            path = path[:-1]
        return 0, self._document.lines.get(path, 0)


def _has_names(path: Path) -> bool:
    """Whether what stands at a path holds names of the operator's own."""
    return any(get_origin(each) is dict for each in shape.every(shape.at(Configuration, path)))


def _paths(value: Any, path: Path) -> Iterator[Path]:
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*path, key))
