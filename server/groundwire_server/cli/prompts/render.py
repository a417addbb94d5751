"""`groundwire prompts render`."""

import json as json_format
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from groundwire_server.cli.arguments import Config, Json
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.prompts.arguments import Named

if TYPE_CHECKING:
    # Imports what --help does not need.
    from groundwire_server.app.prompt_preview import PromptExample, PromptPreviews
    from groundwire_server.domain.generation import Prompt
    from groundwire_server.domain.prompts.context import ContextValue
    from groundwire_server.domain.prompts.registry import PromptVersion

MESSAGES: Final = ("answer", "repair", "correction", "continuation")

Ask: TypeAlias = Annotated[
    str, typer.Option("--question", metavar="TEXT", help="The question; default: an example with earlier turns.")
]
Passages: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--passages", metavar="FILE", help="Passages, as text, JSON or JSON lines; default: two examples. Repeatable."
    ),
]
Values: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--context",
        metavar="NAME=VALUE",
        help="A declared variable; lists and pairs as JSON. Repeatable; the others have their defaults.",
    ),
]
Kind: TypeAlias = Annotated[str, typer.Option("--message", metavar="KIND", help=f"One of {', '.join(MESSAGES)}.")]


def render(
    named: Named,
    question: Ask = "",
    passages: Passages = None,
    context: Values = None,
    message: Kind = "answer",
    config: Config = None,
    json: Json = False,
) -> None:
    """Print what a model would be asked: the instructions, and the message with passages and question.

    Texts stand in it as they do in a call, with a mark that is always the same here.
    """
    from groundwire_server.cli.prompts.offline import opened_registry, previews_of  # noqa: PLC0415

    opened = opened_registry(config)
    version = opened.version(named)
    prompt = rendered(
        previews_of(opened.registry, opened.configuration),
        version,
        example_of(question, passages, context, version),
        message,
    )
    if json:
        print(json_format.dumps(as_json(prompt), indent=2, ensure_ascii=False))
        return
    _show(prompt)


def rendered(previews: "PromptPreviews", version: "PromptVersion", example: "PromptExample", message: str) -> "Prompt":
    """Render a version over an example.

    Raises:
        CommandError: when it cannot be used, or there is no such message.
    """
    from groundwire_server.app.prompt_preview import Message  # noqa: PLC0415  # what --help does not need
    from groundwire_server.domain.failure import Failure  # noqa: PLC0415
    from groundwire_server.domain.prompts.registry import UnknownPromptError  # noqa: PLC0415

    if message.lower() not in MESSAGES:
        raise CommandError(ExitCode.USAGE, f"--message {message}: there are {', '.join(MESSAGES)}")
    try:
        return previews.rendered(version, example, Message(message.upper()))
    except UnknownPromptError as unusable:
        raise CommandError(ExitCode.USAGE, f"{unusable}; `groundwire prompts lint` says all") from None
    except Failure:
        raise CommandError(ExitCode.USAGE, "the prompt is longer than any model reads: take fewer passages") from None


def example_of(
    question: str, passages: list[Path] | None, context: list[str] | None, *versions: "PromptVersion"
) -> "PromptExample":
    """Return what versions are rendered of; a value is for those that declare it.

    Raises:
        CommandError: when a file or a value cannot be read.
    """
    from dataclasses import replace  # noqa: PLC0415  # what --help does not need

    from groundwire_server.app.prompt_preview import EXAMPLE  # noqa: PLC0415
    from groundwire_server.cli.check.facts import read_facts  # noqa: PLC0415
    from groundwire_server.domain.evidence import Passage  # noqa: PLC0415
    from groundwire_server.domain.prompts.context import PromptContext  # noqa: PLC0415
    from groundwire_server.domain.question import Question  # noqa: PLC0415

    example = EXAMPLE
    if question:
        example = replace(example, question=Question("default", question, "example"))
    if passages:
        found = [Passage(each.fact_id, each.text, title=each.title) for each in read_facts(passages)]
        example = replace(example, passages=tuple(found))
    values = dict(_value(each, versions) for each in context or ())
    return replace(example, context=PromptContext(values, {}))


def _value(text: str, versions: "Sequence[PromptVersion]") -> tuple[str, "ContextValue"]:
    """Return the name and the value of NAME=VALUE.

    Raises:
        CommandError: when no template declares such a variable, or it has another type.
    """
    from groundwire_server.app.configuration.errors import not_among  # noqa: PLC0415
    from groundwire_server.app.prompt_preview import header_of  # noqa: PLC0415  # what --help does not need

    name, separator, value = text.partition("=")
    declared = {key: of for each in versions for key, of in header_of(each).variables.items()}
    if not separator:
        raise CommandError(ExitCode.USAGE, f"--context {text}: write NAME=VALUE")
    if name not in declared:
        raise CommandError(ExitCode.USAGE, not_among(name, declared, f"--context: there is no variable {name}"))
    if declared[name].type == "text":
        return name, value
    try:
        read = json_format.loads(value)
    except (ValueError, RecursionError):
        read = None
    if declared[name].type == "list" and isinstance(read, list) and all(isinstance(each, str) for each in read):
        return name, tuple(read)
    if declared[name].type == "pairs" and isinstance(read, dict) and all(isinstance(v, str) for v in read.values()):
        return name, tuple(read.items())
    form = '["one", "two"]' if declared[name].type == "list" else '{"term": "meaning"}'
    raise CommandError(ExitCode.USAGE, f"--context {name}: is {declared[name].type}: write JSON such as {form}")


def as_json(prompt: "Prompt") -> dict[str, Any]:
    """Return a prompt as JSON has it."""
    begun = prompt.begun
    return {
        "name": prompt.name,
        "version": prompt.version,
        "system": prompt.system,
        "user": prompt.user,
        "begun": None if begun is None else {"written": begun.written, "correction": begun.correction},
    }


def messages_of(prompt: "Prompt") -> list[tuple[str, str]]:
    """Return the messages of a prompt, each with its role."""
    messages = [("system", prompt.system), ("user", prompt.user)]
    if prompt.begun is not None:
        messages += [("assistant", prompt.begun.written), ("user", prompt.begun.correction)]
    return messages


def _show(prompt: "Prompt") -> None:
    from rich.rule import Rule  # noqa: PLC0415  # as above

    from groundwire_server.cli.console import Terminal, printable  # noqa: PLC0415
    from groundwire_server.domain.text.tokens import estimate_tokens  # noqa: PLC0415

    console = Terminal()
    for role, text in messages_of(prompt):
        console.print(Rule(f"{role}, about {estimate_tokens(text)} tokens", align="left", style="dim"))
        console.out(printable(text), highlight=False)
