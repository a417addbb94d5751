"""Putting a configuration together: what is built in, the file over it, the environment, flags."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from itertools import chain
from pathlib import Path as File
from typing import Any

from pydantic import ValidationError

from groundwire_server.app.configuration import shape
from groundwire_server.app.configuration.built_in import built_in
from groundwire_server.app.configuration.document import Document, read
from groundwire_server.app.configuration.environment import Override, overrides
from groundwire_server.app.configuration.explain import explained
from groundwire_server.app.configuration.layers import BUILT_IN, Layers
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.problems import InvalidConfigurationError, Path, Problem
from groundwire_server.app.configuration.references import dangling
from groundwire_server.files.small import Mark, mark

FILE = "groundwire.yaml"
"""The file that is read when none is named and it is there."""

_NAMES = ("embedders", "stores", "providers", "models")
"""The sections whose keys others refer to."""

_TOGETHER = frozenset({"server", "authentication"})
"""The sections that are judged together."""


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
        # A link that leads nowhere is meant, and told of.
        if file is None and (File(FILE).exists() or File(FILE).is_symlink()):
            file = File(FILE)
        return cls(file, environment, flags)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that is valid in itself, and where its values come from.

    Attributes:
        origins: the origin of what is set, by path; the rest is built in.
        mark: what the file was like just before it was read.
    """

    configuration: Configuration
    origins: Mapping[Path, str]
    mark: Mark

    def origin(self, path: Path) -> str:
        """Where the value at a path, or what holds it, comes from."""
        while path and path not in self.origins:
            path = path[:-1]
        return self.origins.get(path, BUILT_IN)


def load(sources: Sources) -> Loaded:
    """Read and check a configuration.

    Raises:
        InvalidConfigurationError: with everything that is wrong, in the order of file, environment and flags.
    """
    before = mark(sources.file) if sources.file else None
    document = read(sources.file) if sources.file else Document("", {}, {})
    layers = Layers({**built_in(), **shape.settled(document.values, Configuration)}, document)
    flags = (Override(path, value, flag, adds=False) for flag, (path, value) in (sources.flags or {}).items())
    over = chain(overrides(sources.environment or {}), flags)
    problems = [wrong for each in over if (wrong := layers.put(each))]
    configuration, more = _checked(layers)
    problems += more
    if configuration is None or problems:
        raise InvalidConfigurationError(sorted(problems, key=layers.order))
    return Loaded(configuration, layers.origins, before)


def _checked(layers: Layers) -> tuple[Configuration | None, list[Problem]]:
    try:
        configuration = _validated(layers.values)
    except ValidationError as invalid:
        problems = explained(invalid, Configuration, layers.origin)
        return None, [*problems, *_beside(problems, layers)]
    found = [Problem(each.path, each.message, layers.origin(each.path)) for each in dangling(configuration)]
    return configuration, found


def _validated(values: dict[str, Any]) -> Configuration:
    """As JSON, in which a path and a word of a set are texts, and nothing is taken for what it is not."""
    return Configuration.model_validate_json(json.dumps(values, default=str), strict=True)


def _beside(problems: list[Problem], layers: Layers) -> Iterator[Problem]:
    """Yield what is wrong beside some problems, as far as it does not follow from them."""
    rest = deepcopy(layers.values)
    if not all(_taken_out(rest, each.path) for each in problems):
        return
    if any(_keys(rest, name) != _keys(layers.values, name) for name in _NAMES):
        return
    try:
        configuration = _validated(rest)
    except ValidationError:
        return
    sections = {each.path[0] for each in problems}
    around = {each.path[:-1] for each in problems if shape.at(Configuration, each.path)}
    for each in dangling(configuration):
        follows = each.path[0] in _TOGETHER and sections & _TOGETHER
        if not follows and each.path[:-1] not in around:
            yield Problem(each.path, each.message, layers.origin(each.path))


def _taken_out(values: Any, path: Path) -> bool:
    """Take a single value out; False when there is none, or when it holds others."""
    if not path:
        return False
    *around, last = path
    for part in around:
        values = values[part] if _has(values, part) else None
    if not isinstance(values, dict) or isinstance(values.get(last, {}), dict | list):
        return False
    del values[last]
    return True


def _has(values: Any, part: str | int) -> bool:
    return part in values if isinstance(values, dict) else isinstance(values, list) and part in range(len(values))


def _keys(values: dict[str, Any], name: str) -> list[str] | None:
    section = values.get(name, {})
    return sorted(section) if isinstance(section, dict) else None
