"""Reading a configuration from a text, as the tests here do."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from groundwire_server.app.configuration.errors import InvalidConfigurationError
from groundwire_server.app.configuration.load import Loaded, Sources, load

NAME = "groundwire.yaml"

Flags = Mapping[str, tuple[tuple[str | int, ...], Any]]


def loaded(
    folder: Path,
    text: str | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Flags | None = None,
) -> Loaded:
    """What a file with this text comes to; without one what is built in."""
    file = None
    if text is not None:
        file = folder / NAME
        file.write_text(text)
    return load(Sources(file, environment or {}, flags))


def errors(
    folder: Path,
    text: str | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Flags | None = None,
) -> list[str]:
    """The errors of a configuration as lines."""
    try:
        loaded(folder, text, environment, flags)
    except InvalidConfigurationError as invalid:
        return [str(error).replace(f"{folder}/", "") for error in invalid.errors]
    return []


def value_at(configuration: Loaded, path: str) -> Any:
    """The value at a dotted path, as `config show` has it."""
    found = configuration.configuration.model_dump(mode="json")
    for part in path.split("."):
        found = found[part]
    return found
