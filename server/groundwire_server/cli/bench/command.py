"""`groundwire bench`."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode

_MOST_CALLS = 100_000
_MOST_CALLERS = 64
_MOST_SECONDS = 600


@connects
def bench(
    connection: ConnectionOptions,
    question: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="What to ask; repeatable, asked in turn.")
    ] = None,
    questions: Annotated[Path | None, typer.Option(metavar="FILE", help="A file of questions, one a line.")] = None,
    kind: Annotated[str, typer.Option(metavar="KIND", help="What to call: stream, answer or retrieve.")] = "stream",
    calls: Annotated[int, typer.Option(min=1, max=_MOST_CALLS, metavar="N", help="The most calls to make.")] = 200,
    callers: Annotated[int, typer.Option(min=1, max=_MOST_CALLERS, metavar="N", help="Calls under way at once.")] = 4,
    seconds: Annotated[
        float, typer.Option(min=0.1, max=_MOST_SECONDS, metavar="S", help="Begin no call after so many seconds.")
    ] = 30.0,
    principal: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Who you are allowed to see documents as; repeatable.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.001, metavar="SECONDS", help="The most time a call may take.")] = 30.0,
    yes_load: Annotated[
        bool, typer.Option("--yes-load", help="Load a server on another machine; you are sure that you may.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with the figures and plots.")] = None,
) -> None:
    """Put a bounded load on a running server and see how it answers.

    Each caller sends its next call when the last has come back. A question that is asked again finds its vector in the
    server's cache: give many to see the server without.

    Ends with 0 when every call came back with an outcome, with 1 when some failed.
    """
    from json import dumps  # noqa: PLC0415  # imports what --help does not need

    from groundwire.security import on_this_machine  # noqa: PLC0415
    from groundwire_server.cli.bench.load import CallKind, Load, Plan  # noqa: PLC0415
    from groundwire_server.cli.bench.machine import this_machine  # noqa: PLC0415
    from groundwire_server.cli.bench.page import html as page_of  # noqa: PLC0415
    from groundwire_server.cli.bench.result import Result, lines  # noqa: PLC0415
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.console import one_line  # noqa: PLC0415

    if kind not in set(CallKind):
        raise CommandError(ExitCode.USAGE, f"there is no kind of call {kind!r}: choose {', '.join(CallKind)}")
    if not on_this_machine(connection.server) and not yes_load:
        raise CommandError(
            ExitCode.USAGE, f"{connection.server} is not this machine: add --yes-load when you may put load on it"
        )
    if html is not None and not html.parent.is_dir():
        raise CommandError(ExitCode.USAGE, f"cannot write {html}: there is no folder {html.parent}; name another file")
    plan = Plan(CallKind(kind), _questions(question or (), questions), calls, callers, seconds)
    with failures_stop(), connect(connection, principal, timeout, retry=None) as client:
        load = Load(client, plan)
        load.run()
    result = Result(plan, load.samples, load.took, load.ended, this_machine())
    if html is not None:
        _write(html, page_of(result))
    print(dumps(result.facts(), indent=2) if json else "\n".join(one_line(line) for line in lines(result)))
    if not result.whole:
        raise typer.Exit(ExitCode.INCOMPLETE)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as failed:
        raise CommandError(ExitCode.FAILED, f"cannot write {path}: {failed.strerror}; name another file") from None


def _questions(given: Iterable[str], file: Path | None) -> Sequence[str]:
    """The questions given, then those of a file, one a line; empty lines and lines that begin with # are passed over.

    Raises:
        CommandError: when there is none, or the file cannot be read.
    """
    found = [question for question in given if question.strip()]
    if file is not None:
        lines = (line.strip() for line in _read(file).splitlines())
        found += [line for line in lines if line and not line.startswith("#")]
    if not found:
        where = "" if file is None else f"{file} holds no question; "
        raise CommandError(
            ExitCode.USAGE, f"{where}say what to ask with --question TEXT or --questions FILE, one a line"
        )
    return found


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as failed:
        raise CommandError(ExitCode.USAGE, f"cannot read {file}: {failed.strerror}; name a file of questions") from None
    except UnicodeDecodeError:
        raise CommandError(ExitCode.USAGE, f"cannot read {file}: it is not UTF-8; save it as UTF-8") from None
