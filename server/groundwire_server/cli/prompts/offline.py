"""What commands on prompts read without a server: a configuration, and the versions that it can use."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from groundwire_server.app.configuration.errors import not_among
from groundwire_server.app.configuration.load import Sources
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.parts.prompts import registry_of
from groundwire_server.cli.configured import loaded_from
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.domain.prompts.registry import (
    PromptConflictError,
    PromptRegistry,
    PromptVersion,
    UnknownPromptError,
)


@dataclass(frozen=True, slots=True)
class OpenedRegistry:
    """A configuration with the versions that are built in, and those of its folder."""

    configuration: Configuration
    registry: PromptRegistry

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
        """Return the version that NAME, NAME/VERSION or NAME/LABEL means.

        Raises:
            CommandError: when there is no such one.
        """
        name, _, wanted = named.partition("/")
        try:
            return self.registry.required(self.known(name), wanted)
        except UnknownPromptError as unknown:
            raise CommandError(ExitCode.USAGE, str(unknown)) from None


def opened_registry(config: Path | None, environment: Mapping[str, str] | None = None) -> OpenedRegistry:
    """Read the configuration, and its folder of prompts.

    Raises:
        CommandError: with a line for each fault of the configuration or of the folder.
    """
    loaded = loaded_from(Sources.found(config, os.environ if environment is None else environment))
    if loaded.prompts.faults:
        *before, last = [str(fault) for fault in loaded.prompts.faults]
        raise CommandError(ExitCode.USAGE, last, before)
    try:
        return OpenedRegistry(loaded.configuration, registry_of(loaded.prompts))
    except PromptConflictError as conflict:
        raise CommandError(ExitCode.USAGE, str(conflict)) from None
