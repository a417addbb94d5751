"""What paths on a command line mean."""

import os
from pathlib import Path

import pytest

from groundwire_server.cli.files import finding, reading
from groundwire_server.cli.files.converter import Converter
from groundwire_server.cli.files.entries import Given, Readable, Unreadable
from groundwire_server.cli.files.ignoring import IgnoreFileError
from groundwire_server.cli.files.skipping import SkippedFiles, SkipReason


def skipped(found: finding.Found) -> dict[SkipReason, list[str]]:
    """The names of what was skipped, by reason."""
    return {group.reason: group.names for group in found.skipped.groups()}


def test_links_that_lead_back_are_no_way_without_end(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("text")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.md").symlink_to(tmp_path / "self.md")

    found = finding.find([str(tmp_path)])
    read = list(reading.read(found.files, Given(), Converter()))

    assert [path.name for path in found.files] == ["a.md", "self.md"]
    assert found.nothing == []
    assert skipped(found) == {SkipReason.LINK: [f"{tmp_path}/again/"]}
    assert read[1] == Unreadable(str(tmp_path / "self.md"), "cannot be read: Too many levels of symbolic links")
    alone = finding.find([str(tmp_path / "self.md")])
    assert alone.files == []
    assert alone.nothing == [Unreadable(str(tmp_path / "self.md"), "is a broken link")]


def test_a_link_to_a_file_that_is_there_as_well_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("text")
    for name in ("a.md", "c.md"):
        (tmp_path / name).symlink_to("b.md")

    found = finding.find([str(tmp_path), str(tmp_path / "b.md")])

    assert found.files == [tmp_path / "b.md"]
    assert skipped(found) == {SkipReason.ALIAS: [f"{tmp_path}/a.md", f"{tmp_path}/c.md"]}


def test_a_document_of_a_link_is_where_the_link_is(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.md").write_text("text")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").symlink_to("../elsewhere/b.md")

    found = finding.find([str(tmp_path / "docs")])
    (read,) = reading.read(found.files, Given(), Converter())

    assert isinstance(read, Readable)
    assert read.document.source_uri == (tmp_path / "docs" / "a.md").as_uri()
    assert skipped(found) == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_and_a_folder_that_may_not_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("text")
    (tmp_path / "a.md").chmod(0)
    (tmp_path / "closed").mkdir(mode=0)

    found = finding.find([str(tmp_path)])

    assert found.nothing == [Unreadable(str(tmp_path / "closed"), "cannot be read: Permission denied")]
    assert list(reading.read(found.files, Given(), Converter())) == [
        Unreadable(str(found.files[0]), "cannot be read: Permission denied")
    ]


def test_a_pipe_in_a_folder_is_named_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.md")

    found = finding.find([str(tmp_path)])

    assert found.files == []
    assert found.nothing == [Unreadable(str(tmp_path / "a.md"), "is a pipe or a device, not a file")]


def test_what_a_folder_leaves_out_is_counted_by_reason(tmp_path: Path) -> None:
    for name in ("a.md", "b.exe", "c.PNG", "d", ".env", ".git/config.md", "deep/e.exe"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("text")

    found = finding.find([str(tmp_path)])

    assert found.files == [tmp_path / "a.md"]
    assert found.folders == [tmp_path]
    assert skipped(found) == {
        SkipReason.NO_READER: [f"{tmp_path}/b.exe", f"{tmp_path}/c.PNG", f"{tmp_path}/d", f"{tmp_path}/deep/e.exe"],
        SkipReason.HIDDEN: [f"{tmp_path}/.git/", f"{tmp_path}/.env"],
    }
    assert found.skipped.count == 6
    (no_reader, _) = found.skipped.groups()
    assert no_reader.suffixes == [".exe", ".png", ""]


def test_the_names_of_what_is_left_out_are_bounded() -> None:
    many = SkippedFiles()
    for number in range(1000):
        many.add(SkipReason.NO_READER, f"{number}.{number}")

    (group,) = many.groups()

    assert group.count == 1000
    assert len(group.names) == len(group.suffixes) == 20


def test_ignore_files_have_the_syntax_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.md", "drafts/b.md", "deep/c.tmp.md", "deep/kept.tmp.md", "deep/own/d.md", "deep/e.md", "e.md"):
        path = Path("docs", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")
    Path("docs/.groundwireignore").write_text("# a comment\ndrafts/\n*.tmp.md\n/e.md\n")
    Path("docs/deep/.groundwireignore").write_text("!kept.*\nown\n")

    found = finding.find(["docs"])

    assert [str(path) for path in found.files] == ["docs/a.md", "docs/deep/e.md", "docs/deep/kept.tmp.md"]
    assert skipped(found) == {
        SkipReason.IGNORED: ["docs/drafts/", "docs/e.md", "docs/deep/own/", "docs/deep/c.tmp.md"],
    }
    assert finding.find(["docs/drafts/b.md"]).files == [Path("docs/drafts/b.md")]


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"drafts/\n!\n", "has a line that is no pattern of .gitignore"), (b"\xff\n", "is not UTF-8: convert it")],
)
def test_an_ignore_file_that_cannot_be_read_lets_nothing_through(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "a.md").write_text("text")
    (tmp_path / ".groundwireignore").write_bytes(content)

    with pytest.raises(IgnoreFileError, match=why):
        finding.find([str(tmp_path)])


def test_a_name_that_is_not_utf_8_is_named_so_that_it_can_be_printed(tmp_path: Path) -> None:
    for name in (b"a\xff.md", b"b\xff.exe"):
        (tmp_path / os.fsdecode(name)).write_text("text")

    found = finding.find([str(tmp_path)])

    assert found.files == []
    assert found.nothing == [Unreadable(f"{tmp_path}/a\\xff.md", "has a name that is not UTF-8: rename it")]
    assert skipped(found) == {SkipReason.NO_READER: [f"{tmp_path}/b\\xff.exe"]}
