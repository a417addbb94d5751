"""Reads what a connection is made with from files and the environment, by the client's own rules."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields

from groundwire.security import Credential, on_this_machine
from groundwire.settings import Settings, variable
from groundwire_server.cli.connection import API_KEY_VARIABLE, TOKEN_VARIABLE, ConnectionOptions
from groundwire_server.cli.exits import CommandError, ExitCode


def settings_of(connection: ConnectionOptions) -> Settings:
    """Return the settings of the client, in the words of the command's options."""
    said = {each.name: getattr(connection, each.name) for each in fields(connection)}
    names = {name: f"--{name.replace('_', '-')}" for name in said}
    return Settings(
        **said,
        token=os.environ.get(TOKEN_VARIABLE) or None,
        api_key=os.environ.get(API_KEY_VARIABLE) or None,
        names=names | {name: variable(name) for name in ("token", "api_key")},
    )


def check_way(settings: Settings, credential: Credential) -> None:
    """Hold back a credential that would be readable on its way.

    Raises:
        CommandError: when it is.
    """
    if credential.given and not settings.secured and not on_this_machine(settings.server):
        told = f"a credential is not sent to {settings.server} over a connection that anybody on the way can read"
        raise CommandError(
            ExitCode.USAGE, f"{told}: add --tls, or --tls-ca FILE where the server's authority is your own"
        )


@contextmanager
def wrong_usage() -> Iterator[None]:
    """End the command with a line when a setting cannot be used.

    Raises:
        CommandError: when it cannot.
    """
    try:
        yield
    except ValueError as wrong:
        raise CommandError(ExitCode.USAGE, str(wrong)) from None
