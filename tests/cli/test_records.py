"""`groundwire records erase`."""

from collections.abc import Callable, Iterator

import pytest

from groundwire.v1.erasure_pb2 import EntireTenant, ErasureTarget
from groundwire_server.cli.exits import ExitCode
from tests.cli.conftest import Ran
from tests.doubles.queued_service import QueuedService, serving_queued

Command = Callable[..., Ran]


@pytest.fixture
def queued() -> QueuedService:
    return QueuedService()


@pytest.fixture
def address(queued: QueuedService) -> Iterator[str]:
    with serving_queued(queued) as address:
        yield address


def erased(service: QueuedService) -> list[ErasureTarget]:
    return [call.request.target for call in service.calls if call.method == "EraseRecords"]


@pytest.mark.parametrize(
    ("arguments", "target"),
    [
        (["--subject", "app"], ErasureTarget(subject="app")),
        (["--end-user", "visitor-1"], ErasureTarget(end_user_id="visitor-1")),
        (["--document", "a.md"], ErasureTarget(document_id="a.md")),
        (["--entire-tenant"], ErasureTarget(tenant=EntireTenant())),
    ],
)
def test_what_is_named_is_erased_and_the_receipt_printed(
    groundwire_command: Command, queued: QueuedService, address: str, arguments: list[str], target: ErasureTarget
) -> None:
    queued.receipt.complete = True
    ran = groundwire_command("records", "erase", *arguments, "--yes", "--server", address)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"queued questions: 2\nreceipt {'ab' * 32}\n"
    assert erased(queued) == [target]


def test_a_receipt_that_is_not_complete_ends_with_1(
    groundwire_command: Command, queued: QueuedService, address: str
) -> None:
    ran = groundwire_command("records", "erase", "--subject", "app", "--yes", "--json", "--server", address)
    assert ran.code == ExitCode.INCOMPLETE
    assert '"contentHash"' in ran.out
    assert "erase it again" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say what to erase"),
        (["--subject", "app", "--entire-tenant"], "say what to erase"),
        (["--subject", "app"], "add --yes"),
    ],
)
def test_what_is_not_clear_erases_nothing(
    groundwire_command: Command, queued: QueuedService, address: str, arguments: list[str], said: str
) -> None:
    ran = groundwire_command("records", "erase", *arguments, "--server", address)
    assert ran.code == ExitCode.USAGE
    assert said in ran.err
    assert erased(queued) == []
