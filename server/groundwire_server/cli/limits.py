"""`groundwire limits`."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.times import printed

if TYPE_CHECKING:
    # Imports what --help does not need.
    from groundwire.v1.limit_pb2 import Limit
    from groundwire.v1.limit_service_pb2 import GetLimitsResponse
    from groundwire_server.cli.console import Terminal

_MONEY: Final = frozenset({"COST_PER_DAY", "COST_PER_MONTH", "COST_PER_CALL"})
_MICROS: Final = 1_000_000


@connects
def show(
    connection: ConnectionOptions,
    subject: Annotated[str, typer.Option(metavar="NAME", help="Subject whose counts are shown.")] = "",
    end_user: Annotated[str, typer.Option(metavar="ID", help="End user whose counts are shown.")] = "",
    route: Annotated[
        str, typer.Option(metavar="NAME", help="Route that would be called; default: the route named default.")
    ] = "",
    timeout: Annotated[float, typer.Option(min=0.001, metavar="SECONDS", help="Deadline of the call.")] = 30.0,
    json: Annotated[bool, typer.Option("--json", help="Print the response as JSON, in protobuf's mapping.")] = False,
) -> None:
    """Show every limit that holds for a tenant, subject and end user, and what is used and left of it.

    It takes nothing of them. With a credential, --tenant names the tenant to look at: another than the credential's own
    needs the role operator.
    """
    from google.protobuf import json_format  # noqa: PLC0415  # imports what --help does not need

    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.console import Terminal  # noqa: PLC0415
    from groundwire_server.cli.credentials import settings_of, usage_errors  # noqa: PLC0415

    with usage_errors():
        # A credential names the caller's tenant, and --tenant the one to look at.
        identified = settings_of(connection).credential().given or connection.tls_cert is not None
    caller = replace(connection, tenant=None) if identified else connection
    with failures_stop(), connect(caller, timeout=timeout) as client:
        found = client.limits(tenant=connection.tenant or "", subject=subject, end_user_id=end_user, route=route)
    if json:
        print(json_format.MessageToJson(found))
    else:
        show_limits(Terminal(), found)


def show_limits(console: "Terminal", found: "GetLimitsResponse") -> None:
    """Print limits with what is left of them.

    Args:
        console: to print on.
        found: the response.
    """
    from rich.text import Text  # noqa: PLC0415

    from groundwire.v1.limit_pb2 import LimitMode  # noqa: PLC0415
    from groundwire_server.cli.console import one_line  # noqa: PLC0415
    from groundwire_server.cli.words import word  # noqa: PLC0415

    if not found.limits:
        console.hang(Text(), Text("no limit holds for this requester"))
        return
    for limit in found.limits:
        mode = word(LimitMode, limit.mode).lower()
        console.hang(Text(), Text.assemble((one_line(limit.name), "bold"), (f"  {mode}", "dim")))
        console.hang(Text("  "), Text(_standing(limit, found.currency)))
        counted_for = ", ".join(f"{name} {value or '(none)'}" for name, value in sorted(limit.dimensions.items()))
        if counted_for:
            console.hang(Text("  "), Text(one_line(f"counted for {counted_for}"), style="dim"))


def _standing(limit: "Limit", currency: str) -> str:
    from groundwire.v1.limit_pb2 import LimitKind  # noqa: PLC0415
    from groundwire_server.cli.words import word  # noqa: PLC0415

    money = word(LimitKind, limit.kind) in _MONEY

    def amount(number: int) -> str:
        return f"{number / _MICROS:,.2f}" if money else f"{number:,}"

    unit = f" {currency}" if money else ""
    if not limit.HasField("used"):
        return f"{amount(limit.value)}{unit} in each call"
    standing = f"{amount(limit.left)} of {amount(limit.value)}{unit} left, {amount(limit.used)} used"
    if limit.used and limit.HasField("full_time"):
        standing += f"; all left again at {printed(limit.full_time)}"
    return standing
