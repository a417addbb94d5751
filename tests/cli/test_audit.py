"""`groundwire audit`."""

import json
from collections.abc import Callable, Iterator

import pytest

from groundwire.v1.audit_service_pb2 import AuditEntry, VerifyAuditResponse
from tests.cli.conftest import Ran
from tests.doubles.reviewed_service import ReviewedService, serving_reviewed

DIGEST = "ab" * 32


@pytest.fixture
def service() -> ReviewedService:
    service = ReviewedService()
    for number in range(1, 4):
        entry = AuditEntry(sequence=number, event="review.approved", target="reviews/7f3a09c2", digest=DIGEST)
        entry.actor = "ada" if number > 1 else ""
        entry.details["etag"] = str(number)
        entry.time.FromJsonString("2026-11-27T15:00:00Z")
        service.entries = [*service.entries, entry]
    service.verification = VerifyAuditResponse(intact=True, entries=3, last_sequence=3, last_digest=DIGEST)
    return service


@pytest.fixture
def command(groundwire_command: Callable[..., Ran], service: ReviewedService) -> Iterator[Callable[..., Ran]]:
    with serving_reviewed(service) as address:
        yield lambda *arguments: groundwire_command(*arguments, "--server", address)


Command = Callable[..., Ran]


def test_entries_are_listed_between_tabs(command: Command, service: ReviewedService) -> None:
    ran = command("audit", "list", "--after", "2", "--target", "reviews/7f3a09c2")
    assert (ran.code, ran.err) == (0, "1 entry\n")
    assert ran.out == f"3\t2026-11-27T15:00:00Z\tada\treview.approved\treviews/7f3a09c2\tetag 3\t{DIGEST}\n"
    assert [json.loads(line)["sequence"] for line in command("audit", "list", "--json").out.splitlines()] == [
        "1", "2", "3",
    ]  # fmt: skip


def test_an_intact_trail_has_a_head_to_note_and_to_compare(command: Command, service: ReviewedService) -> None:
    assert command("audit", "head").out == f"3:{DIGEST}\n"
    ran = command("audit", "verify", "--known", f"3:{DIGEST}")
    assert (ran.code, ran.out) == (0, f"intact: 3 verified, up to 3:{DIGEST}\n")
    request = service.calls[-1].request
    assert (request.sequence, request.digest) == (3, DIGEST)


def test_a_trail_that_was_changed_is_an_error(command: Command, service: ReviewedService) -> None:
    service.verification = VerifyAuditResponse(intact=False, entries=1, first_wrong=2)
    ran = command("audit", "verify")
    assert (ran.code, "entry 2 is not as it was written" in ran.err) == (1, True)
    ran = command("audit", "verify", "--json")
    assert (ran.code, json.loads(ran.out)["intact"]) == (1, False)
    assert command("audit", "head").code == 1


def test_a_trail_without_entries_has_no_head_to_note(command: Command, service: ReviewedService) -> None:
    service.verification = VerifyAuditResponse(intact=True)
    ran = command("audit", "verify")
    assert (ran.code, ran.out) == (0, "intact: the trail has no entries yet\n")
    ran = command("audit", "head")
    assert (ran.code, ran.out, "no entries yet" in ran.err) == (1, "", True)


def test_entries_whose_key_is_gone_are_no_change(command: Command, service: ReviewedService) -> None:
    service.verification = VerifyAuditResponse(intact=False, entries=1, unverified=2, missing_keys=["k1"])
    ran = command("audit", "verify")
    assert (ran.code, "2 entries cannot be verified without the keys k1" in ran.err) == (1, True)


@pytest.mark.parametrize(
    "known", ["3", "3:", f"0:{DIGEST}", f"3:{DIGEST.upper()}", f"x:{DIGEST}", "9" * 30 + f":{DIGEST}"]
)
def test_what_is_not_a_head_is_wrong_usage(command: Command, service: ReviewedService, known: str) -> None:
    ran = command("audit", "verify", "--known", known)
    assert (ran.code, "audit head" in ran.err) == (2, True)
    assert not service.calls
