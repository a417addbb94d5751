"""The file of a configuration: YAML, with the line of every value for errors."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from groundwire_server.app.configuration.errors import ConfigError, InvalidConfigurationError, Path
from groundwire_server.files.small import UnreadableFileError, text_of
from groundwire_server.options.yaml_text import InvalidYamlError, parse_yaml

SIZE_LIMIT = 256 * 1024


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The values of a file.

    Attributes:
        name: the file as it was named.
        values: the mapping in it.
        lines: the line of each key and item, from 1.
    """

    name: str
    values: dict[str, Any]
    lines: Mapping[Path, int]

    def origin(self, path: Path) -> str:
        """Return the file and line of a value, or of the nearest one around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.name}:{self.lines[path]}" if path else self.name


def read(file: File) -> YamlFile:
    """Read a file.

    Raises:
        InvalidConfigurationError: when it cannot be read, is not YAML, or is not one mapping.
    """
    name = str(file)
    try:
        text = text_of(file, SIZE_LIMIT)
    except UnreadableFileError as why:
        advice = "" if file.exists() or file.is_symlink() else "; `groundwire config init` writes one to begin with"
        raise InvalidConfigurationError([ConfigError((), f"{why}{advice}", name)]) from None
    return parse(text, name)


def parse(text: str, name: str) -> YamlFile:
    """Parse the text of a file.

    Raises:
        InvalidConfigurationError: when it is not YAML, or not one mapping.
    """
    values, lines = parse_value(text, name)
    if values is None:
        return YamlFile(name, {}, {})
    if not isinstance(values, dict):
        wrong = ConfigError((), "must hold `key: value` lines, such as `server:`", f"{name}:1")
        raise InvalidConfigurationError([wrong])
    return YamlFile(name, values, lines)


def parse_value(text: str, name: str) -> tuple[Any, Mapping[Path, int]]:
    """Parse any value, and return it with the line of each key and item in it.

    Raises:
        InvalidConfigurationError: when it is not YAML, or uses a feature that configurations do without.
    """
    try:
        return parse_yaml(text)
    except InvalidYamlError as broken:
        errors = [
            ConfigError(each.path, each.message, f"{name}:{each.line}" if each.line else name) for each in broken.faults
        ]
        raise InvalidConfigurationError(errors) from None
