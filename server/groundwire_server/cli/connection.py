"""The options of a connection: every command that calls a server takes them."""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

DEFAULT_SERVER = "127.0.0.1:50051"
DEFAULT_TENANT = "local"
TOKEN_VARIABLE = "GROUNDWIRE_TOKEN"  # noqa: S105  # a name
API_KEY_VARIABLE = "GROUNDWIRE_API_KEY"
VARIABLES = f"""Environment: GROUNDWIRE_SERVER, GROUNDWIRE_TENANT, {TOKEN_VARIABLE} or GROUNDWIRE_TOKEN_FILE, \
{API_KEY_VARIABLE} or GROUNDWIRE_API_KEY_FILE, GROUNDWIRE_TLS, GROUNDWIRE_TLS_CA, GROUNDWIRE_TLS_CERT and \
GROUNDWIRE_TLS_KEY set the defaults of the connection's options."""


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """The options of a connection. Secrets come from files or the environment, never from the command line."""

    server: Annotated[
        str,
        typer.Option(envvar="GROUNDWIRE_SERVER", show_envvar=False, metavar="HOST:PORT", help="Address of the server."),
    ] = DEFAULT_SERVER
    tenant: Annotated[
        str | None,
        typer.Option(
            envvar="GROUNDWIRE_TENANT",
            show_envvar=False,
            metavar="NAME",
            help=f"Tenant; a credential names its own, without one it is `{DEFAULT_TENANT}`.",
        ),
    ] = None
    token_file: Annotated[
        Path | None,
        typer.Option(
            envvar="GROUNDWIRE_TOKEN_FILE",
            show_envvar=False,
            metavar="FILE",
            help="File that holds the bearer token.",
        ),
    ] = None
    api_key_file: Annotated[
        Path | None,
        typer.Option(
            envvar="GROUNDWIRE_API_KEY_FILE",
            show_envvar=False,
            metavar="FILE",
            help="File that holds the API key.",
        ),
    ] = None
    tls: Annotated[
        bool,
        typer.Option(
            "--tls",
            envvar="GROUNDWIRE_TLS",
            show_envvar=False,
            help="Use TLS; implied by the three options below.",
        ),
    ] = False
    tls_ca: Annotated[
        Path | None,
        typer.Option(
            envvar="GROUNDWIRE_TLS_CA",
            show_envvar=False,
            metavar="FILE",
            help="PEM file of the server's certificate authority, if it is a private one.",
        ),
    ] = None
    tls_cert: Annotated[
        Path | None,
        typer.Option(
            envvar="GROUNDWIRE_TLS_CERT",
            show_envvar=False,
            metavar="FILE",
            help="PEM file of the client certificate.",
        ),
    ] = None
    tls_key: Annotated[
        Path | None,
        typer.Option(envvar="GROUNDWIRE_TLS_KEY", show_envvar=False, metavar="FILE", help="PEM file of its key."),
    ] = None

    @property
    def secured(self) -> bool:
        """Whether to use TLS."""
        return self.tls or any(path is not None for path in (self.tls_ca, self.tls_cert, self.tls_key))


def connects(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a connection in place of its parameter `connection`.

    Typer reads options from a function's signature: it is shown one with a parameter for each field of
    `ConnectionOptions`.
    """
    own = inspect.signature(command)
    hints = get_type_hints(command, include_extras=True)
    options = _options()

    @functools.wraps(command)
    def expanded(**given: Any) -> None:
        connection = ConnectionOptions(**{name: given.pop(name) for name in options})
        command(connection=connection, **given)

    parameters = [
        each.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[each.name])
        for each in own.parameters.values()
        if each.name != "connection"
    ]
    shown = own.replace(parameters=[*parameters, *options.values()])
    vars(expanded)["__signature__"] = shown
    expanded.__annotations__ = {name: each.annotation for name, each in shown.parameters.items()}
    return expanded


def is_connected(command: Callable[..., None]) -> bool:
    """Return whether a command has the options of a connection."""
    return "__signature__" in vars(command)


def _options() -> Mapping[str, inspect.Parameter]:
    hints = get_type_hints(ConnectionOptions, include_extras=True)
    return {
        name: each.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[name])
        for name, each in inspect.signature(ConnectionOptions).parameters.items()
    }
