"""The gateway passes the Connect project's own conformance suite, behind our interceptors.

The suite is a program in Go, which `go install connectrpc.com/conformance/cmd/connectconformance@v1.0.7` builds. The
variable CONNECTCONFORMANCE names it; the suite's files come from the same module.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MODULE = "connectrpc.com/conformance@v1.0.7"
PROGRAM = os.environ.get("CONNECTCONFORMANCE", "")
CASES = 1300
"""The suite has a few more for HTTP/1.1; far fewer would mean that the configuration leaves them out."""


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    """The suite's messages, generated of the files in Go's cache of modules."""
    cache = subprocess.run(["go", "env", "GOMODCACHE"], check=True, capture_output=True, text=True).stdout.strip()
    protos = Path(cache) / MODULE / "proto"
    files = [str(path.relative_to(protos)) for path in protos.rglob("*.proto")]
    protoc = [sys.executable, "-m", "grpc_tools.protoc", f"-I{protos}", f"--python_out={tmp_path}"]
    subprocess.run([*protoc, *files], check=True)
    return tmp_path


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.skipif(not PROGRAM, reason="CONNECTCONFORMANCE does not name the suite's program; see the module's text")
def test_every_case_passes(generated: Path) -> None:
    command = [PROGRAM, "--mode", "server", "--conf", str(HERE / "config.yaml"), "--known-failing"]
    # One server at a time: the suite gives each a few seconds to start.
    command += [
        f"@{HERE / 'known_failing.txt'}",
        "--max-servers",
        "1",
        "--",
        sys.executable,
        "-m",
        "tests.conformance.server",
    ]
    command.append(str(generated))
    ran = subprocess.run(command, check=False, capture_output=True, text=True, cwd=HERE.parent.parent)
    counts = re.search(r"^(\d+) passed, (\d+) failed", ran.stdout, re.MULTILINE)
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-4000:]
    assert counts is not None
    assert int(counts[1]) > CASES
