"""`groundwire documents erase`."""

import json
import sys
from collections.abc import Callable
from io import StringIO

import pytest

from groundwire.v1.document_pb2 import Document
from groundwire.v1.erasure_pb2 import EntireTenant, ErasureSource, ErasureTarget
from groundwire_server.cli.files.memory import memory_of
from tests.cli.conftest import Ran
from tests.doubles.service import FakeService

Command = Callable[..., Ran]

RECEIPT = f"""\
documents: 2
rewritten pages of files: 0 (Of disks.)
Not reached: backups.
receipt {"ab" * 32}
"""


class Teletype(StringIO):
    """A terminal to ask on."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def stored(service: FakeService) -> FakeService:
    service.stored = {name: Document(document_id=name, text=f"The text of {name}.\n") for name in ("a.md", "b.md")}
    return service


def erased(service: FakeService) -> list[tuple[ErasureTarget, bool]]:
    return [(call.request.target, call.request.force) for call in service.calls if call.method == "EraseDocuments"]


@pytest.mark.parametrize(
    ("arguments", "target"),
    [
        (["--document", "a.md"], ErasureTarget(document_id="a.md")),
        (["--source", "file:///hr/a"], ErasureTarget(source=ErasureSource(uri="file:///hr/a"))),
        (["--source", "file:///hr/", "--prefix"], ErasureTarget(source=ErasureSource(uri="file:///hr/", prefix=True))),
        (["--entire-tenant"], ErasureTarget(tenant=EntireTenant())),
    ],
)
def test_shows_the_plan_erases_and_prints_the_receipt(
    groundwire_command: Command, stored: FakeService, address: str, arguments: list[str], target: ErasureTarget
) -> None:
    ran = groundwire_command("documents", "erase", *arguments, "--yes", "--server", address)

    assert (ran.code, ran.out) == (0, f"a.md\nb.md\n{RECEIPT}")
    assert ran.err == "2 documents would be erased\n"
    assert erased(stored) == [(target, False), (target, True)]


def test_a_dry_run_erases_nothing(groundwire_command: Command, stored: FakeService, address: str) -> None:
    stored.sample = 1

    ran = groundwire_command("documents", "erase", "--document", "a.md", "--dry-run", "--server", address)

    assert (ran.code, ran.out) == (0, "a.md\n… and 1 more\n")
    assert len(stored.stored) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say what to erase"),
        (["--document", "a.md", "--entire-tenant"], "say what to erase"),
        (["--document", "a.md", "--prefix"], "--prefix applies to --source"),
        (["--document", "a.md"], "--yes"),
    ],
)
def test_what_is_not_clear_erases_nothing(
    groundwire_command: Command, stored: FakeService, address: str, arguments: list[str], said: str
) -> None:
    ran = groundwire_command("documents", "erase", *arguments, "--server", address)

    assert ran.code == 2
    assert said in ran.err
    assert len(stored.stored) == 2


@pytest.mark.parametrize(("reply", "code", "left"), [("y\n", 0, 0), ("n\n", 1, 2)])
def test_a_terminal_is_asked(
    groundwire_command: Command,
    stored: FakeService,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    reply: str,
    code: int,
    left: int,
) -> None:
    terminal = Teletype()
    monkeypatch.setattr(sys, "stdin", Teletype(reply))
    monkeypatch.setattr(sys, "stderr", terminal)

    ran = groundwire_command("documents", "erase", "--document", "a.md", "--server", address)

    assert (ran.code, len(stored.stored)) == (code, left)
    assert "Erase 2 documents? [y/N]" in terminal.getvalue()


def test_what_takes_several_calls_has_a_receipt_for_each(
    groundwire_command: Command, stored: FakeService, address: str
) -> None:
    stored.purged_at_once = 1

    ran = groundwire_command("documents", "erase", "--entire-tenant", "--yes", "--json", "--server", address)

    receipts = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0
    assert [receipt.get("complete", False) for receipt in receipts] == [False, True]


def test_what_cannot_be_erased_ends_with_a_receipt_that_says_so(
    groundwire_command: Command, stored: FakeService, address: str
) -> None:
    stored.purged_at_once = 0

    ran = groundwire_command("documents", "erase", "--entire-tenant", "--yes", "--server", address)

    assert ran.code == 1
    assert "rewritten pages of files: 0, not complete" in ran.out
    assert "not everything was erased" in ran.err


def test_what_the_command_remembers_of_ingested_documents_is_removed(
    groundwire_command: Command, stored: FakeService, address: str
) -> None:
    memory = memory_of(address, "")
    memory.parent.mkdir(parents=True)
    memory.write_text('{"document_id": "a.md"}\n')

    groundwire_command("documents", "erase", "--document", "a.md", "--dry-run", "--server", address)
    assert memory.exists()
    groundwire_command("documents", "erase", "--document", "a.md", "--yes", "--server", address)
    assert not memory.exists()
