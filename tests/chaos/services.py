"""Real processes that are killed and started again on what they have left behind."""

import os
import pwd
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest


class Service:
    """A process with its children, which may be killed at any moment.

    Args:
        name: in reports.
        command: what starts it, each time.
        ready: a part of the line that says that it can be used.
        environment: of the process.
        run_as: further arguments of Popen, such as the user.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        ready: str,
        environment: Mapping[str, str] | None = None,
        **run_as: Any,
    ) -> None:
        self.name = name
        self.lines: list[str] = []
        self._command = command
        self._ready = ready
        self._environment = dict(environment or os.environ)
        self._run_as = run_as
        self._process: subprocess.Popen[str] | None = None
        self._draining: threading.Thread | None = None

    def start(self) -> None:
        """Start it, and wait until it can be used."""
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
            cwd="/",
            **self._run_as,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line)
            if self._ready in line:
                break
        else:
            pytest.fail(f"{self.name} did not start: {''.join(self.lines[-20:])}")
        self._draining = threading.Thread(target=self._drain, args=(self._process,), daemon=True)
        self._draining.start()

    def kill(self) -> None:
        """Kill it and its children with SIGKILL; they write nothing any more."""
        process = self._process
        if process is None:
            return
        self.signal(signal.SIGKILL)
        self._process = None
        process.wait()
        if self._draining is not None:
            self._draining.join()
        assert process.stdout is not None
        process.stdout.close()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and its children."""
        assert self._process is not None
        parent = self._process.pid
        # Each child of PostgreSQL is in a group of its own.
        children = Path(f"/proc/{parent}/task/{parent}/children")
        others = [int(child) for child in children.read_text().split()] if children.exists() else []
        with suppress(ProcessLookupError):
            os.killpg(parent, number)
        for child in others:
            with suppress(ProcessLookupError):
                os.kill(child, number)

    def _drain(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self.lines += process.stdout


def other_user(folder: Path) -> dict[str, Any]:
    """Return as whom PostgreSQL can run where this process is root, and give that user the folder."""
    if os.geteuid():
        return {}
    known = {each.pw_name: each for each in pwd.getpwall()}
    account = known.get("postgres") or known["nobody"]
    os.chown(folder, account.pw_uid, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def run_as_user(command: Sequence[str], run_as: Mapping[str, Any]) -> None:
    """Run a command to its end as that user."""
    subprocess.run(command, **run_as, cwd="/", check=True, stdout=subprocess.DEVNULL)
