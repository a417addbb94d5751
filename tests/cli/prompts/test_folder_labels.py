"""`groundwire prompts promote|rollback|history --folder`: labels in files, without a server."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from groundwire_server.adapters.prompts.folder import read_folder
from groundwire_server.app.prompt_labels import LabelsFile
from groundwire_server.domain.failure import SetupError
from tests.cli.conftest import Ran
from tests.e2e.prompts import template

Command = Callable[..., Ran]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of three versions, and a label that was set by hand."""
    (tmp_path / "answer").mkdir()
    for number in ("1.3.0", "1.4.0", "1.5.0"):
        (tmp_path / "answer" / f"{number}.jinja").write_text(template(number.replace(".", "x")))
    (tmp_path / "labels.yaml").write_text("answer: {production: 1.3.0, candidate: 1.5.0}\n")
    return tmp_path


@pytest.fixture
def command(groundwire_command: Command, folder: Path) -> Command:
    return lambda *arguments: groundwire_command("prompts", *arguments, "--folder", str(folder))


def labels(folder: Path) -> dict[str, str]:
    read = read_folder(folder)
    assert read.faults == ()
    return {each.label: each.version for each in read.labels}


def test_a_promotion_is_written_and_nothing_else_changes(command: Command, folder: Path) -> None:
    (folder / "labels.yaml").chmod(0o640)
    ran = command("promote", "answer/1.4.0", "--reason", "it won")
    assert (ran.code, ran.out) == (0, "answer: production 1.3.0 -> 1.4.0\n")
    assert ran.err == "servers take it in with the folder\n"
    assert labels(folder) == {"production": "1.4.0", "candidate": "1.5.0"}
    assert (folder / "labels.yaml").stat().st_mode & 0o777 == 0o640
    assert (folder / "labels.yaml").read_text().endswith("answer:\n  candidate: 1.5.0\n  production: 1.4.0\n")


def test_a_promotion_that_changes_nothing_writes_nothing(command: Command, folder: Path) -> None:
    before = (folder / "labels.yaml").read_text()
    ran = command("promote", "answer/1.3.0")
    assert (ran.code, ran.out) == (0, "answer: production 1.3.0, as it was\n")
    assert (folder / "labels.yaml").read_text() == before
    assert not (folder / "labels.history").exists()


def test_going_back_goes_on_to_what_was_set_by_hand(command: Command, folder: Path) -> None:
    command("promote", "answer/1.4.0")
    command("promote", "answer/1.5.0")
    assert command("rollback", "answer").out == "answer: production 1.5.0 -> 1.4.0\n"
    assert command("rollback", "answer").out == "answer: production 1.4.0 -> 1.3.0\n"
    ran = command("rollback", "answer")
    assert (ran.code, "has nothing before answer/1.3.0" in ran.err) == (1, True)
    assert labels(folder)["production"] == "1.3.0"


def test_going_back_from_what_was_set_by_hand_since_is_refused(command: Command, folder: Path) -> None:
    command("promote", "answer/1.4.0")
    (folder / "labels.yaml").write_text("answer: {production: 1.5.0}\n")
    ran = command("rollback", "answer")
    assert (ran.code, "name the version with `groundwire prompts promote`" in ran.err) == (1, True)
    assert labels(folder) == {"production": "1.5.0"}


def test_going_back_never_returns_to_what_was_left(command: Command, folder: Path) -> None:
    for number in ("1.4.0", "1.3.0", "1.4.0"):
        command("promote", f"answer/{number}")
    assert command("rollback", "answer").out == "answer: production 1.4.0 -> 1.3.0\n"
    ran = command("rollback", "answer")
    assert (ran.code, "has nothing before answer/1.3.0" in ran.err) == (1, True)
    assert labels(folder)["production"] == "1.3.0"


@pytest.mark.parametrize("label", ["Foo: bar", "1.4.0", "", "x\n  candidate: 1.3.0", "é"])
def test_a_name_that_no_label_has_is_refused(command: Command, folder: Path, label: str) -> None:
    before = (folder / "labels.yaml").read_text()
    ran = command("promote", "answer/1.4.0", "--label", label)
    assert (ran.code, "cannot be a label: it must be named by" in ran.err) == (2, True)
    assert (folder / "labels.yaml").read_text() == before


