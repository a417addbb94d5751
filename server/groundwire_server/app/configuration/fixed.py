"""Settings that cannot change while a server runs."""

from collections.abc import Iterable
from typing import Any

from groundwire_server.app.configuration.errors import ConfigError, InvalidConfigurationError, Path
from groundwire_server.app.configuration.load import Loaded
from groundwire_server.app.configuration.models.configuration import Configuration


def refuse_changes(before: Configuration, loaded: Loaded, fixed: Iterable[Path]) -> None:
    """Refuse a configuration that would change what only a restart can change.

    Args:
        before: what is in use.
        loaded: what would replace it.
        fixed: the places of the settings that have to stay as they are.

    Raises:
        InvalidConfigurationError: with an error for each setting.
    """
    errors = [
        ConfigError(path, "cannot change while the server runs: restart it", loaded.origin(path))
        for path in fixed
        if _at(before, path) != _at(loaded.configuration, path)
    ]
    section = ("authentication",)
    if before.authentication.required and not loaded.configuration.authentication.required:
        # A file that is half written, or empty for a moment, must not let everyone in.
        advice = "cannot be removed while the server runs: restart it to serve without authentication"
        errors.append(ConfigError(section, advice, loaded.origin(section)))
    if errors:
        raise InvalidConfigurationError(errors)


def _at(configuration: Configuration, path: Path) -> Any:
    value: Any = configuration
    for part in path:
        value = getattr(value, str(part))
    return value
