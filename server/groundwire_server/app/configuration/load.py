"""Loading a configuration: what is built in, OpenTelemetry's variables, the file, the environment, flags.

pydantic-settings merges such layers too, but does not keep which of them a value came from. Here every error names the
line, the variable or the flag, and `groundwire config show` prints it for every value.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import chain
from pathlib import Path as File
from typing import Any

from pydantic import ValidationError

from groundwire_server.adapters.prompts.folder import NO_FOLDER, PromptFolder, read_folder, watched
from groundwire_server.app.configuration import otel_environment, schema_walk
from groundwire_server.app.configuration.context_texts import files_of as context_files
from groundwire_server.app.configuration.environment import Override, overrides
from groundwire_server.app.configuration.errors import ConfigError, InvalidConfigurationError, Path
from groundwire_server.app.configuration.explain import explained
from groundwire_server.app.configuration.layers import BUILT_IN, Layers
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.guards import TermsGuardConfig
from groundwire_server.app.configuration.references import check_references
from groundwire_server.app.configuration.yaml_file import YamlFile, read
from groundwire_server.files.small import Marks, marks_of

FILE = "groundwire.yaml"
"""The file that is read when none is named and it is there."""

TEMPLATE = files("groundwire_server.app.configuration").joinpath("template.yaml")
"""The file that `groundwire config init` copies."""

_NAMES = ("embedders", "stores", "providers", "models", "checkers")
"""The sections whose keys others refer to."""

_TOGETHER = frozenset({"server", "authentication"})
"""The sections that are judged together."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The places that a configuration is read from.

    Attributes:
        file: the file; None if there is none.
        environment: variables such as GROUNDWIRE_SERVER__LISTEN, by name; it may hold secrets of others.
        flags: values from the command line, by flag and path.
    """

    file: File | None = None
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    flags: Mapping[str, tuple[Path, Any]] | None = None

    @classmethod
    def found(
        cls, named: File | None, environment: Mapping[str, str], flags: Mapping[str, tuple[Path, Any]] | None = None
    ) -> "Sources":
        """Return the sources with the file that is named, else GROUNDWIRE_CONFIG's, else groundwire.yaml, if any."""
        file = named or (File(environment["GROUNDWIRE_CONFIG"]) if environment.get("GROUNDWIRE_CONFIG") else None)
        # A link that leads nowhere was meant to be read, so it is an error.
        if file is None and (File(FILE).exists() or File(FILE).is_symlink()):
            file = File(FILE)
        return cls(file, environment, flags)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that is valid in itself, and the origins of its values.

    Attributes:
        origins: the origin of each value that is set, by path; the others are built in.
        marks: the state of the file, and of those whose content it names, just before they were read.
        prompts: the folder of prompts, with what cannot be read of it.
    """

    configuration: Configuration
    origins: Mapping[Path, str]
    marks: Marks
    prompts: PromptFolder = NO_FOLDER

    @property
    def watched(self) -> Marks:
        """The files whose change matters, each as it was when it was read; what came to a folder later as missing."""
        return {**dict.fromkeys(_files_of(self.configuration)), **self.marks}

    def same(self, other: "Loaded") -> bool:
        """Return whether another one has the same values, and names files with the same content."""
        named = _files_of(self.configuration)
        contents = all(self.marks.get(file) == other.marks.get(file) for file in named)
        return self.configuration == other.configuration and contents

    def origin(self, path: Path) -> str:
        """Return the origin of the value at a path, or of the section around it."""
        while path and path not in self.origins:
            path = path[:-1]
        return self.origins.get(path, BUILT_IN)

    def located(self, error: ConfigError) -> ConfigError:
        """Return the error with the origin of its value."""
        return ConfigError(error.path, error.message, self.origin(error.path))


def built_in() -> dict[str, Any]:
    """Return the sections that a file may leave out, as a file would hold them; they need no network, key or file."""
    return {
        "embedders": {"local": {"kind": "minilm"}},
        "stores": {"main": {"kind": "embedded", "folder": "groundwire-data", "embedder": "local"}},
        "models": {"extractive": {"kind": "extractive", "store": "main"}},
        "routes": {"default": {"models": ["extractive"], "store": "main"}},
    }


def load(sources: Sources) -> Loaded:
    """Read and validate a configuration.

    Raises:
        InvalidConfigurationError: with every error, in the order of file, environment and flags.
    """
    marks = dict(marks_of((sources.file,) if sources.file else ()))
    file = read(sources.file) if sources.file else YamlFile("", {}, {})
    layers = Layers({**built_in(), **schema_walk.without_empty_sections(file.values, Configuration)}, file)
    flags = (Override(path, value, flag, adds=False) for flag, (path, value) in (sources.flags or {}).items())
    of_otel = otel_environment.defaults(sources.environment or {})
    errors = [error for each in of_otel if (error := layers.fill(each))]
    over = chain(overrides(sources.environment or {}), flags)
    errors += [error for each in over if (error := layers.put(each))]
    configuration, more = _validated_with_references(layers)
    errors += more
    if configuration is None or errors:
        raise InvalidConfigurationError(sorted(errors, key=layers.order))
    marks |= {**marks_of(_files_of(configuration)), **marks}
    folder = configuration.prompts.folder
    return Loaded(configuration, layers.origins, marks, NO_FOLDER if folder is None else read_folder(folder))


def _files_of(configuration: Configuration) -> Sequence[File]:
    """Return the files whose content a server takes in with its configuration, such as terms and prompts."""
    named = [guard.file for guard in configuration.guards.values() if isinstance(guard, TermsGuardConfig)]
    named += [checker.thresholds.calibration for checker in configuration.checkers.values()]
    for route in configuration.routes.values():
        named += [route.thresholds.calibration, None if route.rerank is None else route.rerank.calibration]
    named += context_files(configuration.context)
    if configuration.prompts.folder is not None:
        named += watched(configuration.prompts.folder)
    return [file for file in named if file is not None]


def _validated_with_references(layers: Layers) -> tuple[Configuration | None, list[ConfigError]]:
    try:
        configuration = _validated(layers.values)
    except ValidationError as invalid:
        errors = explained(invalid, Configuration, layers.origin)
        return None, [*errors, *_independent(errors, layers)]
    return configuration, [layers.located(each) for each in check_references(configuration)]


def _validated(values: dict[str, Any]) -> Configuration:
    """Validate as JSON, in which paths and words of enums are texts, and strictly: no value is converted."""
    return Configuration.model_validate_json(json.dumps(values, default=str), strict=True)


def _independent(errors: list[ConfigError], layers: Layers) -> Iterator[ConfigError]:
    """Yield errors of references that do not follow from other errors, so that one run reports as many as possible."""
    rest = deepcopy(layers.values)
    if not all(_remove(rest, each.path) for each in errors):
        return
    if any(_keys(rest, name) != _keys(layers.values, name) for name in _NAMES):
        return
    try:
        configuration = _validated(rest)
    except ValidationError:
        return
    sections = {each.path[0] for each in errors}
    around = {each.path[:-1] for each in errors if schema_walk.at(Configuration, each.path)}
    for each in check_references(configuration):
        follows = each.path[0] in _TOGETHER and sections & _TOGETHER
        if not follows and each.path[:-1] not in around:
            yield layers.located(each)


def _remove(values: Any, path: Path) -> bool:
    """Remove a single value; return False when there is none, or when it is a section or a list."""
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
