"""A configuration for commands: read, or an end with a line for each thing that is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

from groundwire_server.app.configuration.load import Loaded, Sources, load
from groundwire_server.app.configuration.problems import InvalidConfigurationError
from groundwire_server.cli.exits import CommandError, ExitCode


def loaded_from(sources: Sources) -> Loaded:
    """Read a configuration.

    Raises:
        CommandError: with a line for each thing that is wrong.
    """
    with problems_stop():
        return load(sources)


@contextmanager
def problems_stop() -> Iterator[None]:
    """Ends the command with a line for each thing that is wrong with a configuration.

    Raises:
        CommandError: when something is.
    """
    try:
        yield
    except InvalidConfigurationError as invalid:
        *before, last = [str(problem) for problem in invalid.problems]
        raise CommandError(ExitCode.USAGE, last, before) from None
