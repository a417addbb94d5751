"""`make up` and `make down` say what is missing, and what to do; test_processes.py runs them with a stack."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.stack import ROOT

TOOLS = ("cat", "dirname", "sed", "sh", "env")


@pytest.mark.process
@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("", "docker is not installed: install Docker Engine"),
        ('case "$1" in compose) exit 1 ;; esac', "docker has no compose plugin: install"),
        ('case "$1" in info) exit 1 ;; esac', "docker is installed, but its engine does not answer: start it"),
    ],
    ids=["no docker", "no plugin", "no engine"],
)
@pytest.mark.parametrize("action", ["up", "down"])
def test_what_is_missing_is_named_with_what_to_do(tmp_path: Path, action: str, script: str, said: str) -> None:
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / tool).symlink_to(found)
    if script:
        (tmp_path / "docker").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "docker").chmod(0o700)

    done = subprocess.run(
        [ROOT / "deploy" / "compose" / "stack", action],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(said)
    assert "make demo" in done.stderr
