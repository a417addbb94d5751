"""The commands' help, and those that need no server to be asked."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from groundwire_server.cli.commands.catalogue import commands, groups
from groundwire_server.cli.main import application
from tests.cli.conftest import Ran

Command = Callable[..., Ran]
COMMANDS = [command.__name__ for command in commands()] + [group.name for group in groups()]


def paths(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command there is, nested ones too."""
    for name, child in getattr(command, "commands", {}).items():
        yield (*path, name)
        yield from paths(child, (*path, name))


@pytest.mark.parametrize("path", list(paths(typer.main.get_command(application()))), ids=" ".join)
@pytest.mark.parametrize("columns", [40, 80])
def test_help_has_examples_and_fits(
    groundwire_command: Command, monkeypatch: pytest.MonkeyPatch, path: tuple[str, ...], columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))

    ran = groundwire_command(*path, "--help")

    assert ran.code == 0
    assert "Examples:" in ran.out
    assert f"    groundwire {' '.join(path)}" in " ".join(ran.out.splitlines()) or "| groundwire" in ran.out
    prose = ran.out.split("Examples:")[0]
    assert all(len(line) <= columns for line in prose.splitlines())
    # An example is copied as it is, so it is never broken.
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    assert not any(line.endswith("...") for line in prose.split("Options:")[-1].splitlines())
    assert not re.search(r"<[a-z]", prose), "a type in Python"


@pytest.mark.process
def test_the_shell_completes_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    env = {
        **os.environ,
        "_GROUNDWIRE_COMPLETE": "complete_bash",
        "COMP_WORDS": "groundwire documents de",
        "COMP_CWORD": "2",
    }
    command = [sys.executable, "-m", "groundwire_server"]

    ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=180, check=False)

    assert ran.stdout.split() == ["delete"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_for_shells_is_printed(
    groundwire_command: Command, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")

    ran = groundwire_command("--show-completion", shell)

    assert ran.code == 0
    assert f"complete_{shell}" in ran.out


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_the_commands_are_listed(arguments: list[str]) -> None:
    result = CliRunner().invoke(application(), arguments)

    assert all(f"\n  {name} " in result.output for name in COMMANDS)
    assert "Exit codes: 0 done, 1 no answer" in result.output


def test_an_unknown_command_is_wrong_usage(groundwire_command: Command) -> None:
    ran = groundwire_command("aks")

    assert ran.code == 2
    assert ran.err == "groundwire: No such command 'aks'. Did you mean 'ask'? See `groundwire --help`\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--nope"], "No such option: --nope; see `groundwire --help`"),
        (
            ["operations", "list", "--state", "gone"],
            (
                "Invalid value for '--state': 'gone' is not one of 'queued', 'running', 'in_review', 'halted', 'done'; "
                "see `groundwire operations list --help`"
            ),
        ),
        (["ask", "x", "--tracee"], "No such option: --tracee (Possible options: --trace); see `groundwire ask --help`"),
        (["keys", "create", "--tenant", "a"], "Missing option '--subject'; see `groundwire keys create --help`"),
    ],
)
def test_wrong_usage_is_one_line_that_says_where_the_help_is(
    groundwire_command: Command, arguments: list[str], told: str
) -> None:
    ran = groundwire_command(*arguments)

    assert (ran.code, ran.out, ran.err) == (2, "", f"groundwire: {told}\n")


def test_a_group_alone_shows_its_help(groundwire_command: Command) -> None:
    ran = groundwire_command("documents")

    assert ran.code == 2
    assert ran.err.startswith("Usage: groundwire documents [OPTIONS] COMMAND")


def test_version(groundwire_command: Command) -> None:
    ran = groundwire_command("version")

    assert ran.code == 0
    assert ran.out.startswith("groundwire 0.1.0\nclient 0.1.0, grpcio 1.")


@pytest.mark.parametrize("listen", ["0.0.0.0:50051", "127.0.0.1", "localhost:http"])
def test_serve_listens_on_loopback_alone(groundwire_command: Command, listen: str) -> None:
    ran = groundwire_command("serve", "--listen", listen)

    assert ran.code == 2
    assert ran.err.startswith("groundwire: --listen: server.listen: ")
    assert ran.err.count("\n") == 1


def test_serve_says_that_its_port_is_taken(groundwire_command: Command, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        ran = groundwire_command("serve", "--listen", address, "--data", str(tmp_path), "--no-local-embedder")

    assert ran.code == 4
    assert address in ran.err.splitlines()[-1]
