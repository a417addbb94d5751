"""`groundwire eval` on texts for guards."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from docs.examples.guard import Scan, guard_server
from groundwire_server.cli.exits import ExitCode
from groundwire_server.evaluation.inputs.files import read_input
from groundwire_server.evaluation.recording import RecordedRun
from tests.cli.conftest import Ran

Command = Callable[..., Ran]

FILE = """guards:
  rivals: {kind: terms, version: "3", category: rivals, terms: [Initech]}
  codes: {kind: patterns, version: "1", category: codes, patterns: ['PROJECT-[A-Z]{3}']}
routes:
  default:
    models: [extractive]
    store: main
    screens:
      question: {use: [{guard: rivals}, {guard: codes, action: FLAG}]}
      evidence: {use: []}
      answer: {use: [{guard: codes, action: MASK}]}
"""
TEXTS: list[dict[str, Any]] = [
    {"id": "q1", "screen": "question", "text": "What does Initech sell?", "categories": ["rivals"], "language": "en"},
    {"id": "q2", "screen": "question", "text": "Was verkauft Globex?", "categories": ["rivals"], "language": "de"},
    {"id": "q3", "screen": "question", "text": "Who signs for PROJECT-ABC?", "categories": [], "language": "en"},
    {"id": "q4", "screen": "question", "text": "Wer unterschreibt?", "categories": [], "language": "de"},
    {"id": "a1", "screen": "answer", "text": "It is PROJECT-XYZ.", "categories": ["codes"]},
    {"id": "a2", "screen": "answer", "text": "It is at six.", "categories": []},
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a configuration whose store is not there yet, and texts."""
    monkeypatch.chdir(tmp_path)
    Path("groundwire.yaml").write_text(FILE)
    written(*TEXTS)


def written(*texts: dict[str, Any], name: str = "texts.jsonl") -> None:
    Path(name).write_text("".join(f"{json.dumps(each)}\n" for each in texts))


def test_texts_are_screened_by_the_configuration_without_a_store_or_a_server(groundwire_command: Command) -> None:
    ran = groundwire_command("eval", "texts.jsonl", "--json", "out.json", "--html", "out.html")

    assert ran.code == 0, ran.err
    assert ran.out.startswith("6 texts: in process groundwire.yaml, route default\n")
    guards = json.loads(Path("out.json").read_text())["measures"]["guards"]
    assert (guards["missed"]["value"], guards["missed"]["count"]) == (0.333333, 3)
    assert (guards["false_alarms"]["value"], guards["false_alarms"]["count"]) == (0.333333, 3)
    assert [(row["screen"], row["guard"], row["missed"]["value"]) for row in guards["by_category"]] == [
        ("question", "rivals", 0.5),
        ("question", "codes", None),
        ("answer", "codes", 0.0),
    ]
    assert "Guards by category" in Path("out.html").read_text()
    assert [path.name for path in Path.cwd().iterdir() if path.is_dir()] == []


def test_what_was_found_is_recorded_and_evaluated_again_alike(groundwire_command: Command) -> None:
    first = groundwire_command("eval", "texts.jsonl", "--record", "run.jsonl", "--json", "one.json")
    again = groundwire_command("eval", "run.jsonl", "--json", "two.json")

    assert first.out == again.out
    assert Path("one.json").read_text() == Path("two.json").read_text()
    recorded = read_input(Path("run.jsonl"))
    assert isinstance(recorded, RecordedRun)
    assert [(guard.screen, guard.name, guard.version, guard.categories) for guard in recorded.header.guards] == [
        ("question", "rivals", "3", ("rivals",)),
        ("question", "codes", "1", ("codes",)),
        ("answer", "codes", "1", ("codes",)),
    ]


def test_a_recording_is_not_continued_with_another_version_of_a_guard(groundwire_command: Command) -> None:
    groundwire_command("eval", "texts.jsonl", "--record", "run.jsonl")
    Path("groundwire.yaml").write_text(FILE.replace('"3"', '"4"'))
    ran = groundwire_command("eval", "texts.jsonl", "--record", "run.jsonl")

    assert ran.code == 2
    assert "run.jsonl records other guards, or another version of one: name another file with --record" in ran.err


def test_a_text_that_a_guard_could_not_be_asked_about_is_screened_again(groundwire_command: Command) -> None:
    groundwire_command("eval", "texts.jsonl", "--record", "run.jsonl")
    lines = Path("run.jsonl").read_text().splitlines()
    assert '"guards":["rivals","codes"]' in lines[1]
    lines[1] = lines[1].replace('"guards":["rivals","codes"]', '"guards":["codes"],"unavailable":["rivals"]')
    Path("run.jsonl").write_text("".join(f"{line}\n" for line in lines))

    before = groundwire_command("eval", "run.jsonl")
    again = groundwire_command("eval", "texts.jsonl", "--record", "run.jsonl")

    assert (before.code, again.code) == (ExitCode.INCOMPLETE, ExitCode.OK)
    assert len(Path("run.jsonl").read_text().splitlines()) == len(lines) + 1


def test_texts_that_went_wrong_are_printed_by_id_unless_they_are_asked_for(groundwire_command: Command) -> None:
    ran = groundwire_command("eval", "texts.jsonl", "--wrong", "5")
    shown = groundwire_command("eval", "texts.jsonl", "--wrong", "5", "--wrong-texts")

    assert "false alarms on the question screen: codes: 1\n  q3\n    codes by codes" in ran.out
    assert "missed on the question screen: rivals: 1\n  q2\n    nothing\n" in ran.out
    assert not any(each["text"] in ran.out for each in TEXTS)
    assert "rivals: 1\n  Was verkauft Globex?\n    nothing\n" in shown.out


