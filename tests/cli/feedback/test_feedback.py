"""`groundwire feedback list` and `export`."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from groundwire.v1.answer_fault_pb2 import AnswerFault
from groundwire.v1.feedback_service_pb2 import ExportCasesRequest, Feedback, LabelledCase, ListFeedbackRequest, Rating
from groundwire.v1.grounding_pb2 import Citation, GroundedText, Sentence, Span, Verdict
from groundwire.v1.passage_pb2 import Passage
from groundwire.v1.review_pb2 import Review
from groundwire_server.evaluation.inputs.files import read_questions
from groundwire_server.evaluation.labelled_statements import read
from tests.cli.conftest import Ran
from tests.doubles.service import FakeService

Command = Callable[..., Ran]

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PASSAGE = Passage(chunk_id="hours#0", document_id="hours", title="Hours", text="The desk opens at six.", revision=2)


def span(start: int, end: int) -> Span:
    return Span(start_byte=start, end_byte=end, start_code_point=start, end_code_point=end)


def answer(*sentences: str, verdict: "Verdict.ValueType" = Verdict.VERDICT_ENTAILED) -> GroundedText:
    """An answer each of whose sentences cites the passage."""
    text = GroundedText(text=" ".join(sentences))
    start = 0
    for number, sentence in enumerate(sentences):
        stretch = span(start, start + len(sentence))
        text.citations.append(Citation(chunk_id=PASSAGE.chunk_id, quote=PASSAGE.text, span=stretch))
        text.sentences.append(Sentence(span=stretch, verdict=verdict, citation_indexes=[number]))
        start += len(sentence) + 1
    return text


def case(request_id: str = "request-1", **changes: Any) -> LabelledCase:
    made = LabelledCase(
        source=LabelledCase.SOURCE_REVIEW,
        kind=Review.KIND_SAMPLE,
        request_id=request_id,
        trace_id=TRACE,
        route="faq",
        question="When does the desk open?",
        passages=[PASSAGE],
        answer=answer("It opens at six.", "It never closes."),
        right=True,
        label_time=Timestamp(seconds=1_795_651_200),
    )
    for name, value in changes.items():
        made.ClearField(name)  # type: ignore[arg-type]
        if value is not None:
            made.MergeFrom(LabelledCase(**{name: value}))
    return made


class Exports:
    """Runs exports against a scripted server."""

    def __init__(self, command: Command, service: FakeService, address: str, folder: Path) -> None:
        self._command, self.service, self._address, self.file = command, service, address, folder / "out"

    def __call__(self, format_: str, *cases: LabelledCase, options: tuple[str, ...] = ()) -> Ran:
        self.service.labelled = cases
        given = ("feedback", "export", str(self.file), "--format", format_, "--server", self._address)
        return self._command(*given, *options)

    def statements(self, *cases: LabelledCase) -> list[tuple[str, bool]]:
        assert self("statements", *cases, options=("--force",)).code == 0
        return [(each["text"], each["supported"]) for each in json.loads(self.file.read_text())["statements"]]

    def questions(self, *cases: LabelledCase) -> list[dict[str, Any]]:
        assert self("questions", *cases, options=("--force",)).code == 0
        return [json.loads(line) for line in self.file.read_text().splitlines()]


@pytest.fixture
def exports(groundwire_command: Command, service: FakeService, address: str, tmp_path: Path) -> Exports:
    return Exports(groundwire_command, service, address, tmp_path)


def test_a_list_in_a_pipe_has_no_texts(groundwire_command: Command, service: FakeService, address: str) -> None:
    service.feedback = [
        Feedback(
            request_id="request-1",
            trace_id=TRACE,
            route="faq",
            rating=Rating.RATING_DOWN,
            faults=[AnswerFault.ANSWER_FAULT_INCORRECT, AnswerFault.ANSWER_FAULT_UNCLEAR],
            comment="secret words",
            create_time=Timestamp(seconds=1_795_651_200),
        )
    ]
    ran = groundwire_command("feedback", "list", "--server", address, "--rating", "down", "--route", "faq")
    assert ran.out == f"2026-11-26T00:00:00Z\tDOWN\tINCORRECT,UNCLEAR\tfaq\trequest-1\t{TRACE}\n"
    assert ran.err == "1 entry\n"
    assert service.calls[-1].request == ListFeedbackRequest(page_size=100, route="faq", rating=Rating.RATING_DOWN)
    assert "secret words" in groundwire_command("feedback", "list", "--server", address, "--json").out


def test_an_export_is_whole_and_its_owners_alone(exports: Exports) -> None:
    ran = exports("cases", case(), options=("--source", "review", "--until", "2026-11-27T08:00+01:00"))
    assert ran.code == 0
    assert stat.S_IMODE(exports.file.stat().st_mode) == 0o600
    (written,) = [json.loads(line) for line in exports.file.read_text().splitlines()]
    assert written["question"] == "When does the desk open?"
    assert "you alone may read it" in ran.err
    request = exports.service.calls[-1].request
    assert isinstance(request, ExportCasesRequest)
    assert list(request.sources) == [LabelledCase.SOURCE_REVIEW]
    assert request.until.ToJsonString() == "2026-11-27T07:00:00Z"


def test_a_file_is_not_replaced_unasked(exports: Exports) -> None:
    exports.file.write_text("mine")
    ran = exports("cases", case())
    assert ran.code == 2
    assert "replace it with --force" in ran.err
    assert exports.file.read_text() == "mine"
    assert exports("cases", case(), options=("--force",)).code == 0


def test_a_right_answer_supports_each_of_its_sentences(exports: Exports) -> None:
    assert exports.statements(case()) == [("It opens at six.", True), ("It never closes.", True)]
    (first, _) = read(exports.file)
    assert (first.passages, first.kind) == ((PASSAGE.text,), "review, ENTAILED")


@pytest.mark.parametrize(
    ("changes", "statements"),
    [
        ({"wrong_sentences": [1]}, [("It opens at six.", True), ("It never closes.", False)]),
        # Which of them is wrong, nobody has said.
        ({}, []),
        ({"answer": answer("It never closes.")}, [("It never closes.", False)]),
        # It may be what the passage says.
        ({"wrong_sentences": [1], "faults": [AnswerFault.ANSWER_FAULT_OUTDATED]}, []),
        (
            {"wrong_sentences": [0], "faults": [AnswerFault.ANSWER_FAULT_UNSUPPORTED]},
            [("It opens at six.", False), ("It never closes.", True)],
        ),
        ({"wrong_sentences": [1], "passages": None}, []),
        ({"answer": answer("Hello.", verdict=Verdict.VERDICT_NOT_A_CLAIM)}, []),
        ({"kind": Review.KIND_BLOCK, "wrong_sentences": [1]}, []),
    ],
)
def test_a_wrong_answer_labels_what_was_said_to_be_wrong(
    exports: Exports, changes: dict[str, Any], statements: list[tuple[str, bool]]
) -> None:
    assert exports.statements(case(right=None, **changes)) == statements


def test_a_reviewers_word_weighs_more_than_a_callers(exports: Exports) -> None:
    wrong = answer("It never closes.")
    review = case(right=None, answer=wrong)
    feedback = case(source=LabelledCase.SOURCE_FEEDBACK, kind=None, answer=wrong)
    for order in ((review, feedback), (feedback, review)):
        assert exports.statements(*order) == [("It never closes.", False)]
    # The last word of two reviewers.
    assert exports.statements(review, case(answer=wrong)) == [("It never closes.", True)]


@pytest.mark.parametrize(
    ("changes", "answerable"),
    [
        ({}, True),
        ({"right": None}, None),
        ({"right": None, "correction": "It opens at seven."}, True),
        ({"answer": None}, False),
        ({"answer": None, "right": None}, None),
        ({"answer": None, "right": None, "faults": [AnswerFault.ANSWER_FAULT_NO_ANSWER]}, True),
        ({"kind": Review.KIND_BLOCK}, None),
    ],
)
def test_a_question_says_whether_the_documents_answer_it(
    exports: Exports, changes: dict[str, Any], answerable: bool | None
) -> None:
    found = exports.questions(case(**changes))
    assert [each["answerable"] for each in found] == ([] if answerable is None else [answerable])


def test_questions_are_read_again_as_they_were_written(exports: Exports) -> None:
    exports.questions(case("request-1"), case("request-2", answer=None))
    right, abstained = read_questions(exports.file)
    assert (right.relevant, right.labels) == (("hours#0",), ("faq", "review"))
    assert abstained.is_answerable is False
    assert right.key != abstained.key


def test_what_labels_nothing_is_counted(exports: Exports) -> None:
    ran = exports("statements", case(), case("request-2", right=None))
    assert ran.err.splitlines()[:2] == [
        f"2 statements in {exports.file}, from 2 labels",
        "1 answer left out: what was said labels no statement",
    ]
