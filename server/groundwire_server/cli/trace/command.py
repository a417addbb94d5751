"""`groundwire trace ID` and `groundwire trace find`."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

DEFAULT_JAEGER = "http://127.0.0.1:16686"

JaegerUrl: TypeAlias = Annotated[
    str,
    typer.Option(
        "--jaeger",
        envvar="GROUNDWIRE_JAEGER",
        show_envvar=False,
        metavar="URL",
        help="Address of Jaeger's query API, 2.19 or newer.",
    ),
]
AuthorizationFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--jaeger-auth-file",
        envvar="GROUNDWIRE_JAEGER_AUTH_FILE",
        show_envvar=False,
        metavar="FILE",
        help="File that holds the value of the header `authorization`, where Jaeger requires one.",
    ),
]
Service: TypeAlias = Annotated[
    str,
    typer.Option(
        envvar="OTEL_SERVICE_NAME",
        show_envvar=False,
        metavar="NAME",
        help="Name of the service that the server exports its spans under.",
    ),
]


def show(
    identifier: Annotated[
        str, typer.Argument(metavar="ID", help="A trace id of 32 hexadecimal digits, or a request id.")
    ],
    jaeger: JaegerUrl = DEFAULT_JAEGER,
    authorization_file: AuthorizationFile = None,
    service: Service = "groundwire",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per call, with its spans.")] = False,
) -> None:
    """Draw a trace: the outcome, and where the time of the call went.

    Below each stage are the calls that it made, and why a stage or a call failed. Both ids are in the report of an
    outcome, in the trailing metadata `groundwire-trace-id` and `groundwire-request-id`, and in the server's log. A
    request id is searched for in the last seven days.

    GROUNDWIRE_JAEGER, GROUNDWIRE_JAEGER_AUTH_FILE and OTEL_SERVICE_NAME set the defaults of --jaeger,
    --jaeger-auth-file and --service.

    Ends with 1 when Jaeger does not have the trace, with 3 when no Jaeger answers.
    """
    from groundwire_server.cli.trace.drawing import draw  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.trace.finding import by_id  # noqa: PLC0415
    from groundwire_server.cli.trace.jaeger import Jaeger  # noqa: PLC0415

    draw(by_id(Jaeger.at(jaeger, authorization_file), identifier, service), as_json=json)


def find(
    route: Annotated[str, typer.Option(metavar="NAME", help="The route that was used.")] = "",
    outcome: Annotated[str, typer.Option(metavar="NAME", help="The outcome, such as failed_safe or answered.")] = "",
    cause: Annotated[str, typer.Option(metavar="NAME", help="The cause, such as MODEL_TIMEOUT.")] = "",
    tenant: Annotated[str, typer.Option(metavar="NAME", help="The tenant of the caller.")] = "",
    slower_than: Annotated[
        str, typer.Option(metavar="TIME", help="Only calls that took longer, such as 2s or 500ms.")
    ] = "",
    last: Annotated[str, typer.Option(metavar="TIME", help="How far back to look, such as 15m, 1h or 2d.")] = "1h",
    limit: Annotated[int, typer.Option(min=1, max=500, metavar="N", help="Maximum number of calls.")] = 20,
    jaeger: JaegerUrl = DEFAULT_JAEGER,
    authorization_file: AuthorizationFile = None,
    service: Service = "groundwire",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per call.")] = False,
) -> None:
    """List answers that were traced, newest first.

    A table on a wide terminal; elsewhere one line per answer with trace id, time, route, outcome, cause, action,
    milliseconds and model between tabs. All conditions must hold.

    GROUNDWIRE_JAEGER, GROUNDWIRE_JAEGER_AUTH_FILE and OTEL_SERVICE_NAME set the defaults of --jaeger,
    --jaeger-auth-file and --service.

    Ends with 1 when there is none, with 3 when no Jaeger answers.
    """
    from groundwire_server.cli.trace import finding  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.trace.drawing import show_list  # noqa: PLC0415
    from groundwire_server.cli.trace.jaeger import Jaeger  # noqa: PLC0415

    condition = finding.condition_of(route, outcome, cause, tenant, slower_than, last)
    show_list(finding.by_condition(Jaeger.at(jaeger, authorization_file), condition, service, limit), as_json=json)
