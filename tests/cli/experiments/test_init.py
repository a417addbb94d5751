"""`groundwire experiments init`."""

from datetime import UTC, datetime
from pathlib import Path

from groundwire_server.app.experiments.definition import read_experiment
from tests.cli.test_commands import Command


def test_the_example_is_printed_and_can_be_applied(groundwire_command: Command) -> None:
    ran = groundwire_command("experiments", "init")

    assert ran.code == 0
    assert read_experiment(ran.out, datetime(2026, 12, 1, tzinfo=UTC)).name == "shorter-prompt"


def test_a_file_is_written_once(groundwire_command: Command, tmp_path: Path) -> None:
    file = tmp_path / "shorter-prompt.yaml"

    first, second = (groundwire_command("experiments", "init", str(file)) for _ in range(2))

    assert first.out == f"wrote {file}; begin it with: groundwire experiments apply {file}\n"
    assert (second.code, second.err) == (2, f"groundwire: {file} exists: name another file\n")
    assert file.read_text() == groundwire_command("experiments", "init").out


def test_a_file_that_cannot_be_written_says_so(groundwire_command: Command, tmp_path: Path) -> None:
    ran = groundwire_command("experiments", "init", str(tmp_path / "none" / "e.yaml"))

    assert ran.code == 4
    assert "cannot be written: No such file or directory" in ran.err
