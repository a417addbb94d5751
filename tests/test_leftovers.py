"""No server that a test has started outlives its run."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.leftovers import VARIABLE

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="the watchdog needs /proc, of Linux"),
]

# A server in a session of its own, with a helper, as RabbitMQ is; the second line is what a test goes on with.
RUN = """
import subprocess, sys
from tests.leftovers import watch
end = watch()
server = subprocess.Popen(["sh", "-c", "sleep 600 & echo $!; wait"], stdout=subprocess.PIPE, start_new_session=True)
print(server.pid, int(server.stdout.readline()), flush=True)
sys.stdin.readline()
end()
"""


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have processes taken for none of this run."""
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.mark.parametrize("killed", [True, False])
def test_what_a_run_has_started_ends_with_it(outside: None, *, killed: bool) -> None:
    root = Path(__file__).parents[1]
    with subprocess.Popen(
        [sys.executable, "-c", RUN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    ) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        left = [os.pidfd_open(int(process)) for process in run.stdout.readline().split()]
        assert len(left) == 2
        assert not select.select(left, [], [], 0)[0]
        if killed:
            run.send_signal(signal.SIGKILL)
    # Without input it ends as a run does.
    for process in left:
        assert select.select([process], [], [], 60)[0], "a process outlived the run that started it"
        os.close(process)
