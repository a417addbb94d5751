"""`groundwire prompts push|promote|rollback|history` on a running server."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from groundwire.v1.prompt_service_pb2 import PromptFinding
from tests.cli.conftest import Ran
from tests.doubles.prompt_service import CHANGED, ScriptedPromptService, change, serving_prompts

Command = Callable[..., Ran]


@pytest.fixture
def service() -> ScriptedPromptService:
    return ScriptedPromptService()


@pytest.fixture
def command(groundwire_command: Command, service: ScriptedPromptService) -> Iterator[Command]:
    with serving_prompts(service) as address:
        yield lambda *arguments: groundwire_command("prompts", *arguments, "--server", address)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    file = tmp_path / "answer" / "1.5.0.jinja"
    file.parent.mkdir()
    file.write_text("a text\n")
    return file


def test_a_template_is_pushed_under_the_name_of_its_path(
    command: Command, service: ScriptedPromptService, template: Path
) -> None:
    service.findings = [PromptFinding(line=3, message="it has no owner"), PromptFinding(message="it is long")]
    ran = command("push", str(template), "--reason", "shorter")
    assert (ran.code, ran.out) == (0, "pushed answer/1.5.0\n")
    assert ran.err.splitlines() == [
        f"{template}:3: warning: it has no owner",
        f"{template}: warning: it is long",
        "no label points at it, and no route uses it: `groundwire prompts promote answer/1.5.0` makes it production",
    ]
    checked, pushed, listed = (call.request for call in service.calls)
    assert listed.name == "answer"
    assert (checked.validate_only, pushed.validate_only) == (True, False)
    assert (pushed.name, pushed.version, pushed.text, pushed.reason) == ("answer", "1.5.0", "a text\n", "shorter")


def test_a_text_that_is_there_already_is_said_to_be(
    command: Command, service: ScriptedPromptService, template: Path
) -> None:
    again = template.rename(template.with_name("1.3.0.jinja"))
    service.texts = {"1.3.0": "a text\n"}
    ran = command("push", str(again))
    assert ran.code == 0
    assert ran.out == "answer/1.3.0 was pushed at 2026-11-27 15:00:00 UTC by ana with the same text: nothing changes\n"
    assert ran.err == "labels that point at it: production; routes that use it: default\n"
    ran = command("push", str(again), "--dry-run")
    assert ran.out.endswith("with the same text: nothing changes\n")
    service.built_in = {"1.5.0"}
    ran = command("push", str(again), "--as", "answer/1.5.0")
    assert ran.out == "answer/1.5.0 is built in with the same text: nothing changes\n"


def test_a_template_with_errors_is_not_pushed(command: Command, service: ScriptedPromptService, template: Path) -> None:
    service.findings = [PromptFinding(line=3, error=True, message="unknown variable `who`")]
    ran = command("push", str(template))
    assert (ran.code, ran.out) == (2, "")
    assert f"{template}:3: error: unknown variable `who`" in ran.err
    assert "answer/1.5.0 was not pushed: 1 error" in ran.err
    assert [call.request.validate_only for call in service.calls] == [True]
    ran = command("push", str(template), "--json")
    assert (ran.code, json.loads(ran.out)["findings"][0]["line"]) == (2, 3)


def test_a_dry_run_keeps_nothing(command: Command, service: ScriptedPromptService, template: Path) -> None:
    draft = template.rename(template.with_name("draft.jinja"))
    ran = command("push", str(draft), "--as", "answer/2.0.0", "--dry-run")
    assert (ran.code, ran.out) == (0, "answer/2.0.0 can be pushed\n")
    assert [call.request.validate_only for call in service.calls] == [True]


@pytest.mark.parametrize("named", [(), ("--as", "answer"), ("--as", "Answer/1.0.0"), ("--as", "answer/1.0")])
def test_a_template_needs_a_name_and_a_number(
    command: Command, service: ScriptedPromptService, template: Path, named: tuple[str, ...]
) -> None:
    draft = template.rename(template.with_name("draft.jinja"))
    ran = command("push", str(draft), *named)
    assert (ran.code, "name a version by its number, such as answer/1.4.0" in ran.err) == (2, True)
    assert service.calls == []


def test_a_file_that_cannot_be_read_is_named(command: Command, template: Path) -> None:
    template.write_bytes(b"\xff")
    ran = command("push", str(template))
    assert (ran.code, f"{template} is not UTF-8 in line 1" in ran.err) == (2, True)
    template.write_text("x" * 262_145)
    assert command("push", str(template)).code == 2


def test_a_version_is_promoted(command: Command, service: ScriptedPromptService) -> None:
    ran = command("promote", "answer/1.4.0", "--expect", "1.3.0", "--reason", "it won")
    assert (ran.code, ran.out) == (0, "answer: production 1.3.0 -> 1.4.0\n")
    assert ran.err == "every process of the server uses it within two seconds\n"
    request = service.calls[-1].request
    assert (request.label, request.expected_version, request.reason) == ("production", "1.3.0", "it won")


def test_a_label_that_points_elsewhere_is_said_so(command: Command, service: ScriptedPromptService) -> None:
    service.failures["SetPromptLabel"] = CHANGED
    ran = command("promote", "answer/1.4.0", "--label", "candidate")
    assert (ran.code, "points elsewhere than you expect" in ran.err) == (4, True)


def test_a_label_goes_back_from_where_it_was_seen(command: Command, service: ScriptedPromptService) -> None:
    ran = command("rollback", "answer", "--reason", "it abstains")
    assert (ran.code, ran.out) == (0, "answer: production 1.3.0 -> 1.2.0\n")
    listed, request = (call.request for call in service.calls)
    assert (listed.name, request.expected_version, request.reason) == ("answer", "1.3.0", "it abstains")


def test_a_label_that_has_nothing_before_it_stays(command: Command, service: ScriptedPromptService) -> None:
    service.label.previous_version = ""
    ran = command("rollback", "answer")
    assert (ran.code, "production of answer points at 1.3.0, and at nothing before it" in ran.err) == (1, True)
    ran = command("rollback", "answer", "--label", "candidate")
    assert (ran.code, "answer has no label candidate" in ran.err) == (1, True)
    assert {call.method for call in service.calls} == {"ListPrompts"}


def test_history_is_printed_between_tabs(command: Command, service: ScriptedPromptService) -> None:
    service.changes = [
        change(3, "1.3.0", label="production", previous_version="1.4.0", rolled_back=True, reason="too\tshort"),
        change(1, "1.4.0", reason="shorter"),
    ]
    ran = command("history", "answer")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "3\t2026-11-27T15:00:00Z\tana\tanswer\tproduction\t1.3.0\t1.4.0\ttoo short",
        "1\t2026-11-27T15:00:00Z\tana\tanswer\t\t1.4.0\t\tshorter",
    ]
    assert json.loads(command("history", "--json", "--most", "1").out)["rolledBack"] is True
    request = service.calls[-1].request
    assert (request.name, request.page_size) == ("", 1)


def test_history_on_a_terminal_says_what_happened(
    groundwire_command: Command, service: ScriptedPromptService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.changes = [
        change(3, "1.3.0", label="production", previous_version="1.4.0", rolled_back=True, reason="too short"),
        change(1, "1.4.0"),
    ]
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    with serving_prompts(service) as address:
        ran = groundwire_command("prompts", "history", "--server", address)
    assert re.sub(r"\x1b\[\d*m", "", ran.out).splitlines() == [
        "     3 2026-11-27 15:00:00 UTC answer: production rolled back 1.4.0 -> 1.3.0 by ana",
        "       too short",
        "     1 2026-11-27 15:00:00 UTC answer/1.4.0 pushed by ana",
    ]
