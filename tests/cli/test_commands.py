"""The commands' help, and those that need no server to be asked."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from groundwire_server.cli.main import application
from tests.cli.conftest import Ran

Command = Callable[..., Ran]
COMMANDS = ["serve", "ask", "ingest", "demo", "bench", "version"]


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("columns", [40, 80])
def test_help_has_examples(name: str, columns: int) -> None:
    result = CliRunner().invoke(application(), [name, "--help"], env={"COLUMNS": str(columns)}, terminal_width=columns)

    assert result.exit_code == 0
    assert "Examples:" in result.output
    assert f"    groundwire {name}" in result.output
    prose = result.output.split("Examples:")[0]
    assert all(len(line) <= columns for line in prose.splitlines())


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_the_commands_are_listed(arguments: list[str]) -> None:
    result = CliRunner().invoke(application(), arguments)

    assert all(f"\n  {name} " in result.output for name in COMMANDS)
    assert "Exit codes: 0 done, 1 no answer" in result.output


def test_an_unknown_command_is_wrong_usage(groundwire_command: Command) -> None:
    ran = groundwire_command("aks")

    assert ran.code == 2
    assert "aks" in ran.err


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
