"""`groundwire prompts list`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ran

Command = Callable[..., Ran]

pytestmark = pytest.mark.usefixtures("config")


def test_it_shows_versions_with_their_places_labels_and_routes(groundwire_command: Command) -> None:
    ran = groundwire_command("prompts", "list", "faq")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "faq",
        "  1.1.0     in the folder; candidate; route faq",
        "  1.0.0     in the folder; production",
    ]


def test_json_has_the_same(groundwire_command: Command) -> None:
    listed = json.loads(groundwire_command("prompts", "list", "--json").out)
    assert [each["name"] for each in listed] == ["answer", "faq"]
    assert listed[1]["labels"] == {"candidate": "1.1.0", "production": "1.0.0"}
    assert listed[1]["routes"] == {"faq": "1.1.0"}


def test_a_name_that_there_is_not_and_a_broken_folder_are_one_line(groundwire_command: Command) -> None:
    ran = groundwire_command("prompts", "list", "fax")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "groundwire: there is no prompt fax; did you mean faq? there are: answer, faq\n"
    Path("prompts/labels.yaml").write_text("faq: {production: 9.0.0}\n")
    ran = groundwire_command("prompts", "list")
    assert ran.code == 2
    assert "prompts/labels.yaml:1: faq.production points at 9.0.0, which there is not" in ran.err
