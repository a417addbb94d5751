"""Prompts as a running server has them, for the commands that show and compare versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.domain.prompts.registry import PromptLabel, PromptOrigin, PromptRegistry, PromptVersion

if TYPE_CHECKING:
    # Imports what --help does not need.
    from groundwire import SyncClient
    from groundwire.v1 import prompt_service_pb2

OnServer: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--on-server",
        help="Take prompts from a running server, with those that were pushed, not from the configuration.",
    ),
]

_SECONDS: Final = 30.0
"""Deadline of each call."""


@dataclass(frozen=True, slots=True)
class FetchedPrompts:
    """Versions that were named, with the labels of their prompts.

    Attributes:
        registry: the versions and the labels.
        named: each version by what named it.
        configuration: the server's, which nobody tells.
    """

    registry: PromptRegistry
    named: Mapping[str, PromptVersion]
    configuration: None = None

    def version(self, named: str) -> PromptVersion:
        """Return the version that was named."""
        return self.named[named]


def fetched(connection: ConnectionOptions, *named: str) -> FetchedPrompts:
    """Fetch versions with their texts; a path of a template is read here.

    Args:
        connection: to the server.
        named: each NAME, NAME/VERSION or NAME/LABEL, or the path of a template.

    Raises:
        CommandError: when there is no such version, or the server cannot be asked.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.prompts.offline import version_of_file  # noqa: PLC0415

    found: dict[str, PromptVersion] = {}
    labels: dict[tuple[str, str], PromptLabel] = {}
    with failures_stop(), connect(connection, timeout=_SECONDS) as client:
        for each in named:
            if Path(each).suffix == ".jinja":
                found[each] = version_of_file(Path(each))
                continue
            name, _, wanted = each.partition("/")
            found[each] = _version(client.prompt_version(name, wanted))
            labels |= _labels(client, name)
    return FetchedPrompts(PromptRegistry({(each.name, each.version): each for each in found.values()}, labels), found)


def listing_of(connection: ConnectionOptions, name: str) -> Sequence[Mapping[str, Any]]:
    """Return what there is to say of prompts, in the form of `list`.

    Args:
        connection: to the server.
        name: of a prompt; empty for all.

    Raises:
        CommandError: when there is no such prompt, or the server cannot be asked.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415  # as above

    with failures_stop(), connect(connection, timeout=_SECONDS) as client:
        listed = client.prompts(name).prompts
    return [
        {
            "name": prompt.name,
            "versions": [
                {
                    "version": each.version,
                    "origin": _origin(each).value.lower(),
                    "pushed": each.HasField("create_time"),
                }
                for each in prompt.versions
            ],
            "labels": {each.label: each.version for each in prompt.labels},
            "routes": {each.route: each.version for each in prompt.routes},
        }
        for prompt in listed
    ]


def _labels(client: "SyncClient", name: str) -> Mapping[tuple[str, str], PromptLabel]:
    return {
        (prompt.name, each.label): PromptLabel(prompt.name, each.label, each.version)
        for prompt in client.prompts(name).prompts
        for each in prompt.labels
    }


def _version(message: "prompt_service_pb2.PromptVersion") -> PromptVersion:
    pushed = message.create_time.ToDatetime(UTC) if message.HasField("create_time") else None
    return PromptVersion(message.name, message.version, message.text, _origin(message), message.author, pushed)


def _origin(message: "prompt_service_pb2.PromptVersion") -> PromptOrigin:
    """Return where a version is kept.

    Raises:
        CommandError: for a place of a newer server.
    """
    from groundwire.v1.prompt_service_pb2 import PromptOrigin as Places  # noqa: PLC0415  # as above

    try:
        return PromptOrigin(Places.Name(message.origin).removeprefix("PROMPT_ORIGIN_"))
    except ValueError:
        said = "the server is newer than this command: upgrade groundwire"
        raise CommandError(ExitCode.FAILED, said) from None
