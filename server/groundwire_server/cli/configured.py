"""A configuration for commands: read, or an end with a line for each thing that is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

from groundwire_server.app.configuration.load import Loaded, Sources, load
from groundwire_server.app.configuration.problems import InvalidConfiguration
from groundwire_server.cli.exits import ExitCode, Stop


def loaded_from(sources: Sources) -> Loaded:
    """Read a configuration.

    Raises:
        Stop: with a line for each thing that is wrong.
    """
    with problems_stop():
        return load(sources)


@contextmanager
def problems_stop() -> Iterator[None]:
    """Ends the command with a line for each thing that is wrong with a configuration.

    Raises:
        Stop: when something is.
    """
    try:
        yield
    except InvalidConfiguration as invalid:
        *before, last = [str(problem) for problem in invalid.problems]
        raise Stop(ExitCode.USAGE, last, before) from None
