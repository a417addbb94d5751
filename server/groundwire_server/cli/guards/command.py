"""`groundwire guards list` and `groundwire guards test`: read a configuration, and need no server."""

import json as json_format
import sys
from typing import Annotated, Final

import typer

from groundwire_server.cli.arguments import Config, Json
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.domain.text.encodable import encodable

_SCREENS: Final = ("question", "evidence", "answer")
_MOST_BYTES: Final = 4_000_000


def list_guards(
    config: Config = None,
    route: Annotated[str, typer.Option(metavar="NAME", help="Show this route alone; default: every one.")] = "",
    json: Json = False,
) -> None:
    """Show the guards of each route's screens, in their order, with what each finds and what that leads to."""
    from groundwire_server.cli.configured import configuration_from, known_route  # noqa: PLC0415  # not for --help
    from groundwire_server.cli.console import Terminal  # noqa: PLC0415
    from groundwire_server.cli.guards.listing import described, show_listing  # noqa: PLC0415

    configuration = configuration_from(config)
    listing = described(configuration, (known_route(route, configuration),) if route else tuple(configuration.routes))
    if json:
        print(json_format.dumps(listing, indent=2))
    else:
        show_listing(Terminal(), listing)


def try_text(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The text; `-` reads it from standard input.")],
    screen: Annotated[
        str | None, typer.Option(metavar="SCREEN", help="question, evidence or answer; default: all three.")
    ] = None,
    route: Annotated[str, typer.Option(metavar="NAME", help="The route whose guards are tried.")] = "default",
    tenant: Annotated[str, typer.Option(metavar="NAME", help="The tenant that they look for.")] = "default",
    config: Config = None,
    json: Json = False,
) -> None:
    """Show what each guard of a route says of a text, and why: category, rule, words, and what it leads to.

    Guards behind endpoints are asked too. Ends with 0 whatever is found, with 2 on wrong usage, and with 4 when a guard
    cannot be asked.
    """
    from groundwire_server.app.guard_trial import try_guards  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.configured import configuration_from, known_route  # noqa: PLC0415
    from groundwire_server.cli.console import Terminal  # noqa: PLC0415
    from groundwire_server.cli.guards.trial import show_trial, trial_as_json  # noqa: PLC0415
    from groundwire_server.domain.failure import SetupError  # noqa: PLC0415
    from groundwire_server.domain.vocabulary import Screen  # noqa: PLC0415

    if screen is not None and screen.lower() not in _SCREENS:
        raise CommandError(ExitCode.USAGE, f"--screen {screen}: there are {', '.join(_SCREENS)}")
    configuration = configuration_from(config)
    said = _text(text)
    screens = [Screen(each.upper()) for each in _SCREENS if screen is None or each == screen.lower()]
    try:
        tried = try_guards(configuration, known_route(route, configuration), screens, tenant, said)
    except (SetupError, ImportError) as wrong:
        raise CommandError(ExitCode.FAILED, str(wrong)) from None
    if json:
        print(json_format.dumps(trial_as_json(tried, said), indent=2, ensure_ascii=False))
    else:
        show_trial(Terminal(), tried, said)
    failed = [each.identity.name for each in tried if each.failure]
    if failed:
        advice = "run `groundwire doctor` to check its provider"
        raise CommandError(ExitCode.FAILED, f"{', '.join(failed)} could not be asked: {advice}")


def _text(given: str) -> str:
    if given != "-":
        if not given.isascii() and encodable(given) != given:
            raise CommandError(ExitCode.USAGE, "TEXT is not UTF-8: set the terminal to UTF-8")
        return given
    read = sys.stdin.buffer.read(_MOST_BYTES + 1)
    if len(read) > _MOST_BYTES:
        raise CommandError(ExitCode.USAGE, f"standard input has more than {_MOST_BYTES:,} bytes: give a shorter text")
    try:
        return read.decode()
    except UnicodeDecodeError:
        raise CommandError(ExitCode.USAGE, "standard input is not UTF-8") from None
