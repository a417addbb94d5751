"""`groundwire cache clear`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from groundwire.v1.erasure_pb2 import EntireTenant
from groundwire.v1.record_service_pb2 import InvalidateAnswersRequest
from tests.cli.conftest import Ran
from tests.doubles.queued_service import QueuedService, serving_queued

Command = Callable[..., Ran]


@pytest.fixture
def service() -> QueuedService:
    return QueuedService()


@pytest.fixture
def address(service: QueuedService) -> Iterator[str]:
    with serving_queued(service) as address:
        yield address


@pytest.mark.parametrize(
    ("options", "selection"),
    [
        (["--document", "handbook"], {"document_id": "handbook"}),
        (["--route", "faq"], {"route": "faq"}),
        (["--all"], {"tenant": EntireTenant()}),
    ],
)
def test_answers_are_forgotten_as_they_are_named(
    groundwire_command: Command,
    service: QueuedService,
    address: str,
    options: Sequence[str],
    selection: dict[str, Any],
) -> None:
    ran = groundwire_command("cache", "clear", *options, "--tenant", "acme", "--server", address)
    assert (ran.code, ran.out) == (0, "4 answers forgotten\n")
    (call,) = service.calls
    assert call.request == InvalidateAnswersRequest(**selection)
    assert call.metadata["groundwire-tenant"] == "acme"


@pytest.mark.parametrize("options", [[], ["--all", "--route", "faq"], ["--document", "a", "--route", "faq"]])
def test_one_way_is_needed(
    groundwire_command: Command, service: QueuedService, address: str, options: Sequence[str]
) -> None:
    ran = groundwire_command("cache", "clear", *options, "--server", address)
    assert ran.code == 2
    assert "in one way: --document, --route or --all" in ran.err
    assert not service.calls
