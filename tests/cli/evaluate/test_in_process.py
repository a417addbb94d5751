"""`groundwire eval` without a server: by a configuration within the process, statements, thresholds and comparisons."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from groundwire_server.adapters.store.embedded import EmbeddedStore
from groundwire_server.app.clock import SystemClock
from groundwire_server.cli.exits import ExitCode
from groundwire_server.corpus.ingest import Ingest
from groundwire_server.domain.caller import EVERYBODY, Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.document import Document
from groundwire_server.evaluation.inputs.files import read_input
from groundwire_server.evaluation.recording import RecordedRun
from tests.cli.conftest import Ran

Command = Callable[..., Ran]
THINGS = ("lamp", "door", "desk", "roof", "gate")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a store of five documents, questions about them and about others, and a configuration."""
    monkeypatch.chdir(tmp_path)
    store = EmbeddedStore.open(Path("groundwire-data") / "store.sqlite3", SystemClock(), None)

    async def fill() -> None:
        for thing in THINGS:
            text = f"The {thing} is painted green by the caretaker."
            document = Document(thing, text, metadata={"kind": thing}, allowed_principals=frozenset({EVERYBODY}))
            await Ingest(store.corpus, None).store(Caller("local", "importer", frozenset()), document, NEVER)

    asyncio.run(fill())
    store.close()
    asked: list[dict[str, object]] = [
        {"question": f"Who painted the {thing} green?", "expected": "the caretaker", "relevant": thing}
        for thing in THINGS
    ]
    asked += [{"question": f"Which zebra chases the {thing} tonight?", "expected": []} for thing in THINGS]
    Path("questions.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in asked))
    Path("groundwire.yaml").write_text(
        "stores: {main: {folder: groundwire-data}}\nroutes: {default: {models: [extractive], store: main}}\n"
    )
    passage = "The desk opens at six. It closes at eight."
    statements = [
        {"passage": "p", "supported": True, "kind": "verbatim", "text": "The desk opens at six."},
        {"passage": "p", "supported": False, "kind": "elsewhere", "text": "Penguins swim across rivers."},
    ]
    Path("statements.json").write_text(json.dumps({"passages": {"p": passage}, "statements": statements}))


def test_a_configuration_is_asked_within_the_process(groundwire_command: Command) -> None:
    ran = groundwire_command("eval", "questions.jsonl", "--in-process", "--record", "run.jsonl", "--json", "out.json")

    assert ran.code == 0
    assert ran.out.startswith("10 questions: in process groundwire.yaml, route default\n")
    measures = json.loads(Path("out.json").read_text())["measures"]
    assert measures["retrieval"]["recall@5"]["value"] == 1.0
    assert measures["answers"]["contains"] == {"value": 1.0, "low": 0.565509, "high": 1.0, "count": 5}
    assert measures["abstention"]["wrongly_answered"]["value"] == 0.0
    assert measures["citations"]["recall"]["value"] == 1.0
    assert {"RETRIEVE", "GENERATE", "CHECK", "total"} <= measures["latency"]["stages"].keys()
    recorded = read_input(Path("run.jsonl"))
    assert isinstance(recorded, RecordedRun)
    assert recorded.header.subject.name == "groundwire.yaml"


def test_a_filter_narrows_the_search(groundwire_command: Command) -> None:
    without = {"negation": {"equals": {"key": "kind", "value": {"stringValue": "lamp"}}}}
    asked = {"question": "Who painted the lamp green?", "expected": [], "filter": without}
    Path("one.jsonl").write_text(json.dumps(asked))

    groundwire_command("eval", "one.jsonl", "--config", "groundwire.yaml", "--record", "run.jsonl")

    recorded = read_input(Path("run.jsonl"))
    assert isinstance(recorded, RecordedRun)
    assert {passage.document_id for passage in recorded.questions[0].passages} == set(THINGS) - {"lamp"}


def test_statements_need_neither_a_server_nor_a_configuration(groundwire_command: Command) -> None:
    Path("groundwire.yaml").unlink()

    ran = groundwire_command("eval", "statements.json")

    assert ran.code == 0
    assert ran.out.startswith("2 statements: in process, route default\n")
    assert "unsupported: elsewhere" in ran.out
    assert " 100.0%" in ran.out


def test_what_went_wrong_is_printed_when_asked_for(groundwire_command: Command) -> None:
    Path("questions.jsonl").write_text('{"question": "Who painted the lamp green?", "expected": ["the gardener"]}')

    plain = groundwire_command("eval", "questions.jsonl", "--in-process")
    ran = groundwire_command("eval", "questions.jsonl", "--in-process", "--wrong", "5")

    text = "The lamp is painted green by the caretaker."
    shown = f"wrong answers: 1\n  Who painted the lamp green?\n    {text}\n    expected: the gardener\n"
    assert ran.out.endswith(shown)
    assert text not in plain.out


def test_questions_and_statements_are_evaluated_together(groundwire_command: Command) -> None:
    ran = groundwire_command("eval", "questions.jsonl", "statements.json", "--in-process")

    assert ran.code == 0
    assert ran.out.startswith("10 questions and 2 statements: in process groundwire.yaml, route default\n")


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--fail-under", "verdicts/balanced_accuracy=1"], 0, "met     verdicts/balanced_accuracy at least 1: 1"),
        (["--fail-over", "verdicts/verified=0.5"], 6, "MISSED  verdicts/verified at most 0.5: 1"),
        (["--fail-under", "answers/contains=0"], 6, "MISSED  answers/contains at least 0: not measured"),
        (["--thresholds", "thresholds.yaml"], 6, "MISSED  verdicts/by_kind/elsewhere/refused at most 0.5: 1"),
        (["--thresholds", "thresholds.yaml"], 6, "met     verdicts/false_alarms at most 0.1: 0"),
    ],
)
def test_a_threshold_that_is_missed_ends_with_its_own_code(
    groundwire_command: Command, options: list[str], code: int, says: str
) -> None:
    Path("thresholds.yaml").write_text(
        "verdicts/by_kind/elsewhere/refused: {at_most: 0.5}\nverdicts/false_alarms: {at_most: 0.1}\n"
    )

    ran = groundwire_command("eval", "statements.json", *options)

    assert ran.code == code
    assert f"  {says}" in ran.out.splitlines()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--in-process", "--route", "defualt"], 2, "--route defualt: no route has this name; did you mean default?"),
        (["--config", "none.yaml"], 2, "none.yaml: cannot be read"),
        (["--config", "wrong.yaml"], 2, "wrong.yaml:1: stoers: unknown key"),
        (["--in-process", "--tenant", "no tenant"], 2, "a tenant is 1 to 64 letters"),
        (["--config", "file.yaml"], 4, "statements.json"),
    ],
)
def test_what_cannot_be_used_is_said(groundwire_command: Command, arguments: list[str], code: int, says: str) -> None:
    Path("wrong.yaml").write_text("stoers: {}\n")
    Path("file.yaml").write_text(
        "stores: {main: {folder: statements.json}}\nroutes: {default: {models: [extractive], store: main}}\n"
    )

    ran = groundwire_command("eval", "questions.jsonl", *arguments)

    assert ran.code == code
    assert says in ran.err.splitlines()[-1]


