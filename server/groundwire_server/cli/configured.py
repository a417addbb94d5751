"""Loading a configuration for a command, which ends with one line for each error."""

from collections.abc import Iterator
from contextlib import contextmanager

from groundwire_server.app.configuration.errors import InvalidConfigurationError
from groundwire_server.app.configuration.load import Loaded, Sources, load
from groundwire_server.cli.exits import CommandError, ExitCode


def loaded_from(sources: Sources) -> Loaded:
    """Load a configuration.

    Raises:
        CommandError: with a line for each error.
    """
    with errors_stop():
        return load(sources)


@contextmanager
def errors_stop() -> Iterator[None]:
    """End the command with a line for each error of a configuration.

    Raises:
        CommandError: when there is one.
    """
    try:
        yield
    except InvalidConfigurationError as invalid:
        *before, last = [str(error) for error in invalid.errors]
        raise CommandError(ExitCode.USAGE, last, before) from None
