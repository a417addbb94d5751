"""`groundwire prompts list`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ran

Command = Callable[..., Ran]


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "prompts" / "faq").mkdir(parents=True)
    for version in ("1.0.0", "1.1.0"):
        (tmp_path / "prompts" / "faq" / f"{version}.jinja").write_text(version)
    (tmp_path / "prompts" / "labels.yaml").write_text("faq: {production: 1.0.0, candidate: 1.1.0}\n")
    file = tmp_path / "groundwire.yaml"
    file.write_text(
        f"prompts: {{folder: {tmp_path / 'prompts'}}}\n"
        "routes:\n"
        "  default: {models: [extractive], store: main}\n"
        "  faq: {models: [extractive], store: main, prompt: {name: faq, label: candidate}}\n"
    )
    return str(file)


def test_it_shows_versions_with_their_places_labels_and_routes(groundwire_command: Command, config: str) -> None:
    ran = groundwire_command("prompts", "list", "faq", "--config", config)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "faq",
        "  1.1.0     in the folder; candidate; route faq",
        "  1.0.0     in the folder; production",
    ]


def test_json_has_the_same(groundwire_command: Command, config: str) -> None:
    listed = json.loads(groundwire_command("prompts", "list", "--config", config, "--json").out)
    assert [each["name"] for each in listed] == ["answer", "faq"]
    assert listed[1]["labels"] == {"candidate": "1.1.0", "production": "1.0.0"}
    assert listed[1]["routes"] == {"faq": "1.1.0"}


def test_a_name_that_there_is_not_and_a_broken_folder_are_one_line(
    groundwire_command: Command, config: str, tmp_path: Path
) -> None:
    ran = groundwire_command("prompts", "list", "fax", "--config", config)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "groundwire: there is no prompt fax; did you mean faq? there are: answer, faq\n"
    (tmp_path / "prompts" / "labels.yaml").write_text("faq: {production: 9.0.0}\n")
    ran = groundwire_command("prompts", "list", "--config", config)
    assert ran.code == 2
    assert "labels.yaml:1: faq.production points at 9.0.0, which there is not" in ran.err
