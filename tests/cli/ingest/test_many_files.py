"""The memory of `groundwire ingest` does not grow with the texts that it sends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles.service import FakeService

FEW, MANY = 100, 2000
TEXT = 20_000
"""Bytes of each file; all of them together are 40 MB."""


@pytest.mark.process
@pytest.mark.slow
def test_twenty_times_as_many_files_take_little_more_memory(service: FakeService, address: str, tmp_path: Path) -> None:
    few, many = (peak(address, tmp_path / str(count), count) for count in (FEW, MANY))

    assert service.received == FEW + MANY
    assert many - few < (MANY - FEW) * TEXT / 4


def peak(address: str, folder: Path, count: int) -> int:
    """Ingests a folder of so many files, and returns the most bytes that the command's process held."""
    (folder / "docs").mkdir(parents=True)
    for number in range(count):
        (folder / "docs" / f"{number:05}.md").write_text(f"{number:05} " * (TEXT // 6))
    env = {**os.environ, "XDG_STATE_HOME": str(folder / "state")}
    command = [sys.executable, "-m", "groundwire_server", "ingest", "docs", "--server", address]
    child = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