def test_two_results_are_compared(groundwire_command: Command) -> None:
    groundwire_command("eval", "questions.jsonl", "--in-process", "--json", "before.json")
    worse = Path("questions.jsonl").read_text().replace("the caretaker", "the gardener")
    Path("questions.jsonl").write_text(worse)
    groundwire_command("eval", "questions.jsonl", "--in-process", "--json", "after.json")

    same = groundwire_command("eval", "compare", "before.json", "before.json", "--fail-if-worse")
    other = groundwire_command("eval", "compare", "before.json", "after.json", "--fail-if-worse")

    assert same.code == 0
    assert same.out.splitlines()[0] == "10 items in both"
    assert not any(line.endswith(("better", "worse")) for line in same.out.splitlines())
    assert other.code == ExitCode.MISSED
    (line,) = [line for line in other.out.splitlines() if "answers/contains" in line]
    assert line.split() == ["answers/contains", "100.0", "0.0", "-100.0", "(-100.0", "to", "-100.0)", "worse"]


def test_a_comparison_is_printed_as_json(groundwire_command: Command) -> None:
    groundwire_command("eval", "statements.json", "--json", "one.json")

    ran = groundwire_command("eval", "compare", "one.json", "one.json", "--json")

    read = json.loads(ran.out)
    assert ran.code == 0
    assert read["groundwire_comparison"] == 1
    assert read["items"] == {"common": 2, "only_before": 0, "only_after": 0}
    assert {each["change"] for each in read["differences"]} == {0.0}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (["statements.json", "statements.json"], "is not the result of an evaluation: write one with"),
        (["none.json", "one.json"], "none.json cannot be read"),
        (["one.json", "one.json", "--slice", "de"], "no item in common in the slice 'de'"),
    ],
)
def test_what_cannot_be_compared_is_said(groundwire_command: Command, files: list[str], says: str) -> None:
    groundwire_command("eval", "statements.json", "--json", "one.json")

    ran = groundwire_command("eval", "compare", *files)

    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1
    assert says in ran.err
