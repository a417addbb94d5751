"""Values from several places, one over the other, with the origin of each."""

from collections.abc import Iterator, Mapping
from typing import Any, get_origin

from groundwire_server.app.configuration import schema_walk
from groundwire_server.app.configuration.environment import Override
from groundwire_server.app.configuration.errors import ConfigError, Path, not_among
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.yaml_file import YamlFile

BUILT_IN = "built in"
"""The origin of a default."""


class Layers:
    """The values of a file, and those that override them.

    Attributes:
        values: those in force.
    """

    def __init__(self, values: dict[str, Any], file: YamlFile) -> None:
        """Begin with the file's values over the defaults; `values` may be changed."""
        self.values = values
        self._file = file
        self._origins: dict[Path, str] = {path: file.origin(path) for path in file.lines}
        self._overriding: list[str] = []

    @property
    def origins(self) -> Mapping[Path, str]:
        """The origin of each value that is set, by path."""
        return self._origins

    def put(self, override: Override) -> ConfigError | None:
        """Override a value; return the error when it cannot be."""
        path, origin = override.path, override.origin
        self._overriding.append(origin)
        if override.error:
            return ConfigError(path, override.error, origin)
        first = str(path[0])
        if first not in Configuration.model_fields:
            return ConfigError(path[:1], not_among(first, Configuration.model_fields, "unknown key"), origin)
        at = self.values
        for depth, part in enumerate(path[:-1]):
            if at.get(str(part)) is None:
                if depth and not override.adds and _has_names(path[:depth]):
                    return ConfigError(path[: depth + 1], not_among(part, at, "is not in this configuration"), origin)
                at[str(part)] = {}
                self._origins[path[: depth + 1]] = origin
            at = at[str(part)]
            if not isinstance(at, dict):
                return ConfigError(path, "is within a single value or a list: set that as a whole", origin)
        at[str(path[-1])] = override.value
        for replaced in [each for each in self._origins if each[: len(path)] == path]:
            del self._origins[replaced]
        self._origins.update(dict.fromkeys(_paths(override.value, path), origin))
        return None

    def fill(self, default: Override) -> ConfigError | None:
        """Set a value that is not set; return the error when it cannot be."""
        if default.path in self._origins or self._has_value_above(default.path):
            return None
        return self.put(default)

    def origin(self, path: Path) -> str:
        """Return the origin of the value at a path, of the nearest one around it, or else the file."""
        while path and path not in self._origins:
            path = path[:-1]
        return self._origins.get(path, self._file.name)

    def located(self, error: ConfigError) -> ConfigError:
        """Return the error with the origin of its value."""
        return ConfigError(error.path, error.message, self.origin(error.path))

    def order(self, error: ConfigError) -> tuple[int, int]:
        """Return the place of an error among others: the file's by line, then those of overrides in their order."""
        if error.origin in self._overriding:
            return 1, self._overriding.index(error.origin)
        path = error.path
        while path and path not in self._file.lines:
            path = path[:-1]
        return 0, self._file.lines.get(path, 0)

    def _has_value_above(self, path: Path) -> bool:
        at: Any = self.values
        for part in path[:-1]:
            if not isinstance(at, dict):
                return True
            at = at.get(str(part), {})
        return not isinstance(at, dict)


def _has_names(path: Path) -> bool:
    """Whether the keys at a path are names of the operator's choosing."""
    return any(get_origin(each) is dict for each in schema_walk.every(schema_walk.at(Configuration, path)))


def _paths(value: Any, path: Path) -> Iterator[Path]:
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*path, key))
