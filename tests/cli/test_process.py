"""The command as a process: signals, pipes, terminals, and how fast its help is there."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path

import pytest

from groundwire.v1.document_pb2 import Document
from groundwire.v1.passage_pb2 import Passage
from tests.doubles import events
from tests.doubles.service import PATIENCE, FakeService, UntilCancelled

pytestmark = pytest.mark.process

COMMAND = [sys.executable, "-m", "groundwire_server"]
PLAIN = {**os.environ, "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}


def command(*arguments: str, env: Mapping[str, str] = PLAIN) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env=dict(env),
        encoding="utf-8",
    )


def on_a_terminal(*arguments: str, columns: int, typed: str = "", **more: str) -> str:
    """Runs the command on a terminal of its own, on which somebody types, and returns what it drew."""
    leader, follower = pty.openpty()
    # As a terminal tells it, not as the environment may.
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.write(leader, typed.encode())
    env = {**os.environ, "TERM": "xterm-256color", **more}
    env.pop("COLUMNS", None)
    process = subprocess.Popen([*COMMAND, *arguments], stdin=follower, stdout=follower, stderr=follower, env=env)
    os.close(follower)
    drawn = b""
    try:
        while piece := os.read(leader, 65536):
            drawn += piece
    except OSError:  # the other end is closed
        pass
    process.wait(60)
    os.close(leader)
    return drawn.decode()


def test_help_needs_nothing_that_is_slow_to_import() -> None:
    program = (
        "import sys; from groundwire_server.cli.main import run; run(['--help']); "
        "slow = {'grpc', 'rich', 'numpy', 'google.protobuf', 'groundwire', 'pydantic'} & set(sys.modules); "
        "sys.exit(f'imported: {slow}' if slow else 0)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=180, check=False)

    assert ran.stderr == ""
    assert "serve" in ran.stdout


def test_ctrl_c_cancels_on_the_server(service: FakeService, address: str) -> None:
    service.otherwise = (events.started(), UntilCancelled())
    process = subprocess.Popen(
        [*COMMAND, "ask", "slow?", "--server", address], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert service.waiting.wait(60)

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=180)

    assert process.returncode == 130
    assert service.cancelled.wait(PATIENCE)
    assert out == ""
    assert err == "groundwire: interrupted; the call was cancelled on the server\n"


def test_ctrl_c_cancels_a_search_on_the_server(service: FakeService, address: str) -> None:
    service.script["slow?"] = (UntilCancelled(),)
    process = subprocess.Popen(
        [*COMMAND, "retrieve", "slow?", "--server", address], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert service.waiting.wait(60)

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=180)

    assert process.returncode == 130
    assert service.cancelled.wait(PATIENCE)
    assert (out, err) == ("", "groundwire: interrupted; the call was cancelled on the server\n")


def test_ctrl_c_ends_an_ingest_that_the_next_run_takes_up(service: FakeService, address: str, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for number in range(12):
        (tmp_path / "docs" / f"{number:02}.md").write_text(f"The text of {number}.")
    # Eight are sent ahead of their results: when the tenth is here, that of the first has been taken in.
    service.script["docs/09.md"] = (UntilCancelled(),)
    env = {**PLAIN, "XDG_STATE_HOME": str(tmp_path / "state")}
    arguments = [*COMMAND, "ingest", "docs", "--server", address]
    process = subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=env
    )
    assert service.waiting.wait(60)

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=180)

    assert process.returncode == 130
    assert service.cancelled.wait(PATIENCE)
    told = re.fullmatch(r"(\d+) documents?: (\d+) new; \d+ passages\n", out)
    assert told is not None
    assert 1 <= int(told[1]) == int(told[2]) <= 9
    assert err.splitlines()[1:] == ["groundwire: interrupted; the call was cancelled on the server"]

    del service.script["docs/09.md"]
    service.sent.clear()
    again = subprocess.run(arguments, capture_output=True, text=True, cwd=tmp_path, env=env, timeout=180, check=False)

    assert again.returncode == 0
    assert again.stdout.startswith("12 documents: ")
    # The last that was counted may have been cut off before it was remembered.
    assert 12 - int(told[1]) <= service.received <= 12 - int(told[1]) + 1


def test_a_closed_pipe_ends_quietly(service: FakeService, address: str) -> None:
    # More than a pipe holds, so that the command meets the closed end whatever the timing.
    service.otherwise = events.numbered(
        [events.started(), *(events.delta("word " * 2000 + "\n") for _ in range(40)), events.ended(events.answered())]
    )
    process = subprocess.Popen(
        [*COMMAND, "ask", "long?", "--server", address], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith("word word")
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()

    assert process.wait(60) == 141
    assert err == ""


def test_without_colour_nothing_but_text_is_printed(service: FakeService, address: str) -> None:
    service.otherwise = events.plain_answer()

    ran = command("ask", "where?", "--server", address, "--trace")

    assert ran.returncode == 0
    assert "\x1b" not in ran.stdout
    assert ran.stderr == ""


def test_no_color_is_honoured_on_a_terminal(service: FakeService, address: str) -> None:
    service.otherwise = events.plain_answer()

    coloured = on_a_terminal("ask", "where?", "--server", address, columns=80)
    plain = on_a_terminal("ask", "where?", "--server", address, columns=80, NO_COLOR="1")

    assert "\x1b[1;32m" in coloured
    assert "\x1b[1;32m" not in plain
    assert "\x1b[32m" not in plain


@pytest.mark.parametrize("columns", [40, 80])
def test_lines_are_broken_between_words_on_a_terminal(service: FakeService, address: str, columns: int) -> None:
    text = "Parcels wait in the mail room until noon, then the front desk keeps them for whoever signs for them."
    service.otherwise = events.plain_answer(text)

    drawn = on_a_terminal("ask", "where?", "--server", address, columns=columns, NO_COLOR="1", TERM="dumb")

    lines = [line.rstrip("\r") for line in drawn.split("\n")]
    answer = lines[: lines.index("")]
    assert " ".join(answer) == f"{text} [1]"
    assert all(len(line) <= columns for line in lines)
    assert len(answer[0]) > columns - 12


def test_a_terminal_without_unicode_still_gets_a_drawing(service: FakeService, address: str) -> None:
    service.otherwise = events.plain_answer()

    ran = command("ask", "where?", "--server", address, "--trace", env={**PLAIN, "PYTHONIOENCODING": "ascii"})

    assert ran.returncode == 0
    assert "\nretrieve   ####" in ran.stdout
    assert "?Parcels wait in the mail room until noon.?" in ran.stdout


def test_a_defect_is_one_line_unless_asked_for_more(tmp_path: Path) -> None:
    # A folder where a module should be found makes the command fail in a way nothing plans for.
    (tmp_path / "rich.py").write_text("raise RuntimeError('no such luck')")
    env = {**PLAIN, "PYTHONPATH": str(tmp_path)}

    ran = command("ask", "where?", env=env)
    shown = command("ask", "where?", env={**env, "GROUNDWIRE_TRACEBACK": "1"})

    assert ran.returncode == 4
    assert ran.stderr.count("\n") == 1
    assert "RuntimeError: no such luck" in ran.stderr
    assert "Traceback" in shown.stderr


@pytest.mark.parametrize(
    "arguments", [["documents", "list"], ["documents", "list", "--json"], ["retrieve", "x", "--json"]]
)
def test_every_output_into_a_closed_pipe_ends_quietly(service: FakeService, address: str, arguments: list[str]) -> None:
    # More than a pipe holds.
    service.stored = {f"{'long' * 50}{number}": Document() for number in range(1000)}
    service.found = [Passage(text="word " * 20_000)] * 5
    process = subprocess.Popen(
        [*COMMAND, *arguments, "--server", address],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=PLAIN,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()

    assert process.wait(60) == 141
    assert err == ""


@pytest.mark.parametrize("more", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
@pytest.mark.parametrize("arguments", [["documents", "list"], ["retrieve", "x"], ["doctor"]])
def test_a_narrow_terminal_without_colours_gets_lines_that_fit(
    service: FakeService, address: str, arguments: list[str], more: dict[str, str]
) -> None:
    service.stored = {"docs/guide.md": Document()}

    drawn = on_a_terminal(*arguments, "--server", address, columns=40, **more)

    assert "\x1b[3" not in drawn
    assert all(
        len(line.replace("\x1b[1m", "").replace("\x1b[0m", "").replace("\x1b[2m", "").rstrip("\r")) <= 40
        for line in drawn.split("\n")
    )
