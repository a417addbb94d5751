"""The command against a scripted server of reviews."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest

from tests.cli.conftest import Ran
from tests.doubles.reviewed_service import ReviewedService, serving_reviewed
from tests.doubles.terminal import Teletype

Command: TypeAlias = Callable[..., Ran]
Typed: TypeAlias = Callable[..., Ran]


@pytest.fixture
def service() -> ReviewedService:
    return ReviewedService()


@pytest.fixture
def address(service: ReviewedService) -> Iterator[str]:
    with serving_reviewed(service) as address:
        yield address


@pytest.fixture
def command(groundwire_command: Command, address: str) -> Command:
    def call(*arguments: str) -> Ran:
        return groundwire_command(*arguments, "--server", address)

    return call


@pytest.fixture
def typed(command: Command, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Runs the command at a terminal at which a text is typed; what it asks is in `err`."""

    def call(text: str, *arguments: str) -> Ran:
        asked = Teletype()
        with monkeypatch.context() as patched:
            patched.setattr("sys.stdin", Teletype(text))
            patched.setattr("sys.stderr", asked)
            ran = command(*arguments)
        return Ran(ran.code, ran.out, asked.getvalue())

    return call
