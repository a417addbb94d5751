"""What commands on prompts read without a server: a configuration, and the versions that it can use."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from groundwire_server.app.configuration.errors import not_among
from groundwire_server.app.configuration.load import Loaded, Sources
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.parts.prompts import begun_folder, registry_of
from groundwire_server.app.prompt_preview import PromptPreviews
from groundwire_server.cli.configured import loaded_from
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.prompts.registry import (
    MOST_BYTES,
    NAME_PATTERN,
    VERSION_PATTERN,
    PromptConflictError,
    PromptOrigin,
    PromptRegistry,
    PromptVersion,
    UnknownPromptError,
)
from groundwire_server.files.small import UnreadableFileError, text_of


@dataclass(frozen=True, slots=True)
class OpenedRegistry:
    """A configuration with the versions that are built in, and those of its folder.

    Attributes:
        faults: what is wrong with the folder as a whole, a line each.
    """

    loaded: Loaded
    registry: PromptRegistry
    faults: tuple[str, ...] = ()

    @property
    def configuration(self) -> Configuration:
        """The configuration."""
        return self.loaded.configuration

    def known(self, name: str) -> str:
        """Return the name of a prompt that there is.

        Raises:
            CommandError: when there is none of this name.
        """
        names = {prompt for prompt, _ in self.registry.versions}
        if name not in names:
            raise CommandError(ExitCode.USAGE, not_among(name, names, f"there is no prompt {name}"))
        return name

    def version(self, named: str) -> PromptVersion:
        """Return the version that NAME, NAME/VERSION, NAME/LABEL or the path of a template means.

        Raises:
            CommandError: when there is no such one, or a file cannot be read.
        """
        file = Path(named)
        if file.suffix == ".jinja":
            return version_of_file(file)
        name, _, wanted = named.partition("/")
        try:
            return self.registry.required(self.known(name), wanted)
        except UnknownPromptError as unknown:
            raise CommandError(ExitCode.USAGE, str(unknown)) from None


def previews_of(registry: PromptRegistry, configuration: Configuration | None) -> PromptPreviews:
    """Return the prompts of a registry, to be looked at.

    Args:
        registry: has the versions.
        configuration: has the models whose tokens are counted; None for those of a server.

    Raises:
        CommandError: when the tokens of a model cannot be counted.
    """
    try:
        return PromptPreviews(registry, configuration)
    except (SetupError, ImportError) as wrong:
        raise CommandError(ExitCode.FAILED, str(wrong)) from None


def version_of_file(file: Path) -> PromptVersion:
    """Return the version in a file, under the name and number of its path, or as a draft.

    Raises:
        CommandError: when it cannot be read.
    """
    try:
        text = text_of(file, MOST_BYTES)
    except UnreadableFileError as wrong:
        raise CommandError(ExitCode.USAGE, f"{file} {wrong}") from None
    name = file.parent.name if NAME_PATTERN.fullmatch(file.parent.name) else "draft"
    number = file.stem if VERSION_PATTERN.fullmatch(file.stem) else "0.0.0"
    return PromptVersion(name, number, text, PromptOrigin.FOLDER)


def opened_registry(config: Path | None, *, checked: bool = True) -> OpenedRegistry:
    """Read the configuration, and its folder of prompts.

    Args:
        config: the file; else the usual one.
        checked: whether a fault of the folder ends the command; otherwise the versions that are built in stand alone.

    Raises:
        CommandError: with a line for each fault.
    """
    return _opened(loaded_from(Sources.found(config, os.environ)), checked=checked)


def begun_registry(config: Path | None, folder: Path | None) -> tuple[OpenedRegistry, Path]:
    """Read the configuration, and the folder to which a version is added, which need not be there yet.

    Args:
        config: the file; else the usual one.
        folder: the folder; else that of the configuration, else `prompts`.

    Returns:
        The versions that are built in and those of the folder, and where it is.

    Raises:
        CommandError: with a line for each fault.
    """
    loaded = loaded_from(Sources.found(config, os.environ))
    place = folder or loaded.configuration.prompts.folder or Path("prompts")
    return _opened(replace(loaded, prompts=begun_folder(place)), checked=True), place


def _opened(loaded: Loaded, *, checked: bool) -> OpenedRegistry:
    faults = [str(fault) for fault in loaded.prompts.faults]
    try:
        registry = registry_of(loaded.prompts)
    except PromptConflictError as conflict:
        faults.append(str(conflict))
        registry = registry_of()
    if checked and faults:
        *before, last = faults
        raise CommandError(ExitCode.USAGE, last, before)
    return OpenedRegistry(loaded, registry, tuple(faults))
