"""`groundwire prompts lint`."""

import json as json_format
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groundwire_server.cli.arguments import Config, Json
from groundwire_server.cli.exits import ExitCode
from groundwire_server.cli.words import counted

if TYPE_CHECKING:
    # Imports what --help does not need.
    from groundwire_server.app.prompt_preview import PromptPreviews
    from groundwire_server.cli.prompts.offline import OpenedRegistry
    from groundwire_server.domain.prompts.registry import PromptVersion


def lint(
    named: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PROMPT]...",
            help="Templates, as files or by name; default: all of the folder, and the prompts of all routes.",
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="End with 5 where there is a warning.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Check templates: syntax, variables, fences around text of others, room for passages, the form of the answer.

    Prints a line for each fault, as compilers do, and the size of each template in tokens. Ends with 1 when there is an
    error.
    """
    from groundwire_server.cli.prompts.offline import opened_registry, previews_of  # noqa: PLC0415

    opened = opened_registry(config, checked=False)
    previews = previews_of(opened.registry, opened.configuration)
    versions = [(each, opened.version(each)) for each in named] if named else _all(opened)
    linted = [_linted(place, version, previews) for place, version in versions]
    faults = [] if named else [str(opened.loaded.located(each)) for each in previews.route_faults()]
    faults += [] if named else [str(each) for each in opened.faults]
    if json:
        print(json_format.dumps({"templates": linted, "configuration": faults}, indent=2, ensure_ascii=False))
    else:
        _show(linted, faults)
    findings = [finding for each in linted for finding in each["findings"]]
    errors = sum(each["error"] for each in findings) + len(faults)
    if errors:
        raise typer.Exit(ExitCode.INCOMPLETE)
    if strict and findings:
        raise typer.Exit(ExitCode.WARNED)


def _all(opened: "OpenedRegistry") -> Sequence[tuple[str, "PromptVersion"]]:
    """Return the versions of the folder, each with its file, and those built in that routes use."""
    versions = [
        (str(opened.loaded.prompts.file(each.name, each.version)), each) for each in opened.loaded.prompts.versions
    ]
    sections = [route.prompt for route in opened.configuration.routes.values()]
    used = [opened.registry.resolved(each.name, each.wanted) for each in sections]
    known = {(each.name, each.version) for _, each in versions}
    others = {(each.name, each.version): each for each in used if each is not None}
    return [*versions, *((f"{n}/{v}", each) for (n, v), each in sorted(others.items()) if (n, v) not in known)]


def _linted(place: str, version: "PromptVersion", previews: "PromptPreviews") -> dict[str, Any]:
    found = previews.findings(version)
    wrong = any(each.error for each in found)
    return {
        "template": place,
        "findings": [{"line": each.line, "error": each.error, "message": each.message} for each in found],
        "tokens": {} if wrong else dict(previews.sizes(version)),
    }


def _show(linted: Sequence[dict[str, Any]], faults: Sequence[str]) -> None:
    from groundwire_server.cli.console import one_line  # noqa: PLC0415  # as above

    for template in linted:
        for each in template["findings"]:
            line = f":{each['line']}" if each["line"] else ""
            kind = "error" if each["error"] else "warning"
            print(f"{template['template']}{line}: {kind}: {one_line(each['message'])}")
    for fault in faults:
        print(one_line(fault))
    for template in linted:
        for way, tokens in template["tokens"].items():
            print(f"{template['template']}: {tokens} tokens without passages, by {way}")
    findings = [each for template in linted for each in template["findings"]]
    errors = sum(each["error"] for each in findings) + len(faults)
    warnings = sum(not each["error"] for each in findings)
    print(f"{counted(len(linted), 'template')}: {_count(errors, 'error')}, {_count(warnings, 'warning')}")


def _count(number: int, what: str) -> str:
    return counted(number, what) if number else f"no {what}s"
