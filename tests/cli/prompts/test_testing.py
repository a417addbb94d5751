"""`groundwire prompts test`, with the model that quotes passages, which needs no server."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.conftest import Ran

Command = Callable[..., Ran]

CONFIGURATION = "stores: {main: {folder: data}}\nroutes: {default: {models: [extractive], store: main}}\n"
WRONG = """cases:
  - name: opening & hours
    question: When does the front desk open?
    passages: [{id: hours, text: The front desk opens at six.}]
    expect: {result: answered, contains: [seven], not_cites: [hours]}
  - name: painter
    question: Who painted the lobby?
    passages: [{id: hours, text: The front desk opens at six.}]
    expect: {result: abstained}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "groundwire.yaml").write_text(CONFIGURATION)
    (tmp_path / "wrong.yaml").write_text(WRONG)
    return tmp_path


def test_the_example_passes_live_and_then_without_a_model(groundwire_command: Command, folder: Path) -> None:
    made = groundwire_command("prompts", "test", "--init", "cases.yaml")
    assert made.out == "wrote cases.yaml: try it with `groundwire prompts test cases.yaml --live`\n"
    assert groundwire_command("prompts", "test", "--init", "cases.yaml").code == 2
    ran = groundwire_command("prompts", "test", "cases.yaml", "--live", "--recorded", "outputs")
    assert ran.code == 0
    assert ran.out.endswith("3 cases: 3 passed\n")
    assert list((folder / "outputs").iterdir())
    again = groundwire_command("prompts", "test", "cases.yaml", "--recorded", "outputs")
    assert again.code == 0
    assert again.out == ran.out
    # The store of the configuration is not touched: a server may have it open.
    assert not (folder / "data").exists()


def test_a_case_that_fails_shows_why_and_what_came(groundwire_command: Command) -> None:
    ran = groundwire_command("prompts", "test", "wrong.yaml", "--live")
    assert ran.code == 6
    assert ran.out.splitlines() == [
        "FAIL  opening & hours",
        "      the answer lacks “seven”",
        "      hours is cited",
        "      answered (ANSWER_VALIDATED)",
        "      The front desk opens at six.",
        "ok    painter",
        "2 cases: 1 passed, 1 failed",
    ]


def test_a_prompt_without_a_kept_output_is_not_known(groundwire_command: Command) -> None:
    ran = groundwire_command("prompts", "test", "wrong.yaml", "--recorded", "outputs")
    assert ran.code == 1
    assert ran.out.startswith("?     opening & hours\n"), "nothing has failed"
    assert "not known: no output is kept of its prompt: run it with --live" in " ".join(ran.out.split())
    assert ran.out.endswith("2 cases: 1 passed, 1 not known\n")


def test_results_are_written_for_other_programs(groundwire_command: Command, folder: Path) -> None:
    ran = groundwire_command("prompts", "test", "wrong.yaml", "--live", "--json", "--junit", "results.xml")
    assert ran.code == 6
    first, second = json.loads(ran.out)
    assert (first["name"], first["passed"], first["outcome"]["result"]) == ("opening & hours", False, "answered")
    assert second["passed"] is True
    root = ET.parse(folder / "results.xml").getroot()
    assert (root.attrib["tests"], root.attrib["failures"], root.attrib["errors"]) == ("2", "1", "0")
    (failure,) = root.iter("failure")
    assert failure.text == "the answer lacks “seven”\nhours is cited"
    assert [case.attrib["name"] for case in root.iter("testcase")] == ["opening & hours", "painter"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["wrong.yaml"], "say what answers: --recorded FOLDER, --live, or both"),
        (["none.yaml", "--live"], "none.yaml"),
        (["wrong.yaml", "--live", "--prompt", "answr"], "there is no prompt answr; did you mean answer?"),
        (["wrong.yaml", "--live", "--prompt", "answer/9.9.9"], "9.9.9"),
        (["a.yaml", "b.yaml", "--init"], "--init writes one file: name one"),
    ],
)
def test_what_cannot_be_tried_is_one_line(groundwire_command: Command, arguments: list[str], said: str) -> None:
    ran = groundwire_command("prompts", "test", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_a_case_of_a_route_that_there_is_not_is_named(groundwire_command: Command, folder: Path) -> None:
    (folder / "wrong.yaml").write_text(f"route: defalt\n{WRONG}")
    ran = groundwire_command("prompts", "test", "wrong.yaml", "--live")
    assert ran.err == (
        "groundwire: wrong.yaml: opening & hours: there is no route defalt; did you mean default? there is: default\n"
    )


def test_a_version_is_tried_in_place_of_the_routes_own(groundwire_command: Command) -> None:
    ran = groundwire_command("prompts", "test", "wrong.yaml", "--live", "--json", "--prompt", "answer/1.2.0")
    assert json.loads(ran.out)[0]["outcome"]["prompt"] == "answer 1.2.0"
