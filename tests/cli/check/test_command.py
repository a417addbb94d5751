"""`groundwire check`."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from groundwire.v1.grounding_pb2 import Citation, Conflict, Span, Verdict
from groundwire.v1.grounding_service_pb2 import CheckGroundingResponse
from groundwire_server.cli.check.page import print_page
from groundwire_server.cli.exits import ExitCode
from tests.cli.conftest import Ran
from tests.doubles.events import sentence, summary
from tests.doubles.service import LOST, FakeService

Command = Callable[..., Ran]

TEXT = "Parcels are signed for. They are kept for ninety days. Bananas ripen. So it is."
DESK = Citation(chunk_id="desk", title="Front desk", quote="Parcels are signed for.")
CONFLICT = Conflict(
    kind=Conflict.KIND_NUMBER,
    span=Span(start_code_point=42, end_code_point=48),
    chunk_id="lost",
    passage_words="thirty\x1b[31m days",
)
MISSING = Conflict(kind=Conflict.KIND_UNCOVERED, span=Span(start_code_point=55, end_code_point=62))
VERBATIM = sentence(Verdict.VERDICT_VERBATIM, 0, 23, citations=[DESK])
LOST_DAYS = Citation(chunk_id="lost", title="Lost parcels", quote="They are kept for thirty days.")
CONTRADICTED = sentence(Verdict.VERDICT_CONTRADICTED, 24, 54, conflicts=[CONFLICT])
UNSUPPORTED = sentence(Verdict.VERDICT_UNSUPPORTED, 55, 69, conflicts=[MISSING])
NO_CLAIM = sentence(Verdict.VERDICT_NOT_A_CLAIM, 70, 79)
WHOLE = (VERBATIM, CONTRADICTED, UNSUPPORTED, NO_CLAIM, summary(Verdict.VERDICT_CONTRADICTED, 0.25))


@pytest.fixture
def text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file with the text, and one with a fact, where the command runs."""
    monkeypatch.chdir(tmp_path)
    Path("facts.md").write_text("Parcels are signed for.", encoding="utf-8")
    Path("text.txt").write_text(TEXT, encoding="utf-8")
    return "text.txt"


def shown(capsys: pytest.CaptureFixture[str], *responses: CheckGroundingResponse) -> tuple[bool, str]:
    stands = print_page(TEXT, responses)
    return stands, capsys.readouterr().out