def test_two_versions_of_a_guard_are_compared(groundwire_command: Command) -> None:
    many = [{**TEXTS[1], "id": f"m{number}"} for number in range(20)]
    written(*TEXTS, *many)
    groundwire_command("eval", "texts.jsonl", "--json", "before.json")
    Path("groundwire.yaml").write_text(FILE.replace("[Initech]", "[Initech, Globex]"))
    groundwire_command("eval", "texts.jsonl", "--json", "after.json")
    ran = groundwire_command("eval", "compare", "before.json", "after.json")

    (line,) = [line for line in ran.out.splitlines() if "guards/missed" in line]
    assert line.endswith("better")


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--fail-over", "guards/missed=0.4"], ExitCode.OK, "met     guards/missed at most 0.4: 0.3333"),
        (
            ["--fail-over", "guards/by_category/question/rivals/rivals/missed=0.1"],
            ExitCode.MISSED,
            "MISSED  guards/by_category/question/rivals/rivals/missed at most 0.1: 0.5",
        ),
        (["--fail-over", "de:guards/missed=0.4"], ExitCode.MISSED, "MISSED  de:guards/missed at most 0.4: 1"),
    ],
)
def test_a_threshold_may_be_of_a_category_and_of_a_language(
    groundwire_command: Command, options: list[str], code: ExitCode, says: str
) -> None:
    ran = groundwire_command("eval", "texts.jsonl", *options)
    assert ran.code == code
    assert f"  {says}" in ran.out.splitlines()


@pytest.mark.parametrize(
    ("texts", "options", "says"),
    [
        (
            [{**TEXTS[0], "categories": ["rival"]}, TEXTS[3]],
            [],
            "the text q1: no guard of the question screen looks for 'rival'; did you mean rivals? there are: codes, ri",
        ),
        (
            [{**TEXTS[0], "screen": "evidence", "categories": []}],
            [],
            "the route default has no guard on its evidence screen: add one to routes.default.screens.evidence.use",
        ),
        (TEXTS[:2], [], "no text of the question screen is ordinary, so that no false alarms can be counted"),
        (TEXTS, ["--route", "faq"], "--route faq: no route has this name"),
    ],
)
def test_what_cannot_be_measured_is_one_line(
    groundwire_command: Command, texts: list[dict[str, Any]], options: list[str], says: str
) -> None:
    written(*texts)
    ran = groundwire_command("eval", "texts.jsonl", *options)
    assert ran.code == 2
    (line,) = ran.err.splitlines()
    assert says in line


def test_questions_of_a_server_and_texts_are_evaluated_apart(groundwire_command: Command) -> None:
    Path("questions.jsonl").write_text('{"question": "Who signs?", "expected": []}\n')
    ran = groundwire_command("eval", "questions.jsonl", "texts.jsonl")
    assert ran.code == 2
    assert ran.err.splitlines() == [
        "groundwire: guards are asked in this process: add --in-process, or evaluate the texts alone"
    ]


def test_questions_and_texts_are_evaluated_together_in_the_process(groundwire_command: Command) -> None:
    Path("questions.jsonl").write_text('{"question": "Who signs for Initech?", "expected": []}\n')
    ran = groundwire_command("eval", "questions.jsonl", "texts.jsonl", "--in-process", "--json", "out.json")

    assert ran.code == 0, ran.err
    assert ran.out.startswith("1 question and 6 texts: in process groundwire.yaml, route default\n")
    measures = json.loads(Path("out.json").read_text())["measures"]
    assert measures["outcomes"]["results"] == {"blocked": 1}
    assert measures["guards"]["missed"]["count"] == 3


REMOTE = """providers: {{own: {{kind: openai, base_url: "http://127.0.0.1:{port}", residency: self_hosted}}}}
guards:
  scanner: {{kind: http, provider: own, path: /, version: "1", categories: [rivals]}}
routes:
  default:
    models: [extractive]
    store: main
    screens: {{question: {{use: [{{guard: scanner}}]}}}}
"""


@contextmanager
def scanner(scan: Scan) -> Iterator[None]:
    """A guard behind HTTP, and the configuration that has it."""
    server = guard_server(scan, port=0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        Path("groundwire.yaml").write_text(REMOTE.format(port=server.server_address[1]))
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_guard_behind_an_endpoint_is_measured_as_any_other(groundwire_command: Command) -> None:
    written(*TEXTS[:4])

    def scan(text: str, screen: str) -> Iterator[dict[str, Any]]:
        assert screen == "QUESTION"
        if "Globex" in text:
            yield {"category": "rivals"}

    with scanner(scan):
        ran = groundwire_command("eval", "texts.jsonl", "--json", "out.json")

    assert ran.code == 0, ran.err
    (row,) = json.loads(Path("out.json").read_text())["measures"]["guards"]["by_category"]
    assert (row["guard"], row["missed"]["value"], row["false_alarms"]["value"]) == ("scanner", 0.5, 0.0)


def test_a_text_that_an_endpoint_fails_on_counts_neither_as_missed_nor_as_ordinary(
    groundwire_command: Command,
) -> None:
    written(*TEXTS[:4])

    def scan(text: str, screen: str) -> Iterator[dict[str, Any]]:
        yield {"category": "other" if "Initech" in text else "rivals"}

    with scanner(scan):
        ran = groundwire_command("eval", "texts.jsonl", "--json", "out.json", "--wrong", "1")

    assert ran.code == ExitCode.INCOMPLETE
    assert "guards that could not be asked: 1\n  q1\n    scanner\n" in ran.out
    guards = json.loads(Path("out.json").read_text())["measures"]["guards"]
    assert [(guards[name]["value"], guards[name]["count"]) for name in ("missed", "false_alarms", "failed")] == [
        (0.0, 1),
        (1.0, 2),
        (0.25, 4),
    ]
