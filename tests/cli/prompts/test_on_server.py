"""`groundwire prompts list|show|diff --on-server`: prompts as a running server has them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from groundwire.v1.prompt_service_pb2 import PROMPT_ORIGIN_FOLDER
from tests.cli.conftest import Ran
from tests.doubles.prompt_service import ScriptedPromptService, serving_prompts
from tests.doubles.service import FORBIDDEN
from tests.e2e.prompts import template

Command = Callable[..., Ran]


@pytest.fixture
def service() -> ScriptedPromptService:
    service = ScriptedPromptService()
    service.texts = {"1.3.0": template("old"), "1.4.0": template("new")}
    return service


@pytest.fixture
def command(groundwire_command: Command, service: ScriptedPromptService) -> Iterator[Command]:
    with serving_prompts(service) as address:
        yield lambda *arguments: groundwire_command("prompts", *arguments, "--on-server", "--server", address)


def test_versions_are_listed_with_their_labels_and_routes(command: Command, service: ScriptedPromptService) -> None:
    ran = command("list", "answer")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == ["answer", "  1.4.0     pushed", "  1.3.0     pushed; production; route default"]
    assert service.calls[-1].request.name == "answer"
    (prompt,) = json.loads(command("list", "--json").out)
    assert (prompt["labels"], prompt["routes"]) == ({"production": "1.3.0"}, {"default": "1.3.0"})
    assert prompt["versions"][0] == {"version": "1.4.0", "origin": "records", "pushed": True}


def test_a_version_of_the_folder_that_was_pushed_as_well_says_both(
    command: Command, service: ScriptedPromptService
) -> None:
    for each in service.versions:
        each.origin = PROMPT_ORIGIN_FOLDER
    service.versions[0].ClearField("create_time")
    assert command("list", "answer").out.splitlines()[1:] == [
        "  1.4.0     in the folder",
        "  1.3.0     in the folder, pushed; production; route default",
    ]
    assert "  kept        in the folder, pushed\n" in command("show", "answer").out


def test_a_version_is_shown_with_its_text(command: Command) -> None:
    assert command("show", "answer/1.4.0", "--text").out == template("new")
    shown = json.loads(command("show", "answer", "--json").out)
    assert (shown["version"], shown["labels"], shown["origin"], shown["text"]) == (
        *("1.3.0", ["production"], "records"),
        template("old"),
    )
    assert "A prompt with a mark" in command("show", "answer/1.4.0").out


def test_two_versions_are_compared(command: Command, tmp_path: Path) -> None:
    ran = command("diff", "answer/production", "answer/1.4.0")
    assert ran.code == 0
    assert "-You answer questions from passages, marked old." in ran.out
    assert "+You answer questions from passages, marked new." in ran.out
    draft = tmp_path / "draft.jinja"
    draft.write_text(template("drafted"))
    assert "marked drafted." in command("diff", "answer", str(draft)).out


def test_what_the_server_does_not_have_or_show_is_said(command: Command, service: ScriptedPromptService) -> None:
    ran = command("show", "answer/9.0.0")
    assert (ran.code, "There is no such prompt, version or label." in ran.err) == (4, True)
    service.failures["ListPrompts"] = FORBIDDEN
    assert command("list").code == 4


def test_a_place_of_a_newer_server_is_said(command: Command, service: ScriptedPromptService) -> None:
    service.versions[0].origin = 99  # type: ignore[assignment]  # of a newer contract
    ran = command("list")
    assert (ran.code, "the server is newer than this command" in ran.err) == (4, True)
