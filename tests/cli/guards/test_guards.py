"""`groundwire guards list` and `groundwire guards test`."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ran

Command = Callable[..., Ran]

FILE = """guards:
  rivals: {kind: terms, version: "3", category: rivals, terms: [Initech, Project Falcon]}
  codes: {kind: patterns, version: "1", category: codes, patterns: ['PROJECT-[A-Z]{3}']}
  spare: {kind: terms, version: "1", category: spare, terms: [spare]}
routes:
  default:
    models: [extractive]
    store: main
    screens:
      question:
        use: [{guard: rivals, tenants: [acme]}, {guard: codes, action: FLAG}]
        without_guard: CLOSED
      evidence: {use: []}
      answer:
        use: [{guard: codes, action: MASK, categories: {codes: IGNORE}, unless_shown: [codes]}]
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    file = tmp_path / "groundwire.yaml"
    file.write_text(FILE)
    return str(file)


def test_the_list_shows_what_each_screen_does_in_its_order(groundwire_command: Command, config: str) -> None:
    ran = groundwire_command("guards", "list", "--config", config)
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[:8] == [
        "route default",
        "  question, closed without its guards",
        "    1. rivals 3 (terms); BLOCK; for acme; finds rivals",
        "    2. codes 1 (patterns); FLAG; finds codes",
        "  evidence, open without its guards",
        "    none",
        "  answer, open without its guards",
        "    1. codes 1 (patterns); MASK; codes: IGNORE; unless shown: codes; finds codes",
    ]
    assert "    spare 1 (terms); finds spare" in lines[lines.index("named by no screen") :]


def test_the_list_shows_the_guards_of_documents(groundwire_command: Command, config: str) -> None:
    Path(config).write_text(f"{FILE}ingest: {{screen: {{use: [{{guard: spare}}]}}}}\n")
    lines = groundwire_command("guards", "list", "--config", config).out.splitlines()
    place = lines.index("documents, before they are stored")
    assert lines[place + 1] == "    1. spare 1 (terms); QUARANTINE; finds spare"
    assert not any("spare" in line for line in lines[place + 2 :])


def test_the_list_is_json_too(groundwire_command: Command, config: str) -> None:
    listed = json.loads(groundwire_command("guards", "list", "--config", config, "--json").out)
    (use,) = listed["routes"]["default"]["answer"]["guards"]
    assert (use["guard"], use["action"], use["by_category"]) == ("codes", "MASK", {"codes": "IGNORE"})


def test_a_text_is_tried_as_a_call_would_be(groundwire_command: Command, config: str) -> None:
    ran = groundwire_command("guards", "test", "Is PROJECT-ABC\nInitech's?", "--config", config, "--tenant", "acme")
    assert ran.out.splitlines() == [
        "question",
        "  rivals 3: BLOCK rivals: Is PROJECT-ABC »Initech«'s? (initech)",
        "  codes 1: FLAG codes: Is »PROJECT-ABC« Initech's? (PROJECT-[A-Z]{3})",
        "answer",
        "  codes 1: IGNORE codes: Is »PROJECT-ABC« Initech's? (PROJECT-[A-Z]{3})",
    ]
    other = groundwire_command("guards", "test", "Initech?", "--config", config, "--screen", "question")
    assert other.out.splitlines() == ["question", "  codes 1: nothing"], "no guard of acme's"


def test_what_is_found_is_json_with_its_places(groundwire_command: Command, config: str) -> None:
    arguments = ("guards", "test", "💡 PROJECT-ABC", "--config", config, "--screen", "answer", "--json")
    (guard,) = json.loads(groundwire_command(*arguments).out)
    (finding,) = guard["findings"]
    assert (finding["start"], finding["end"], finding["words"]) == (2, 13, "PROJECT-ABC")
    assert (finding["action"], finding["about"]) == ("IGNORE", "PROJECT-[A-Z]{3}")


def test_a_long_text_comes_from_standard_input(
    groundwire_command: Command, config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Initech\x1b[31m" + b" x" * 500)))
    ran = groundwire_command("guards", "test", "-", "--config", config, "--tenant", "acme", "--screen", "question")
    assert "»Initech«" in ran.out
    assert "\x1b" not in ran.out, "a text cannot steer the terminal"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("PROJECT-ABC \u202ehctiw\u202c", "»PROJECT-ABC« �hctiw�"),
        ("PROJECT-ABC \u2067a\u2069", "»PROJECT-ABC« �a�"),
        ("PROJECT-ABC \U000e0049\U000e0067\U000e006e", "»PROJECT-ABC« �"),
        ("PROJECT-ABC 🏴\U000e0067\U000e0062\U000e007f", "»PROJECT-ABC« 🏴\U000e0067\U000e0062\U000e007f"),
    ],
    ids=["overridden direction", "isolated direction", "tags", "a flag"],
)
def test_a_text_is_shown_in_its_order_and_whole(
    groundwire_command: Command, config: str, text: str, shown: str
) -> None:
    ran = groundwire_command("guards", "test", text, "--config", config, "--screen", "question")
    assert f"codes 1: FLAG codes: {shown} (PROJECT-[A-Z]{{3}})" in ran.out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("test", "\udcff Initech"), "TEXT is not UTF-8: set the terminal to UTF-8"),
        (("test", "x", "--screen", "turns"), "--screen turns: there are question, evidence, answer"),
        (("test", "x", "--route", "fax"), "there is no route fax; there is: default"),
        (("list", "--route", "fax"), "there is no route fax; there is: default"),
    ],
)
def test_what_is_wrong_is_one_line(
    groundwire_command: Command, config: str, arguments: tuple[str, ...], line: str
) -> None:
    ran = groundwire_command("guards", *arguments, "--config", config)
    assert (ran.code, ran.err.strip()) == (2, f"groundwire: {line}")


def test_a_text_that_is_not_utf8_is_refused(
    groundwire_command: Command, config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff")))
    ran = groundwire_command("guards", "test", "-", "--config", config)
    assert (ran.code, "not UTF-8" in ran.err) == (2, True)


def test_the_guards_of_other_routes_are_not_opened(groundwire_command: Command, config: str) -> None:
    guards, rest = FILE.split("routes:\n")
    other = "  other: {models: [extractive], store: main, screens: {question: {use: [{guard: lacking}]}}}\n"
    lacking = '  lacking: {kind: terms, version: "1", category: lacking, file: lacking.txt}\n'
    Path(config).write_text(f"{guards}{lacking}routes:\n{rest}{other}")
    said = "Is it spare?"
    assert groundwire_command("guards", "test", said, "--config", config, "--route", "default").code == 0
    assert groundwire_command("guards", "test", said, "--config", config, "--route", "other").code != 0
