"""New files that a killed process has left go with the next of their name."""

import os
from pathlib import Path

import pytest

from groundwire_server.files.atomic import replacement

LEFT = ".store.a1b2c3d4"


@pytest.mark.parametrize(
    ("name", "goes"),
    [
        (LEFT, True),
        (f"{LEFT}-journal", True),
        (".store.a1b2c3d", False),
        (".store.sqlite3.gz", False),
        (".stores.a1b2c3d4", False),
        ("store.a1b2c3d4", False),
    ],
)
def test_what_was_abandoned_goes_and_nothing_else(tmp_path: Path, name: str, goes: bool) -> None:
    for each in {LEFT, name}:
        (tmp_path / each).write_text("old")
        os.utime(tmp_path / each, (0, 0))
    with replacement(tmp_path / "store") as new:
        new.write_text("new")
    assert (tmp_path / name).exists() is not goes
    assert (tmp_path / "store").read_text() == "new"


def test_what_another_process_writes_stays(tmp_path: Path) -> None:
    with replacement(tmp_path / "store") as theirs:
        theirs.write_text("theirs")
        with replacement(tmp_path / "store") as ours:
            ours.write_text("ours")
        assert theirs.read_text() == "theirs"
    assert (tmp_path / "store").read_text() == "theirs"
