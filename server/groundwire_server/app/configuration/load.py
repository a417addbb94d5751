"""Putting a configuration together: what is built in, the file over it, the environment, flags."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

import yaml
from pydantic import ValidationError

from groundwire_server.app.configuration.built_in import built_in
from groundwire_server.app.configuration.document import Document, read
from groundwire_server.app.configuration.explain import explained
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.problems import InvalidConfiguration, Path, Problem, not_among
from groundwire_server.app.configuration.references import dangling

FILE = "groundwire.yaml"
"""The file that is read when none is named and it is there."""

PREFIX = "GROUNDWIRE_"
_BETWEEN = "__"

BUILT_IN = "built in"
"""The origin of what nobody has set."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a configuration comes from.

    Attributes:
        file: the file; None if there is none.
        environment: variables such as GROUNDWIRE_SERVER__LISTEN, by name.
        flags: values from the command line, by flag and path.
    """

    file: File | None = None
    environment: Mapping[str, str] | None = None
    flags: Mapping[str, tuple[Path, Any]] | None = None

    @classmethod
    def found(
        cls, named: File | None, environment: Mapping[str, str], flags: Mapping[str, tuple[Path, Any]] | None = None
    ) -> "Sources":
        """The file that is named, else GROUNDWIRE_CONFIG's, else groundwire.yaml of this folder where there is one."""
        file = named or (File(environment["GROUNDWIRE_CONFIG"]) if environment.get("GROUNDWIRE_CONFIG") else None)
        if file is None and File(FILE).exists():
            file = File(FILE)
        return cls(file, environment, flags)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that is valid in itself, and where its values come from.

    Attributes:
        origins: the origin of what is set, by path; the rest is built in.
    """

    configuration: Configuration
    origins: Mapping[Path, str]

    def origin(self, path: Path) -> str:
        """Where the value at a path comes from."""
        return _origin(self.origins, path)


def load(sources: Sources) -> Loaded:
    """Read and check a configuration.

    Raises:
        InvalidConfiguration: with everything that is wrong.
    """
    document = Document("", {}, {}) if sources.file is None else read(sources.file)
    values: dict[str, Any] = {**built_in(), **document.values}
    origins: dict[Path, str] = {path: document.origin(path) for path in document.lines}
    problems: list[Problem] = []
    for path, value, origin in (*_of_environment(sources.environment or {}), *_of_flags(sources.flags or {})):
        problem = _set(values, path, value, origin)
        if problem:
            problems.append(problem)
        else:
            origins[path] = origin
    if problems:
        raise InvalidConfiguration(problems)
    return Loaded(_checked(values, origins, document.name), origins)


def _checked(values: dict[str, Any], origins: Mapping[Path, str], name: str) -> Configuration:
    def origin(path: Path) -> str:
        found = _origin(origins, path)
        return name if found == BUILT_IN else found

    try:
        configuration = Configuration.model_validate(values)
    except ValidationError as invalid:
        raise InvalidConfiguration(explained(invalid, Configuration, origin)) from None
    problems = [Problem(each.path, each.message, origin(each.path)) for each in dangling(configuration)]
    if problems:
        raise InvalidConfiguration(problems)
    return configuration


def _origin(origins: Mapping[Path, str], path: Path) -> str:
    """The origin of a value: its own, or that of the list or text that holds it."""
    while path:
        if path in origins:
            return origins[path]
        path = path[:-1]
    return BUILT_IN


def _of_environment(environment: Mapping[str, str]) -> Iterator[tuple[Path, Any, str]]:
    """GROUNDWIRE_ROUTES__BUILT_IN__LIMITS__TOP_K=5: values are YAML. Variables without `__` are the commands' own."""
    for variable, text in sorted(environment.items()):
        if variable.startswith(PREFIX) and _BETWEEN in variable:
            path = tuple(variable.removeprefix(PREFIX).lower().split(_BETWEEN))
            yield path, _value(variable, text), variable


def _of_flags(flags: Mapping[str, tuple[Path, Any]]) -> Iterator[tuple[Path, Any, str]]:
    for flag, (path, value) in flags.items():
        yield path, value, flag


def _value(variable: str, text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise InvalidConfiguration([Problem((), "its value is not YAML", variable)]) from None


def _set(values: dict[str, Any], path: Path, value: Any, origin: str) -> Problem | None:
    first = str(path[0])
    if first not in Configuration.model_fields:
        return Problem((first,), not_among(first, Configuration.model_fields, "is no key here"), origin)
    at = values
    for part in path[:-1]:
        inner = at.setdefault(str(part), {})
        if not isinstance(inner, dict):
            return Problem(path, "stands within what is a single value", origin)
        at = inner
    at[str(path[-1])] = value
    return None
