"""`groundwire prompts list`."""

import json as json_format
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groundwire_server.cli.arguments import Config, Json
from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.prompts.on_server import OnServer, listing_of

if TYPE_CHECKING:
    from groundwire_server.app.configuration.models.configuration import Configuration
    from groundwire_server.cli.console import Terminal
    from groundwire_server.domain.prompts.registry import PromptRegistry


@connects
def list_prompts(
    connection: ConnectionOptions,
    name: Annotated[str, typer.Argument(metavar="NAME", help="List this prompt alone; default: every one.")] = "",
    config: Config = None,
    on_server: OnServer = False,
    json: Json = False,
) -> None:
    """List prompts: their versions, where each is kept, the labels that point at them, and the routes that use them.

    With --on-server as a running server has them; that needs an operator of the managing tenant.
    """
    from groundwire_server.cli.console import Terminal  # noqa: PLC0415  # what --help does not need
    from groundwire_server.cli.prompts.offline import opened_registry  # noqa: PLC0415

    listing: Sequence[Mapping[str, Any]]
    if on_server:
        listing = listing_of(connection, name)
    else:
        opened = opened_registry(config)
        listing = described(opened.registry, opened.configuration, opened.known(name) if name else "")
    if json:
        print(json_format.dumps(listing, indent=2, ensure_ascii=False))
    else:
        show_listing(Terminal(), listing)


def described(registry: "PromptRegistry", configuration: "Configuration", name: str = "") -> list[dict[str, Any]]:
    """Return what there is to say of prompts, in the order of their names, the newest version of each first."""
    names = [name] if name else sorted({prompt for prompt, _ in registry.versions})
    return [
        {
            "name": each,
            "versions": [
                {"version": number, "origin": registry.versions[each, number].origin.value.lower()}
                for number in reversed(registry.numbers(each))
            ],
            "labels": {
                label: registry.labels[prompt, label].version
                for prompt, label in sorted(registry.labels)
                if prompt == each
            },
            "routes": _routes(registry, configuration, each),
        }
        for each in names
    ]


def _routes(registry: "PromptRegistry", configuration: "Configuration", name: str) -> dict[str, str]:
    """Return the routes that use a prompt, each with the version that it uses."""
    using = {route: section.prompt for route, section in configuration.routes.items() if section.prompt.name == name}
    resolved = {route: registry.resolved(name, prompt.wanted) for route, prompt in using.items()}
    return {route: "" if found is None else found.version for route, found in resolved.items()}


def show_listing(console: "Terminal", listing: Sequence[Mapping[str, Any]]) -> None:
    """Print prompts, one version a line."""
    from rich.text import Text  # noqa: PLC0415  # what --help does not need

    for prompt in listing:
        console.print(prompt["name"], style="bold")
        for version in prompt["versions"]:
            number = version["version"]
            said = [kept_in(version["origin"], pushed=version.get("pushed", False))]
            said += [label for label, target in prompt["labels"].items() if target == number]
            said += [f"route {route}" for route, target in prompt["routes"].items() if target == number]
            console.hang(Text(f"  {number:<10}"), Text("; ".join(said)))


def kept_in(origin: str, *, pushed: bool) -> str:
    """Return where a version is kept, which may be a file and the records as well."""
    if origin == "records":
        return "pushed"
    kept = {"built_in": "built in", "folder": "in the folder"}[origin]
    return f"{kept}, pushed" if pushed else kept
