"""Files that somebody has named."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from groundwire_server.files.small import UnreadableFileError, anybody_may_write, bytes_of, mark, text_of

_KIB = 1024


def _folder(file: Path) -> None:
    file.mkdir()


def _large(file: Path) -> None:
    file.write_bytes(b"x" * (_KIB + 1))


def _loop(file: Path) -> None:
    file.symlink_to(file)


def test_a_file_may_be_as_large_as_it_may(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * _KIB)
    assert bytes_of(file, _KIB) == b"x" * _KIB


@pytest.mark.parametrize(
    ("make", "why", "absent"),
    [
        (lambda file: None, "cannot be read: No such file or directory", True),
        (_folder, "is a folder: name the file in it", False),
        (os.mkfifo, "is a pipe or a device: name a file", False),
        (_loop, "cannot be read: Too many levels of symbolic links", False),
        (_large, "is larger than 1 KiB: is it the right file?", False),
    ],
)
def test_what_is_no_such_file_is_said_and_not_waited_for(
    tmp_path: Path, make: Callable[[Path], None], why: str, absent: bool
) -> None:
    file = tmp_path / "file"
    make(file)
    with pytest.raises(UnreadableFileError, match=f"^{why}$".replace("?", r"\?")) as caught:
        bytes_of(file, _KIB)
    assert caught.value.absent is absent


def test_a_text_is_utf_8_without_its_mark(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"\xef\xbb\xbfna\xc3\xafve")
    assert text_of(file, _KIB) == "naïve"
    file.write_bytes(b"one\ntwo \xff")
    with pytest.raises(UnreadableFileError, match="is not UTF-8 in line 2"):
        text_of(file, _KIB)


def test_a_mark_differs_when_a_file_does(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert mark(file) is None
    file.write_bytes(b"a")
    before = mark(file)
    assert before == mark(file)
    file.write_bytes(b"ab")
    assert mark(file) not in (before, None)


def test_who_may_write_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert not anybody_may_write(file)
    file.touch()
    file.chmod(0o644)
    assert not anybody_may_write(file)
    file.chmod(0o646)
    assert anybody_may_write(file)
