"""`groundwire eval` of a running server: what it asks, records and prints, and how it goes on."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from groundwire.v1.outcome_pb2 import NextStep
from groundwire.v1.passage_pb2 import Passage, Scores
from groundwire_server.cli.evaluate.asking import FAILURES_IN_A_ROW
from groundwire_server.evaluation.inputs.files import read_input
from groundwire_server.evaluation.recording import RecordedRun, written
from tests.cli.conftest import Ran
from tests.doubles import events
from tests.doubles.service import PATIENCE, UNAVAILABLE, FakeService, Once, UntilCancelled
from tests.evaluation.samples import HEADER, mixed

Command = Callable[..., Ran]
TEXT = "Parcels wait in the mail room."
QUESTIONS = (
    {"id": "where", "question": "where?", "expected": ["mail room"], "relevant": ["handbook"], "slice": ["short"]},
    {"id": "when", "question": "when?", "expected": ["noon"]},
    {"id": "who", "question": "who?", "expected": []},
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: FakeService) -> None:
    """A folder with three questions, and a server that answers the first two."""
    monkeypatch.chdir(tmp_path)
    write(*QUESTIONS)
    service.otherwise = events.plain_answer(TEXT)
    service.script = {"who?": events.numbered([events.started(), events.ended(events.abstained())])}
    service.found = [Passage(chunk_id="c1", document_id="handbook", text=TEXT, scores=Scores(relevance=0.75))]


def write(*questions: Mapping[str, object]) -> None:
    Path("questions.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in questions))


def recorded(name: str = "run.jsonl") -> RecordedRun:
    read = read_input(Path(name))
    assert isinstance(read, RecordedRun)
    return read


def asked(service: FakeService, method: str = "Answer") -> list[str]:
    return [call.request.question.text for call in service.calls if call.method == method]


def test_questions_are_asked_and_measured(groundwire_command: Command, service: FakeService, address: str) -> None:
    ran = groundwire_command("eval", "questions.jsonl", "--server", address, "--parallel", "1")

    assert (ran.code, ran.err) == (0, "evaluating 3 items\n")
    lines = ran.out.splitlines()
    assert lines[0] == f"3 questions: server {address}, route default"
    shown = {line.split()[0]: line.split()[1] for line in lines if line.startswith("  ")}
    assert (shown["contains"], shown["wrongly_answered"], shown["mrr"]) == ("50.0%", "0.0%", "100.0%")
    assert (shown["RETRIEVE"], shown["total"]) == ("18.0", "42.0")
    assert lines[-1] == "slices: short"
    assert max(map(len, lines)) <= 80
    assert asked(service) == ["where?", "when?", "who?"]
    assert [call.request.text for call in service.calls if call.method == "Retrieve"] == ["where?", "when?", "who?"]


def test_the_route_the_caller_and_the_filter_are_sent(
    groundwire_command: Command, service: FakeService, address: str
) -> None:
    narrowed = {"isNull": {"key": "draft", "isNull": True}}
    write({"question": "where?", "expected": ["mail room"], "filter": narrowed})

    said = ("--route", "support", "--tenant", "acme", "--principal", "staff", "--timeout", "7")
    assert groundwire_command("eval", "questions.jsonl", "--server", address, *said).code == 0

    info, search, answered = service.calls
    assert info.method == "GetServerInfo"
    assert search.request.route == answered.request.question.route == "support"
    assert search.request.search.filter == answered.request.question.search.filter
    assert answered.request.question.search.filter.is_null.key == "draft"
    assert answered.metadata["groundwire-tenant"] == "acme"
    assert answered.metadata["groundwire-principals"] == "staff"
    assert 0 < answered.time_remaining < 8


def test_what_came_back_is_recorded_whole(groundwire_command: Command, address: str) -> None:
    assert groundwire_command("eval", "questions.jsonl", "--server", address, "--record", "run.jsonl").code == 0

    run = recorded()
    assert (run.header.subject.where, run.header.subject.name) == ("server", address)
    assert run.header.subject.version == "0.1.0"
    (where,) = [line for line in run.questions if line.item.key == "where"]
    (passage,) = where.passages
    assert (passage.chunk_id, passage.relevance, passage.vector_similarity) == ("c1", 0.75, None)
    outcome = where.outcome
    assert outcome is not None
    assert outcome.answer is not None
    assert (outcome.result, outcome.cause, outcome.next_step) == ("answered", "ANSWER_VALIDATED", "SHOW")
    assert (outcome.answer.text, outcome.answer.confidence, outcome.answer.verified) == (TEXT, "HIGH", True)
    assert [cited.quote for cited in outcome.answer.citations] == ["Parcels wait in the mail room until noon."]
    assert [(run.stage, run.duration_ms) for run in outcome.stages][:2] == [("NORMALIZE", 0.2), ("RETRIEVE", 18.0)]
    assert (outcome.total_ms, outcome.first_token_ms, outcome.prompt) == (42.0, 21.0, "answer 1")
    (who,) = [line for line in run.questions if line.item.key == "who"]
    assert who.outcome is not None
    assert (who.outcome.result, who.outcome.answer) == ("abstained", None)


def test_a_recording_gives_the_same_result_without_a_server(groundwire_command: Command, address: str) -> None:
    groundwire_command(
        "eval",
        "questions.jsonl",
        "--server",
        address,
        "--record",
        "run.jsonl",
        "--json",
        "live.json",
        "--html",
        "a.html",
    )

    for name in ("one", "other"):
        ran = groundwire_command("eval", "run.jsonl", "--json", f"{name}.json", "--html", f"{name}.html")
        assert (ran.code, ran.err) == (0, "")

    texts = [Path(f"{name}.json").read_bytes() for name in ("live", "one", "other")]
    assert texts[0] == texts[1] == texts[2]
    assert Path("a.html").read_bytes() == Path("one.html").read_bytes() == Path("other.html").read_bytes()


@pytest.mark.process
def test_a_recording_gives_the_same_bytes_in_every_process() -> None:
    Path("run.jsonl").write_text("".join(map(written, (HEADER, *mixed().lines))))
    command = [sys.executable, "-m", "groundwire_server", "eval", "run.jsonl", "--json", "-"]
    printed = [
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=False).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    assert b'"groundwire_evaluation": 1' in printed[0]


def test_json_alone_is_printed_for_a_pipe(groundwire_command: Command, address: str) -> None:
    said = ("--server", address, "--json", "-", "--fail-under", "answers/contains=0.9")
    ran = groundwire_command("eval", "questions.jsonl", *said)

    assert ran.code == 6
    assert json.loads(ran.out)["measures"]["answers"]["contains"]["value"] == 0.5
    assert ran.err.splitlines()[1:] == ["thresholds", "  MISSED  answers/contains at least 0.9: 0.5"]


def test_what_is_recorded_is_not_asked_again(groundwire_command: Command, service: FakeService, address: str) -> None:
    said = ("eval", "questions.jsonl", "--server", address, "--record", "run.jsonl", "--parallel", "1")
    assert groundwire_command(*said).code == 0
    whole = Path("run.jsonl").read_bytes()
    # A run that was killed leaves a line without its end, even within a character.
    first_two = whole.split(b"\n")[:3]
    Path("run.jsonl").write_bytes(b"\n".join(first_two) + b'\n{"kind":"question","item":{"question":"\xc3')
    service.calls.clear()

    ran = groundwire_command(*said)

    assert ran.code == 0
    assert ran.err == "evaluating 3 items, 2 of them recorded before\n"
    assert asked(service) == ["who?"]
    assert Path("run.jsonl").read_bytes() == whole


def test_a_call_that_failed_is_recorded_and_made_again(
    groundwire_command: Command, service: FakeService, address: str
) -> None:
    service.script["when?"] = (Once(UNAVAILABLE), *events.plain_answer("At noon."))
    said = ("eval", "questions.jsonl", "--server", address, "--record", "run.jsonl")

    ran = groundwire_command(*said)
    (failed,) = [line for line in recorded().questions if line.error is not None]
    assert ran.code == 1
    assert (failed.item.key, failed.error and failed.error.reason) == ("when", "STORE_UNAVAILABLE")
    service.calls.clear()

    again = groundwire_command(*said)

    assert again.code == 0
    assert asked(service) == ["when?"]
    assert [line.error for line in recorded().questions] == [None, None, None]


def test_no_server_ends_it_at_once(groundwire_command: Command) -> None:
    ran = groundwire_command("eval", "questions.jsonl", "--server", "127.0.0.1:1", "--timeout", "5")

    assert ran.code == 3
    assert ran.err.splitlines()[-1].startswith("groundwire: No groundwire server answers at 127.0.0.1:1")


def test_many_failures_in_a_row_end_it_and_keep_what_came_back(
    groundwire_command: Command, service: FakeService, address: str
) -> None:
    write(*({"question": f"{number}?", "expected": ["x"]} for number in range(100)))
    service.otherwise = (UNAVAILABLE,)
    service.script = {"0?": events.plain_answer()}

    ran = groundwire_command("eval", "questions.jsonl", "--server", address, "--record", "run.jsonl", "--parallel", "1")

    assert ran.code == 4
    said = ran.err.splitlines()[-1]
    assert said.startswith(f"groundwire: {FAILURES_IN_A_ROW} calls in a row failed, the last with: ")
    assert said.endswith("what came back is in run.jsonl: run the same command to go on")
    assert len(asked(service)) == 1 + FAILURES_IN_A_ROW
    assert len([line for line in recorded().questions if line.error is None]) == 1


def test_a_word_that_this_version_does_not_know_is_said(
    groundwire_command: Command, service: FakeService, address: str
) -> None:
    newer = events.answered()
    newer.next_step = NextStep.ValueType(99)
    service.otherwise = events.numbered([events.ended(newer)])

    ran = groundwire_command("eval", "questions.jsonl", "--server", address)

    assert ran.code == 4
    assert "a reply has something that this version does not know ('99' is not a valid NextStep): use" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["no.jsonl"], 2, "no.jsonl cannot be read: No such file or directory"),
        (["bad.jsonl"], 2, "bad.jsonl:1: is not JSON"),
        (["questions.jsonl", "questions.jsonl"], 2, "leave one file out"),
        (["questions.jsonl", "--html", "no/page.html"], 2, "cannot write no/page.html: there is no folder no"),
        (["questions.jsonl", "--json", "no/x.json"], 2, "cannot write no/x.json: there is no folder no"),
        (["questions.jsonl", "--record", "no/x.jsonl"], 2, "cannot write no/x.jsonl: there is no folder no"),
        (["questions.jsonl", "--parallel", "0"], 2, "--parallel"),
        (["questions.jsonl", "--fail-under", "contains=1"], 2, "there is no measure 'contains'"),
        (["questions.jsonl", "--fail-over", "x"], 2, "is not MEASURE=VALUE"),
        (["questions.jsonl", "--thresholds", "bad.jsonl"], 2, "bad.jsonl"),
        (["filter.jsonl"], 2, "the filter of the question"),
        (["questions.jsonl", "--record", "."], 2, ". is a folder: name the file in it"),
        (["questions.jsonl", "--record", "bad.jsonl"], 2, "bad.jsonl is not a recording: name another file"),
        (["questions.jsonl", "--record", "questions.jsonl"], 2, "questions.jsonl:1: is not the header of a recording"),
        (["questions.jsonl", "--record", "other.jsonl"], 2, "other.jsonl records other questions, statements or texts"),
        (["whole.jsonl", "--record", "new.jsonl"], 2, "there is nothing to record: the files are recordings"),
        ([], 2, "Usage: groundwire eval"),
    ],
)
def test_what_cannot_be_used_is_one_line(
    groundwire_command: Command, service: FakeService, address: str, arguments: list[str], code: int, says: str
) -> None:
    Path("bad.jsonl").write_text("no JSON, and no end of the line")
    Path("filter.jsonl").write_text('{"question": "a", "expected": ["b"], "filter": {"isNul": {}}}')
    Path("other.jsonl").write_text(
        '{"groundwire_recording":1,"subject":{"where":"server","name":"x","version":"0","route":"default"},"inputs":[]}\n'
    )
    Path("whole.jsonl").write_text("".join(map(written, (HEADER, *mixed().lines))))
    before = {path: path.read_bytes() for path in Path().glob("*.jsonl")}

    ran = groundwire_command("eval", *arguments, *(("--server", address) if arguments else ()))

    assert ran.code == code
    assert says in " ".join(ran.err.split())
    if arguments:
        assert len(ran.err.splitlines()) == 1
    assert asked(service) == []
    assert {path: path.read_bytes() for path in Path().glob("*.jsonl")} == before


def test_another_route_is_another_recording(groundwire_command: Command, address: str) -> None:
    said = ("eval", "questions.jsonl", "--server", address, "--record", "run.jsonl")
    groundwire_command(*said)

    ran = groundwire_command(*said, "--route", "support")

    assert ran.code == 2
    assert "run.jsonl records route default (server): name another file with --record" in ran.err


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_a_run_that_was_stopped_goes_on_where_it_was(
    groundwire_command: Command, service: FakeService, address: str, number: signal.Signals
) -> None:
    service.script["who?"] = (UntilCancelled(),)
    said = ("eval", "questions.jsonl", "--server", address, "--record", "run.jsonl", "--parallel", "1")
    command = [sys.executable, "-m", "groundwire_server", *said, "--timeout", str(PATIENCE)]
    running = subprocess.Popen(command, env=os.environ, stderr=subprocess.PIPE, text=True)
    assert service.waiting.wait(60)
    running.send_signal(number)
    _, complaint = running.communicate(timeout=180)

    if number is signal.SIGINT:
        assert running.returncode == 130
        assert complaint.splitlines()[-1] == (
            "groundwire: interrupted; what came back is in run.jsonl: run the same command to go on"
        )
    assert [line.item.key for line in recorded().questions] == ["where", "when"]
    service.script["who?"] = events.numbered([events.ended(events.abstained())])
    service.calls.clear()

    ran = groundwire_command(*said)

    assert ran.code == 0
    assert asked(service) == ["who?"]
    assert [line.item.key for line in recorded().questions] == ["where", "when", "who"]
