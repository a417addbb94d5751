"""Environment variables that override the file: GROUNDWIRE_ROUTES__DEFAULT__LIMITS__TOP_K=5."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from groundwire_server.app.configuration import schema_walk
from groundwire_server.app.configuration.errors import InvalidConfigurationError, Path
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.yaml_file import parse_value

PREFIX = "GROUNDWIRE_"
_BETWEEN = "__"


@dataclass(frozen=True, slots=True)
class Override:
    """A value that overrides the file's.

    Attributes:
        path: the place of the value.
        value: as it is parsed.
        origin: the variable or the flag.
        error: why the value cannot be used; empty when it can.
        adds: whether it may add a store, a model or a route.
    """

    path: Path
    value: Any
    origin: str
    error: str = ""
    adds: bool = True


def overrides(environment: Mapping[str, str]) -> Iterator[Override]:
    """Yield the values of variables. They are YAML, or a text as it is where only a text is allowed."""
    for variable, text in sorted(environment.items()):
        if variable.startswith(PREFIX) and _is_setting(variable):
            path = _path(variable)
            may_be = schema_walk.at(Configuration, path)
            try:
                value, _ = parse_value(text, variable)
            except InvalidConfigurationError as invalid:
                yield Override(path, None, variable, invalid.errors[0].message)
                continue
            if schema_walk.is_text(may_be) and not (value is None and type(None) in schema_walk.every(may_be)):
                value = text
            yield Override(path, value, variable)


def _is_setting(variable: str) -> bool:
    """Whether a variable is a setting; GROUNDWIRE_SERVER and others are options of commands."""
    if _BETWEEN in variable:
        return True
    field = Configuration.model_fields.get(variable.removeprefix(PREFIX).lower())
    return field is not None and not schema_walk.holds_others(field.annotation)


def _path(variable: str) -> Path:
    path: Path = ()
    for part in variable.removeprefix(PREFIX).lower().split(_BETWEEN):
        words = {word.lower(): word for word in schema_walk.key_words(schema_walk.at(Configuration, path))}
        path = (*path, words.get(part, part))
    return path
