"""What paths on a command line mean."""

import os
from pathlib import Path

import pytest

from groundwire_server.cli.files import finding, reading
from groundwire_server.cli.files.converter import Converter
from groundwire_server.cli.files.entries import Given, Unreadable


def test_links_that_lead_back_are_no_way_without_end(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("text")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.md").symlink_to(tmp_path / "self.md")

    files, nothing = finding.find([str(tmp_path)])
    read = list(reading.read(files, Given(), Converter()))

    assert [path.name for path in files] == ["a.md", "self.md"]
    assert nothing == []
    assert read[1] == Unreadable(str(tmp_path / "self.md"), "cannot be read: Too many levels of symbolic links")
    assert finding.find([str(tmp_path / "self.md")]) == (
        [],
        [Unreadable(str(tmp_path / "self.md"), "is a broken link")],
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_and_a_folder_that_may_not_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("text")
    (tmp_path / "a.md").chmod(0)
    (tmp_path / "closed").mkdir(mode=0)

    files, nothing = finding.find([str(tmp_path)])

    assert nothing == [Unreadable(str(tmp_path / "closed"), "cannot be read: Permission denied")]
    assert list(reading.read(files, Given(), Converter())) == [
        Unreadable(str(files[0]), "cannot be read: Permission denied")
    ]


def test_a_pipe_in_a_folder_is_named_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.md")

    assert finding.find([str(tmp_path)]) == (
        [],
        [Unreadable(str(tmp_path / "a.md"), "is a pipe or a device, not a file")],
    )
