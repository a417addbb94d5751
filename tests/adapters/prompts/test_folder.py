"""The operator's folder: read whole, with a line for each file that cannot be used."""

from pathlib import Path

import pytest

from groundwire_server.adapters.prompts.folder import read_folder, watched
from groundwire_server.domain.prompts.registry import MOST_BYTES, PromptLabel, PromptOrigin, PromptRegistry
from groundwire_server.files.small import marks_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "prompts"
    (made / "answer").mkdir(parents=True)
    (made / "answer" / "1.3.0.jinja").write_text("text")
    (made / "labels.yaml").write_text("answer:\n  production: 1.3.0\n  candidate: 1.4.0\n")
    return made


def test_versions_and_labels_are_read(folder: Path) -> None:
    (folder / "answer" / "1.4.0.jinja").write_bytes(b"\xef\xbb\xbfother")
    (folder / "answer" / "notes.md").write_text("left alone")
    (folder / "README.md").write_text("left alone")
    (folder / ".git").mkdir()
    (folder / ".git" / "1.jinja").write_text("left alone")
    read = read_folder(folder)
    assert read.faults == ()
    assert [(each.name, each.version, each.text, each.origin) for each in read.versions] == [
        ("answer", "1.3.0", "text", PromptOrigin.FOLDER),
        ("answer", "1.4.0", "other", PromptOrigin.FOLDER),
    ]
    assert read.labels == (PromptLabel("answer", "production", "1.3.0"), PromptLabel("answer", "candidate", "1.4.0"))


def test_a_folder_without_labels_or_with_an_empty_file_of_them_has_none(folder: Path) -> None:
    (folder / "labels.yaml").write_text("# none yet\n")
    assert read_folder(folder).labels == ()
    (folder / "labels.yaml").unlink()
    read = read_folder(folder)
    assert (read.labels, read.faults) == ((), ())


WRONG = {
    "version": ("answer/latest.jinja", b"x", "latest.jinja: must be named by its version, three numbers such as 1.2.0"),
    "seven-digits": ("answer/1.0.1234567.jinja", b"x", "must be named by its version"),
    "name": ("An Answer/1.0.0.jinja", b"x", "its folder must be named as a prompt is: [a-z]"),
    "not-utf-8": ("answer/2.0.0.jinja", b"one\n\xff", "2.0.0.jinja: is not UTF-8 in line 2: save it as UTF-8"),
    "ten-megabytes": ("answer/2.0.0.jinja", b"x" * 10_000_000, "2.0.0.jinja: is larger than 256 KiB"),
    "one-byte-too-many": ("answer/2.0.0.jinja", b"x" * (MOST_BYTES + 1), "is larger than 256 KiB"),
    "zeros": ("answer/01.0.0.jinja", b"x", "01.0.0.jinja: must be named by its version"),
    "another-ending": ("answer/2.0.0.jinja2", b"x", "2.0.0.jinja2: is not read: name it 2.0.0.jinja"),
    "an-ending-in-capitals": ("answer/2.0.0.JINJA", b"x", "2.0.0.JINJA: is not read: name it 2.0.0.jinja"),
    "beside-the-prompts": ("2.0.0.jinja", b"x", "2.0.0.jinja: is not read here: move it to <name of the prompt>/"),
    "labels-yml": ("labels.yml", b"answer: {}", "labels.yml: is not read: name it labels.yaml"),
    "labels-no-yaml": ("labels.yaml", b"answer: {\n", "labels.yaml:2: this is not YAML"),
    "labels-list": ("labels.yaml", b"- answer\n", "labels.yaml:1: must hold labels by prompt"),
    "labels-flat": ("labels.yaml", b"\nanswer: 1.3.0\n", "labels.yaml:2: must hold labels by prompt"),
    "labels-name": ("labels.yaml", b"answer:\n  1.0.0: 1.3.0\n", "labels.yaml:2: a label must be named by"),
    "labels-number": ("labels.yaml", b"answer:\n  production: 1.3\n", "labels.yaml:2: answer.production must point at"),
    "labels-twice": (
        "labels.yaml",
        b"answer:\n  a: 1.3.0\n  a: 1.3.0\n",
        "labels.yaml:3: answer.a: is given twice, first in line 2",
    ),
    "labels-bomb": ("labels.yaml", b"a: &a {b: c}\nd: *a\n", "labels.yaml:1: anchors and aliases are not supported"),
    "labels-not-utf-8": ("labels.yaml", b"\xff", "labels.yaml: is not UTF-8 in line 1"),
    "labels-huge": ("labels.yaml", b"#" * 70_000, "labels.yaml: is larger than 64 KiB"),
}


@pytest.mark.parametrize(("file", "content", "says"), WRONG.values(), ids=WRONG)
def test_a_file_that_cannot_be_used_is_one_line(folder: Path, file: str, content: bytes, says: str) -> None:
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_bytes(content)
    (fault,) = read_folder(folder).faults
    assert says in str(fault)
    assert str(fault).startswith(str(folder / file))
    assert "\n" not in str(fault)


@pytest.mark.parametrize("name", ["1.2.0\n", "\x1b[31m", "\udcff", "1.2.0\u202e"])
def test_a_name_that_cannot_be_printed_is_one_line_of_text(folder: Path, name: str) -> None:
    (folder / "answer" / f"{name}.jinja").write_text("x")
    (fault,) = read_folder(folder).faults
    assert "\ufffd" in str(fault)
    assert str(fault).isprintable()


def test_a_folder_that_is_none_says_what_to_do(tmp_path: Path) -> None:
    (fault,) = read_folder(tmp_path / "absent").faults
    assert str(fault).endswith("absent: does not exist: `groundwire prompts init` makes one")
    (tmp_path / "file").touch()
    (fault,) = read_folder(tmp_path / "file").faults
    assert str(fault).endswith("file: is a file: name a folder")


def test_a_label_to_nothing_names_its_line_and_what_there_is(folder: Path) -> None:
    read = read_folder(folder)
    registry = PromptRegistry({(each.name, each.version): each for each in read.versions})
    (fault,) = read.dangling(registry)
    assert str(fault) == (
        f"{folder}/labels.yaml:3: answer.candidate points at 1.4.0, which there is not; there are: 1.3.0"
    )


@pytest.mark.parametrize("change", ["edit", "add", "remove", "new-name", "labels"])
def test_every_change_shows_in_the_marks(folder: Path, change: str) -> None:
    before = marks_of(watched(folder))
    match change:
        case "edit":
            (folder / "answer" / "1.3.0.jinja").write_text("longer text")
        case "add":
            (folder / "answer" / "1.4.0.jinja").write_text("other")
        case "remove":
            (folder / "answer" / "1.3.0.jinja").unlink()
        case "new-name":
            (folder / "other").mkdir()
        case _:
            (folder / "labels.yaml").unlink()
    assert marks_of(before) != before


def test_a_folder_with_a_name_that_no_file_can_have_is_one_line(tmp_path: Path) -> None:
    (fault,) = read_folder(tmp_path / ("a" * 300)).faults
    assert fault.message == "cannot be read: File name too long"