def test_a_reason_may_hold_any_sign(command: Command) -> None:
    reason = "one\u2028two\x85three\nfour"
    command("promote", "answer/1.4.0", "--reason", reason)
    assert command("rollback", "answer").out == "answer: production 1.4.0 -> 1.3.0\n"
    assert json.loads(command("history", "--json").out.split("\n")[1])["reason"] == reason


def test_a_reason_that_is_no_text_moves_no_label(command: Command, folder: Path) -> None:
    ran = command("promote", "answer/1.4.0", "--reason", "a\udcffb")
    assert (ran.code, "the reason is not UTF-8" in ran.err) == (2, True)
    assert labels(folder)["production"] == "1.3.0"


def test_a_label_does_not_move_without_its_line_in_the_history(command: Command, folder: Path) -> None:
    (folder / "labels.history").mkdir()
    ran = command("promote", "answer/1.4.0")
    assert (ran.code, "labels.history cannot be written: Is a directory" in ran.err) == (2, True)
    assert labels(folder)["production"] == "1.3.0"


def test_of_two_that_move_labels_at_once_one_does(folder: Path) -> None:
    one, other = LabelsFile(folder), LabelsFile(folder)
    one.promote("answer", "1.4.0", "production", "")
    with pytest.raises(SetupError, match=r"labels\.yaml has changed meanwhile: run the command again"):
        other.promote("answer", "1.4.0", "candidate", "")
    assert labels(folder) == {"production": "1.4.0", "candidate": "1.5.0"}
    assert len(LabelsFile(folder).history()) == 1


def test_a_label_is_set_as_it_was_seen(command: Command, folder: Path) -> None:
    ran = command("promote", "answer/1.4.0", "--expect", "1.2.0")
    assert (ran.code, "production of answer points at 1.3.0" in ran.err) == (4, True)
    assert command("promote", "answer/1.4.0", "--expect", "1.3.0").code == 0
    assert command("promote", "answer/1.4.0", "--label", "new", "--expect", "").code == 0


def test_history_is_the_newest_first(command: Command) -> None:
    command("promote", "answer/1.4.0", "--reason", "it won")
    command("rollback", "answer", "--reason", "it did not")
    lines = [json.loads(line) for line in command("history", "answer", "--json").out.splitlines()]
    assert [(each["version"], each["previous"], each["rolled_back"], each["reason"]) for each in lines] == [
        ("1.3.0", "1.4.0", True, "it did not"),
        ("1.4.0", "1.3.0", False, "it won"),
    ]
    assert command("history", "summary").out == ""
    (line,) = command("history", "--most", "1").out.splitlines()
    assert line.split("\t")[3:] == ["answer", "production", "1.3.0", "1.4.0", "it did not"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("promote", "answer/8.0.0"), "has no version '8.0.0'; it has: 1.2.0, 1.2.1, 1.3.0, 1.4.0, 1.5.0"),
        (("promote", "nobody/1.0.0"), "there is no prompt 'nobody'"),
        (("promote", "answer/candidate"), "name a version by its number"),
    ],
)
def test_what_is_not_there_is_not_promoted(
    command: Command, folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    ran = command(*arguments)
    assert (ran.code, said in ran.err) == (2, True)
    assert labels(folder) == {"production": "1.3.0", "candidate": "1.5.0"}


def test_a_version_that_is_built_in_can_be_promoted(command: Command, folder: Path) -> None:
    assert command("promote", "answer/1.2.0").code == 0
    assert labels(folder)["production"] == "1.2.0"


def test_a_folder_that_cannot_be_read_is_left_alone(command: Command, folder: Path) -> None:
    (folder / "labels.yaml").write_text("answer: [1.3.0]\n")
    ran = command("promote", "answer/1.4.0")
    assert (ran.code, "labels.yaml:1:" in ran.err) == (2, True)
    assert (folder / "labels.yaml").read_text() == "answer: [1.3.0]\n"


@pytest.mark.parametrize("line", ["nothing", "[1]", '{"prompt": "answer"}'])
def test_a_history_that_was_edited_is_named(command: Command, folder: Path, line: str) -> None:
    (folder / "labels.history").write_text(f"{line}\n")
    ran = command("rollback", "answer")
    assert (ran.code, "labels.history has a line that is not as it was written" in ran.err) == (2, True)
