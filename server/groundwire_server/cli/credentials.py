"""Reads credentials and certificates from files and the environment, by the client's own rules."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields

from groundwire.security import Credential, on_this_machine
from groundwire.settings import Settings, variable
from groundwire_server.cli.connection import API_KEY_VARIABLE, TOKEN_VARIABLE, ConnectionOptions
from groundwire_server.cli.exits import CommandError, ExitCode


def settings_of(connection: ConnectionOptions) -> Settings:
    """Return the client's settings, which name the command's options in their errors."""
    options = {each.name: getattr(connection, each.name) for each in fields(connection)}
    names = {name: f"--{name.replace('_', '-')}" for name in options}
    return Settings(
        **options,
        token=os.environ.get(TOKEN_VARIABLE) or None,
        api_key=os.environ.get(API_KEY_VARIABLE) or None,
        names=names | {name: variable(name) for name in ("token", "api_key")},
    )


def check_plaintext(settings: Settings, credential: Credential) -> None:
    """Refuse to send a credential over an unencrypted connection to another machine.

    Raises:
        CommandError: when there is one to send.
    """
    if credential.given and not settings.secured and not on_this_machine(settings.server):
        refused = f"no credential is sent to {settings.server} over an unencrypted connection"
        raise CommandError(
            ExitCode.USAGE, f"{refused}: add --tls, or --tls-ca FILE for a private certificate authority"
        )


@contextmanager
def usage_errors() -> Iterator[None]:
    """End the command with a line when a setting cannot be used.

    Raises:
        CommandError: when one cannot.
    """
    try:
        yield
    except ValueError as wrong:
        raise CommandError(ExitCode.USAGE, str(wrong)) from None
