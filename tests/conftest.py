"""For every test: properties are checked on the same examples each time, and marks say what starts processes."""

import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis
import pytest

from tests.chromium import Browser
from tests.leftovers import watch
from tests.postgres_server import PostgresDatabases, postgres_server

# A deadline for each example would depend on how busy the machine is, a new seed on luck.
hypothesis.settings.register_profile("same-each-time", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("same-each-time")

STARTS = {"subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system"}
"""The audit events of a process that is started."""

MEMORY = Path("/dev/shm")  # each test has a folder of its own in it
"""Where Linux keeps files in memory."""


class UnmarkedProcess(Exception):
    """A test starts a process, and its mark does not say so."""


class ProcessGuard:
    """Lets those tests alone start processes that are marked `process`: `make quick` leaves them out."""

    def __init__(self) -> None:
        self._test: pytest.Item | None = None
        sys.addaudithook(self._audit)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._test = item
        try:
            return (yield)
        finally:
            self._test = None

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if event in STARTS and self._test is not None and self._test.get_closest_marker("process") is None:
            raise UnmarkedProcess(f"{self._test.nodeid} starts {arguments[0]!r}: mark it `process`")


def pytest_configure(config: pytest.Config) -> None:
    config.add_cleanup(watch())
    config.pluginmanager.register(ProcessGuard())


@pytest.fixture
def tmp_path(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder in memory where there is such a place: a store waits for the disk when it makes its file.

    That of a test which starts processes is on the disk: nothing may be executed in memory on some systems.
    """
    if request.node.get_closest_marker("process") or not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    with TemporaryDirectory(prefix="groundwire-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresDatabases]:
    """The databases of one PostgreSQL for all tests; those that use it are marked `process` and `needs_postgres`."""
    with postgres_server() as folder:
        yield PostgresDatabases(folder)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium for the tests that are marked `process` and skipped where none is installed."""
    with TemporaryDirectory(prefix="gw-chromium-", ignore_cleanup_errors=True) as folder:
        opened = Browser(Path(folder))
        yield opened
        opened.end()
