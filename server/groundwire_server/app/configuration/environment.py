"""Variables that set what a file could: GROUNDWIRE_ROUTES__DEFAULT__LIMITS__TOP_K=5."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from groundwire_server.app.configuration import shape
from groundwire_server.app.configuration.document import value_of
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.problems import InvalidConfigurationError, Path

PREFIX = "GROUNDWIRE_"
_BETWEEN = "__"


@dataclass(frozen=True, slots=True)
class Override:
    """A value that counts more than the file's.

    Attributes:
        path: what is set.
        value: to what.
        origin: the variable or the flag.
        wrong: why it cannot be; empty when it can.
        adds: whether it may bring in a store, a model or a route that was not there.
    """

    path: Path
    value: Any
    origin: str
    wrong: str = ""
    adds: bool = True


def overrides(environment: Mapping[str, str]) -> Iterator[Override]:
    """Yield what variables set. Values are YAML, or a text as it is where only a text may stand."""
    for variable, text in sorted(environment.items()):
        if variable.startswith(PREFIX) and _is_setting(variable):
            path = _path(variable)
            may_be = shape.at(Configuration, path)
            try:
                value, _ = value_of(text, variable)
            except InvalidConfigurationError as invalid:
                yield Override(path, None, variable, invalid.problems[0].message)
                continue
            if shape.is_text(may_be) and not (value is None and type(None) in shape.every(may_be)):
                value = text
            yield Override(path, value, variable)


def _is_setting(variable: str) -> bool:
    """Whether a variable means a setting; GROUNDWIRE_SERVER and others are the commands' own."""
    if _BETWEEN in variable:
        return True
    field = Configuration.model_fields.get(variable.removeprefix(PREFIX).lower())
    return field is not None and not shape.holds_others(field.annotation)


def _path(variable: str) -> Path:
    path: Path = ()
    for part in variable.removeprefix(PREFIX).lower().split(_BETWEEN):
        words = {word.lower(): word for word in shape.key_words(shape.at(Configuration, path))}
        path = (*path, words.get(part, part))
    return path
