# Generated from tests/client/_async/test_prompts.py: change that, then `make generate`.
"""The calls about prompts, against a server on a port."""

from collections.abc import Iterator

import pytest

import groundwire
from groundwire.v1.prompt_service_pb2 import PromptFinding
from tests.doubles.prompt_service import CHANGED, ScriptedPromptService, serving_prompts
from tests.doubles.service import LOST


@pytest.fixture
def service() -> ScriptedPromptService:
    return ScriptedPromptService()


@pytest.fixture
def address(service: ScriptedPromptService) -> Iterator[str]:
    with serving_prompts(service) as address:
        yield address


def test_prompts_are_listed_and_read(client: groundwire.SyncClient, service: ScriptedPromptService) -> None:
    listed = client.prompts("answer")
    assert ([each.version for each in listed.prompts[0].versions], listed.revision) == (["1.4.0", "1.3.0"], 7)
    assert (client.prompt_version("answer", "1.4.0")).text == "text of 1.4.0\n"
    assert (client.prompt_version("answer")).version == "1.3.0"
    assert [call.request.name for call in service.calls] == ["answer"] * 3


def test_a_version_is_pushed(client: groundwire.SyncClient, service: ScriptedPromptService) -> None:
    service.findings = [PromptFinding(line=3, message="no owner")]
    pushed = client.push_prompt("answer", "1.5.0", "a text", reason="shorter", validate_only=True)
    assert (pushed.version.version, pushed.findings[0].line) == ("1.5.0", 3)
    request = service.calls[-1].request
    assert (request.text, request.reason, request.validate_only) == ("a text", "shorter", True)


def test_a_label_is_set_as_it_was_seen(client: groundwire.SyncClient, service: ScriptedPromptService) -> None:
    done = client.set_prompt_label("answer", "production", "1.4.0", expected="1.3.0", reason="ramped")
    assert (done.label.version, done.label.previous_version, done.revision) == ("1.4.0", "1.3.0", 8)
    request = service.calls[-1].request
    assert (request.expected_version, request.reason) == ("1.3.0", "ramped")
    client.set_prompt_label("answer", "candidate", "1.4.0")
    assert not service.calls[-1].request.HasField("expected_version")
    client.set_prompt_label("answer", "candidate", "1.4.0", expected="")
    assert service.calls[-1].request.HasField("expected_version")


def test_a_label_goes_back(client: groundwire.SyncClient, service: ScriptedPromptService) -> None:
    done = client.roll_back_prompt("answer", expected="1.3.0", reason="it abstains")
    assert (done.label.label, done.label.version, done.revision) == ("production", "1.2.0", 9)
    service.failures["RollBackPrompt"] = CHANGED
    with pytest.raises(groundwire.Error) as failed:
        client.roll_back_prompt("answer", expected="1.3.0")
    assert failed.value.reason == "PROMPT_LABEL_CHANGED"


def test_going_back_is_not_sent_again_when_the_connection_is_lost(
    client: groundwire.SyncClient, service: ScriptedPromptService
) -> None:
    client.prompts()
    service.failures["RollBackPrompt"] = LOST
    with pytest.raises(groundwire.Error):
        client.roll_back_prompt("answer")
    assert [call.method for call in service.calls] == ["ListPrompts", "RollBackPrompt"]


def test_changes_are_fetched_page_after_page(client: groundwire.SyncClient, service: ScriptedPromptService) -> None:
    assert [change.revision for change in client.prompt_changes("answer", page_size=2)] == [5, 4, 3, 2, 1]
    assert len(service.calls) == 3
