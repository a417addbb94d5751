"""`groundwire cache`."""

from typing import Annotated, Final

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode

_ONE_WAY: Final = "say which answers in one way: --document, --route or --all"


@connects
def clear(
    connection: ConnectionOptions,
    document: Annotated[
        str, typer.Option(metavar="ID", help="Document: the answers that cite it, or were written from it.")
    ] = "",
    route: Annotated[str, typer.Option(metavar="NAME", help="Route whose answers are forgotten.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Forget every answer of the tenant.")] = False,
    timeout: Annotated[float, typer.Option(min=0.001, metavar="SECONDS", help="Deadline of the call.")] = 30.0,
) -> None:
    """Remove earlier answers that may stand in for new ones, so that the next call writes them again.

    It needs the role operator. A changed or deleted document needs no clearing: an answer that cites it is looked at
    again before it leaves. Answers in the memory of other processes stay: with answer_cache.kind redis there are none.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415  # imports what --help does not need

    if [bool(document), bool(route), every].count(True) != 1:
        raise CommandError(ExitCode.USAGE, _ONE_WAY)
    with failures_stop(), connect(connection, timeout=timeout) as client:
        count = client.invalidate_answers(document_id=document, route=route, tenant=every)
    print(f"{count} answer{'' if count == 1 else 's'} forgotten")
