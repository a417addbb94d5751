"""Which checks are made: those of a server, and those of its configuration."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from groundwire.security import on_this_machine
from groundwire_server.app.check_result import CheckResult
from groundwire_server.app.configuration.errors import InvalidConfigurationError
from groundwire_server.app.configuration.load import Loaded, Sources, load
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.doctor.configured import configured
from groundwire_server.cli.doctor.remote import remote
from groundwire_server.cli.doctor.target import Target, described


@dataclass(frozen=True, slots=True)
class Examination:
    """What is examined: read once, and checked as often as wanted.

    Attributes:
        target: the server; or why it is not known.
        here: whether the configuration is that of a server on this machine.
        file: of the configuration; None for the one that is built in.
        loaded: the configuration; None where it is not examined, or is invalid.
        errors: of the configuration.
        repair: whether to repair documents that are not as they should be.
    """

    target: Target | CheckResult
    here: bool
    file: Path | None
    loaded: Loaded | None
    errors: Sequence[CheckResult]
    repair: bool = False

    @classmethod
    def of(
        cls, connection: ConnectionOptions, config: Path | None, *, named: bool, repair: bool = False
    ) -> "Examination":
        """Return what is to be examined.

        Args:
            connection: the options of the connection.
            config: the file of the configuration; None for the one that `groundwire serve` uses.
            named: whether the connection names the server; if not, the configuration does.
            repair: whether to repair documents that are not as they should be.
        """
        here = not named or on_this_machine(connection.server)
        if config is None and not here:
            return cls(Target(connection), here, None, None, ())
        sources = Sources.found(config, os.environ)
        try:
            loaded = load(sources)
        except InvalidConfigurationError as invalid:
            advice = "correct it: no server starts with it"
            errors = [CheckResult.fail("config", str(error), advice) for error in invalid.errors]
            unknown = CheckResult.skip(
                "server", "its address is not known without a valid configuration", "correct that, or give --server"
            )
            return cls(Target(connection) if named else unknown, here, sources.file, None, errors)
        target = Target(connection) if named else described(connection, loaded.configuration.server)
        return cls(target, here, sources.file, loaded, (), repair)

    def results(self) -> Iterator[CheckResult]:
        """Check everything; yield each result as it is known."""
        if isinstance(self.target, Target):
            yield from remote(self.target)
        else:
            yield self.target
        yield from self.of_configuration()

    def of_configuration(self) -> Iterator[CheckResult]:
        """Check the configuration alone, and what it names."""
        yield from self.errors
        if self.loaded is not None:
            yield from configured(self.loaded, self.file, here=self.here, repair=self.repair)
