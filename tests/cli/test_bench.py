"""`groundwire bench` against a server on a real port."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench.pages import Page
from tests.cli.conftest import Ran
from tests.doubles import events
from tests.doubles.service import PATIENCE, UNAVAILABLE, FakeService, UntilCancelled

Command = Callable[..., Ran]
SMALL = ("--calls", "6", "--callers", "2")


def test_figures_of_a_small_load(groundwire_command: Command, service: FakeService, address: str) -> None:
    service.otherwise = events.plain_answer()

    ran = groundwire_command("bench", "--server", address, "--question", "where?", *SMALL)

    assert ran.code == 0
    assert ran.err == ""
    lines = ran.out.splitlines()
    assert lines[0].startswith("6 calls (stream) by 2 callers in ")
    assert lines[0].endswith("s: every call was made")
    assert [line.split()[0] for line in lines[1:4]] == ["throughput", "latency", "first"]
    assert all(percentile in lines[2] for percentile in ("p50", "p95", "p99"))
    assert "6 answered: a validated answer" in lines[4]


@pytest.mark.parametrize(
    ("kind", "outcomes"), [("stream", {"answered": 6}), ("answer", {"answered": 6}), ("retrieve", {"found": 6})]
)
def test_json_of_each_kind(
    groundwire_command: Command, service: FakeService, address: str, kind: str, outcomes: dict[str, int]
) -> None:
    service.otherwise = events.plain_answer()

    ran = groundwire_command("bench", "--server", address, "--question", "where?", "--kind", kind, "--json", *SMALL)

    read = json.loads(ran.out)
    assert ran.code == 0
    assert (read["calls"], read["callers"], read["loop"], read["ended"]) == (6, 2, "closed", "CALLS")
    assert read["outcomes"] == outcomes
    assert read["errors"] == {}
    assert read["latency_ms"].keys() == {"p50", "p95", "p99"}
    assert bool(read["first_text_ms"]) is (kind == "stream")


def test_questions_come_from_the_command_line_and_a_file(
    groundwire_command: Command, service: FakeService, address: str, tmp_path: Path
) -> None:
    service.otherwise = events.plain_answer()
    file = tmp_path / "questions.txt"
    file.write_text("# ours\n\ntwo?\n  three?  \n", encoding="utf-8")
    said = ("--question", "one?", "--questions", str(file), "--calls", "3", "--callers", "1", "--tenant", "acme")

    assert groundwire_command("bench", "--server", address, *said).code == 0

    assert [call.request.question.text for call in service.calls[1:]] == ["one?", "two?", "three?"]
    assert {call.metadata["groundwire-tenant"] for call in service.calls} == {"acme"}


def test_failed_calls_are_counted_by_reason(groundwire_command: Command, service: FakeService, address: str) -> None:
    service.script = {"two?": (UNAVAILABLE,)}
    service.otherwise = events.plain_answer()

    ran = groundwire_command("bench", "--server", address, "--question", "one?", "--question", "two?", *SMALL, "--json")

    assert ran.code == 1
    assert json.loads(ran.out)["errors"] == {"STORE_UNAVAILABLE": 3}


def test_the_page_is_well_formed_and_fetches_nothing(
    groundwire_command: Command, service: FakeService, address: str, tmp_path: Path
) -> None:
    service.script = {"two?": (UNAVAILABLE,)}
    service.otherwise = events.plain_answer()
    file = tmp_path / "load.html"

    said = ("--question", "one?", "--question", "two?", "--html", str(file), *SMALL)
    ran = groundwire_command("bench", "--server", address, *said)

    page = Page(file.read_text(encoding="utf-8"))
    assert ran.code == 1
    assert page.fetched == []
    assert "script" not in page.tags
    assert "STORE_UNAVAILABLE" in page.text
    assert "until the first text" in page.text
    assert address not in page.text


def test_a_page_without_a_single_text(
    groundwire_command: Command, service: FakeService, address: str, tmp_path: Path
) -> None:
    service.otherwise = events.numbered([events.started(), events.ended(events.abstained())])
    file = tmp_path / "load.html"

    assert groundwire_command("bench", "--server", address, "--question", "x?", "--html", str(file), *SMALL).code == 0
    assert "abstained" in Page(file.read_text(encoding="utf-8")).text


@pytest.mark.parametrize("server", ["example.com:50051", "10.0.0.7:50051", "[2001:db8::1]:443", "dns:///x:1", "x"])
def test_another_machine_is_loaded_only_when_asked_twice(groundwire_command: Command, server: str) -> None:
    ran = groundwire_command("bench", "--server", server, "--question", "where?", *SMALL)

    assert ran.code == 2
    assert ran.err == f"groundwire: {server} is not this machine: add --yes-load when you may put load on it\n"


def test_yes_load_goes_on_to_call(groundwire_command: Command) -> None:
    said = ("--server", "host.invalid:1", "--yes-load", "--question", "where?", "--timeout", "10")

    assert groundwire_command("bench", *said).code == 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--calls", "3"], "say what to ask with --question TEXT or --questions FILE"),
        (["--question", " "], "say what to ask"),
        (["--question", "x?", "--kind", "steam"], "choose stream, answer, retrieve"),
        (["--question", "x?", "--calls", "0"], "--calls"),
        (["--question", "x?", "--calls", "1000000"], "--calls"),
        (["--question", "x?", "--callers", "65"], "--callers"),
        (["--question", "x?", "--seconds", "601"], "--seconds"),
        (["--question", "x?", "--html", "no/such/folder/x.html"], "there is no folder no/such/folder"),
        (["--questions", "no-such-file"], "cannot read no-such-file: No such file or directory"),
        (["--questions", "."], "cannot read .: Is a directory"),
    ],
)
def test_wrong_usage(groundwire_command: Command, arguments: list[str], says: str) -> None:
    ran = groundwire_command("bench", *arguments)

    assert ran.code == 2
    assert says in " ".join(ran.err.split())
    assert ran.out == ""


@pytest.mark.parametrize(("content", "says"), [(b"caf\xe9?\n", "save it as UTF-8"), (b"\n# none\n", "no question")])
def test_a_file_without_questions(groundwire_command: Command, tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "questions.txt"
    file.write_bytes(content)

    ran = groundwire_command("bench", "--questions", str(file))

    assert ran.code == 2
    assert says in ran.err
    assert ran.err.count("\n") == 1


def test_nobody_listens(groundwire_command: Command) -> None:
    ran = groundwire_command("bench", "--server", "127.0.0.1:1", "--question", "where?", "--timeout", "5")

    assert ran.code == 3
    assert ran.err.startswith("groundwire: No groundwire server answers at 127.0.0.1:1")


@pytest.mark.process
def test_ctrl_c_cancels_what_is_under_way(service: FakeService, address: str) -> None:
    service.otherwise = events.plain_answer()
    service.script = {"slow?": (events.started(), UntilCancelled())}
    command = [sys.executable, "-m", "groundwire_server", "bench", "--server", address]
    process = subprocess.Popen(
        [*command, "--question", "fast?", "--question", "slow?", "--callers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "80"},
    )
    assert service.waiting.wait(60)

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=180)

    assert process.returncode == 130
    assert service.cancelled.wait(PATIENCE)
    assert out == ""
    assert err == "groundwire: interrupted; the call was cancelled on the server\n"
