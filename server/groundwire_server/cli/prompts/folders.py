"""What is wrong with a folder of prompts, as commands report it."""

from collections.abc import Iterator
from contextlib import contextmanager

from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.domain.failure import SetupError


@contextmanager
def faults_stop() -> Iterator[None]:
    """End the command with a line for each fault when a folder of prompts cannot be used.

    Raises:
        CommandError: in place of the error, INCOMPLETE where there is nothing earlier to go back to.
    """
    # Imported here: --help does not need it.
    from groundwire_server.app.prompt_labels import NothingEarlierError  # noqa: PLC0415

    try:
        yield
    except NothingEarlierError as wrong:
        raise CommandError(ExitCode.INCOMPLETE, str(wrong)) from None
    except SetupError as wrong:
        *before, last = str(wrong).splitlines()
        raise CommandError(ExitCode.USAGE, last, before) from None