def test_each_sentence_is_shown_with_its_verdict_and_what_it_conflicts_with(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stands, out = shown(capsys, *WHOLE)
    assert not stands
    assert out.splitlines() == [
        "VERBATIM      Parcels are signed for. [1]",
        "CONTRADICTED  They are kept for ninety days.",
        "              number: “ninety”, but lost says “thirty�[31m days”",
        "UNSUPPORTED   Bananas ripen.",
        "              words: “Bananas” is in no passage",
        "NOT_A_CLAIM   So it is.",
        "",
        "1 of 3 claims stands, score 25%, not verified",
        "weakest    CONTRADICTED: the passages say otherwise",
        "",
        "[1] Front desk",
        "    “Parcels are signed for.”",
    ]


def test_a_terminal_shows_verdicts_in_colour(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    _, out = shown(capsys, *WHOLE)
    assert "\x1b[32mVERBATIM" in out
    assert "\x1b[1;31mCONTRADICTED" in out
    assert "\x1b[1;31mUNSUPPORTED" in out


@pytest.mark.parametrize(
    ("words", "said"), [("thirty", "“ninety”, but [1] says “thirty”"), ("", "“ninety”, against [1]")]
)
def test_a_conflict_names_a_cited_passage_by_its_number(
    capsys: pytest.CaptureFixture[str], words: str, said: str
) -> None:
    conflict = Conflict(kind=Conflict.KIND_NUMBER, span=CONFLICT.span, chunk_id="lost", passage_words=words)
    checked = sentence(Verdict.VERDICT_CONTRADICTED, 24, 54, conflicts=[conflict], citations=[LOST_DAYS])
    assert said in shown(capsys, checked)[1]


@pytest.mark.parametrize("width", [20, 40, 80])
def test_lines_fit(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    _, out = shown(capsys, *WHOLE)
    assert all(len(line) <= width for line in out.splitlines())


STANDING = [
    ("every claim stands", [VERBATIM, NO_CLAIM], ExitCode.OK),
    ("one is not proven", [VERBATIM, sentence(Verdict.VERDICT_CONSISTENT, 24, 54)], ExitCode.OK),
    ("one is unsupported", [VERBATIM, UNSUPPORTED], ExitCode.INCOMPLETE),
    ("one is contradicted", [VERBATIM, CONTRADICTED], ExitCode.INCOMPLETE),
    ("one has a verdict of a newer server", [VERBATIM, sentence(99, 24, 54)], ExitCode.INCOMPLETE),  # type: ignore[arg-type]
    ("nothing is claimed", [NO_CLAIM], ExitCode.INCOMPLETE),
    ("there is no sentence", [], ExitCode.INCOMPLETE),
]


@pytest.mark.parametrize("as_json", [False, True], ids=["page", "JSON"])
@pytest.mark.parametrize(("sentences", "code"), [row[1:] for row in STANDING], ids=[row[0] for row in STANDING])
def test_the_exit_code_says_whether_every_claim_stands(
    groundwire_command: Command,
    service: FakeService,
    address: str,
    text: str,
    sentences: list[CheckGroundingResponse],
    code: ExitCode,
    as_json: bool,
) -> None:
    service.checks[TEXT] = (*sentences, summary(Verdict.VERDICT_UNSPECIFIED, 0.0))
    options = ["--json"] if as_json else []
    ran = groundwire_command("check", text, "--facts", "facts.md", "--server", address, *options)
    assert ran.code == code, ran.err


def test_json_is_a_line_for_each_sentence_and_the_summary(
    groundwire_command: Command, service: FakeService, address: str, text: str
) -> None:
    service.checks[TEXT] = WHOLE
    ran = groundwire_command("check", text, "--facts", "facts.md", "--json", "--server", address)
    *sentences, last = (json.loads(line) for line in ran.out.splitlines())
    verdicts = [each["sentence"]["sentence"]["verdict"] for each in sentences]
    assert verdicts == ["VERDICT_VERBATIM", "VERDICT_CONTRADICTED", "VERDICT_UNSUPPORTED", "VERDICT_NOT_A_CLAIM"]
    assert last["summary"]["weakestVerdict"] == "VERDICT_CONTRADICTED"


def test_the_text_the_facts_and_the_question_are_sent(
    groundwire_command: Command, service: FakeService, address: str, text: str
) -> None:
    asked = ["--question", "Who signs?", "--route", "faq"]
    groundwire_command("check", text, "--facts", "facts.md", "--server", address, *asked)
    request = service.calls[0].request
    assert (request.text, request.question, request.route) == (TEXT, "Who signs?", "faq")
    assert [(fact.fact_id, fact.text) for fact in request.facts.facts] == [("facts.md", "Parcels are signed for.")]


def test_a_search_takes_the_place_of_facts(
    groundwire_command: Command, service: FakeService, address: str, text: str
) -> None:
    groundwire_command("check", text, "--search", "--top-k", "3", "--principal", "staff", "--server", address)
    (call,) = service.calls
    assert (call.request.WhichOneof("evidence"), call.request.search.top_k) == ("search", 3)
    assert call.metadata["groundwire-principals"] == "staff"


def test_the_text_may_come_from_standard_input(
    groundwire_command: Command, service: FakeService, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO("\ufeffGrüße.".encode())))
    groundwire_command("check", "--search", "--server", address)
    assert service.calls[0].request.text == "Grüße."


WRONG: list[tuple[str, list[str], bytes, str]] = [
    ("neither facts nor a search", [], b"x", "give --facts FILE or --search"),
    ("both", ["--facts", "facts.md", "--search"], b"x", "give --facts FILE or --search"),
    ("top_k without a search", ["--facts", "facts.md", "--top-k", "3"], b"x", "--top-k is for --search"),
    ("no text", ["--search"], b"", "standard input is empty"),
    ("over 64 KiB", ["--search"], b"x" * 65537, "standard input is longer than 64 KiB"),
    ("not UTF-8", ["--search"], b"caf\xe9", "standard input is not UTF-8 (byte 3)"),
    ("file over 64 KiB", ["large.txt", "--search"], b"", "large.txt is larger than 64 KiB"),
    ("no file", ["nowhere.txt", "--search"], b"", "nowhere.txt cannot be read"),
    ("a question that is not UTF-8", ["--search", "--question", "\udcff"], b"x", "the command line is not UTF-8"),
]


@pytest.mark.usefixtures("text")
@pytest.mark.parametrize(("options", "given", "said"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_wrong_usage_ends_with_2_and_asks_nothing(
    groundwire_command: Command,
    service: FakeService,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    given: bytes,
    said: str,
) -> None:
    Path("large.txt").write_bytes(b"x" * 65537)
    stdin: Any = SimpleNamespace(buffer=io.BytesIO(given))
    monkeypatch.setattr("sys.stdin", stdin)
    ran = groundwire_command("check", *options, "--server", address)
    assert (ran.code, ran.out, service.calls) == (ExitCode.USAGE, "", [])
    assert said in ran.err


def test_a_check_that_breaks_off_ends_with_3_and_keeps_what_it_printed(
    groundwire_command: Command, service: FakeService, address: str, text: str
) -> None:
    service.checks[TEXT] = (VERBATIM, LOST)
    ran = groundwire_command("check", text, "--facts", "facts.md", "--server", address)
    assert ran.code == ExitCode.UNREACHABLE
    assert "VERBATIM      Parcels are signed for." in ran.out
    assert "claims stand" not in ran.out
