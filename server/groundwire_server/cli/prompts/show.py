"""`groundwire prompts show`."""

import json as json_format
import sys
from typing import Annotated, Any

import typer

from groundwire_server.cli.arguments import Config, Json
from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.prompts.arguments import Named
from groundwire_server.cli.prompts.list import kept_in
from groundwire_server.cli.prompts.on_server import OnServer, fetched


@connects
def show(
    connection: ConnectionOptions,
    named: Named,
    text: Annotated[bool, typer.Option("--text", help="Print the template alone, as it is kept.")] = False,
    config: Config = None,
    on_server: OnServer = False,
    json: Json = False,
) -> None:
    """Show a version: what it is for, its owner, variables, sizes, labels and digest, and its text.

    With --on-server as a running server has it; that needs an operator of the managing tenant.
    """
    from rich.text import Text  # noqa: PLC0415  # what --help does not need

    from groundwire_server.app.prompt_preview import header_of  # noqa: PLC0415
    from groundwire_server.cli.console import Terminal, printable  # noqa: PLC0415
    from groundwire_server.cli.prompts.offline import opened_registry, previews_of  # noqa: PLC0415

    opened = fetched(connection, named) if on_server else opened_registry(config)
    version = opened.version(named)
    if text:
        # As it is kept where it is kept again: a terminal could be controlled by it.
        sys.stdout.write(printable(version.text) if sys.stdout.isatty() else version.text)
        return
    previews = previews_of(opened.registry, opened.configuration)
    faults = [each for each in previews.findings(version) if each.error]
    header = header_of(version)
    labels = [
        label
        for (prompt, label), each in sorted(opened.registry.labels.items())
        if (prompt, each.version) == (version.name, version.version)
    ]
    listing: dict[str, Any] = {
        "name": version.name,
        "version": version.version,
        "digest": version.digest,
        "origin": version.origin.value.lower(),
        "pushed": version.created is not None,
        "labels": labels,
        **header.model_dump(mode="json", exclude_none=True),
        "tokens": {} if faults else previews.sizes(version),
    }
    if json:
        print(json_format.dumps({**listing, "text": version.text}, indent=2, ensure_ascii=False))
        return
    console = Terminal()
    console.print(Text(f"{version.name}/{version.version}", style="bold"))
    for label, said in _facts(listing):
        console.hang(Text(f"  {label:<12}", style="dim"), Text(printable(said)))
    for fault in faults:
        console.hang(Text("  error       ", style="red"), Text(printable(fault.message)))
    console.print()
    console.out(printable(version.text).rstrip("\n"), highlight=False)


def _facts(listing: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what there is to say, each with its name."""
    variables = [
        f"{name} ({of['type']}, required)" if of["required"] else f"{name} ({of['type']})"
        for name, of in listing["variables"].items()
    ]
    settings = [f"{name} {value}" for name, value in (*listing["model"].items(), *listing["limits"].items())]
    tokens = [f"{count} without passages, by {counted}" for counted, count in listing["tokens"].items()]
    facts = {
        "description": listing["description"],
        "owner": listing["owner"],
        "kept": kept_in(listing["origin"], pushed=listing["pushed"]),
        "labels": ", ".join(listing["labels"]),
        "variables": ", ".join(variables),
        "settings": ", ".join(settings),
        "tokens": "; ".join(tokens),
        "digest": listing["digest"][:16],
    }
    return [(label, said) for label, said in facts.items() if said]
