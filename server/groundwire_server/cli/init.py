"""`groundwire init`: the credentials of a first start."""

from pathlib import Path
from typing import Annotated

import typer

from groundwire_server.cli.connection import DEFAULT_TENANT
from groundwire_server.cli.exits import CommandError, ExitCode

HOSTS = ("localhost", "127.0.0.1", "::1")


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where to put the certificate and the API key.")
    ] = Path("groundwire-credentials"),
    host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST",
            help="Name or IP address of the server, in addition to localhost, 127.0.0.1 and ::1; repeatable.",
        ),
    ] = None,
    tenant: Annotated[str, typer.Option(metavar="NAME", help="Tenant of the API key.")] = DEFAULT_TENANT,
    subject: Annotated[str, typer.Option(metavar="NAME", help="Subject of the API key.")] = "first-key",
    secret: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Also put a random secret here, which another service shares; repeatable."),
    ] = None,
) -> None:
    """Make the credentials of a first start: a certificate for TLS, and an API key that reads and writes.

    The folder then holds `ca.pem`, which clients trust; `tls.crt` and `tls.key` for `server.tls`; `keys.json` for
    `authentication.api_keys`; and `api-key`, the text of the key. All are valid for a year. Run it again at any time:
    what is valid for another 30 days is kept, the rest is renewed.
    """
    from groundwire_server.app import initial_credentials  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.app.clock import SystemClock  # noqa: PLC0415
    from groundwire_server.domain.caller import Role  # noqa: PLC0415
    from groundwire_server.domain.failure import SetupError  # noqa: PLC0415

    clock = SystemClock()
    hosts = list(dict.fromkeys((*HOSTS, *(host or ()))))
    try:
        typer.echo(initial_credentials.ensure_certificate(folder, hosts, clock))
        typer.echo(initial_credentials.ensure_api_key(folder, tenant, subject, (Role.READER, Role.WRITER), clock))
        for path in secret or ():
            typer.echo(initial_credentials.ensure_secret(path))
    except ValueError as wrong:
        raise CommandError(ExitCode.USAGE, str(wrong)) from None
    except SetupError as unusable:
        raise CommandError(ExitCode.FAILED, str(unusable)) from None
