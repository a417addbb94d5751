"""A command that is told to end leaves nothing behind."""

import os
import signal
from pathlib import Path

import pytest

from groundwire_server.cli.signals import ended_by_signals
from groundwire_server.files.atomic import replacement


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_command_in_order(tmp_path: Path, number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(SystemExit, match=str(128 + number)), ended_by_signals(), replacement(tmp_path / "snapshot"):
        os.kill(os.getpid(), number)
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(number) is before
