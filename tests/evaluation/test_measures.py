"""What single questions come to: texts that are compared, and rankings."""

from math import log2

import pytest

from groundwire_server.domain.vocabulary import Confidence, Verdict
from groundwire_server.evaluation.items import QuestionItem
from groundwire_server.evaluation.measures.ranking import cited, ranking
from groundwire_server.evaluation.measures.texts import contains, exact_match, token_f1, word_coverage
from groundwire_server.evaluation.measures.values import question_values, statement_values
from groundwire_server.evaluation.recording import RecordedQuestion
from tests.evaluation.samples import answer, failed, passage, question, statement


@pytest.mark.parametrize(
    ("answer_text", "expected", "exact", "f1", "holds"),
    [
        ("The Eiffel Tower.", ["Eiffel tower"], 1.0, 1.0, 1.0),
        ("It stands in Paris, France.", ["Paris"], 0.0, 1 / 3, 1.0),
        ("It stands in Paris.", ["Rome", "Paris"], 0.0, 0.4, 1.0),
        ("A comparison", ["Paris"], 0.0, 0.0, 0.0),
        ("1,200 people", ["1200"], 0.0, 2 / 3, 1.0),
        ("1.5 mg", ["15"], 0.0, 2 / 3, 0.0),
        ("Rollo's men of the north-east", ["Rollo", "x"], 0.0, 0.0, 1.0),
        ("the Arab–Israeli conflict", ["arab israeli"], 0.0, 0.0, 1.0),
        ("東京は日本の首都です。", ["日本の首都"], 0.0, 2 * 5 / (11 + 5), 1.0),
        ("ＡＢ１２３", ["AB123"], 1.0, 1.0, 1.0),
        ("", ["x"], 0.0, 0.0, 0.0),
        ("The", ["a"], 1.0, 1.0, 0.0),
        ("anything", ["."], 0.0, 0.0, 0.0),
        ("anything", [], 0.0, 0.0, 0.0),
    ],
)
def test_texts_are_compared_as_squad_does(
    answer_text: str, expected: list[str], exact: float, f1: float, holds: float
) -> None:
    assert exact_match(answer_text, expected) == exact
    assert token_f1(answer_text, expected) == pytest.approx(f1)
    assert contains(answer_text, expected) == holds


@pytest.mark.parametrize(
    ("relevant", "found", "recall_1", "recall_3", "mrr", "ndcg"),
    [
        (["c1"], ["c1", "c2"], 1.0, 1.0, 1.0, 1.0),
        (["c2"], ["c1", "c2"], 0.0, 1.0, 0.5, 1 / log2(3)),
        (["c9"], ["c1", "c2"], 0.0, 0.0, 0.0, 0.0),
        (["c1"], [], 0.0, 0.0, 0.0, 0.0),
        (["c1", "c3"], ["c1", "c2", "c3"], 0.5, 1.0, 1.0, (1 + 0.5) / (1 + 1 / log2(3))),
        # A document counts once, however many of its chunks are found.
        (["doc"], ["doc#1", "doc#2"], 1.0, 1.0, 1.0, 1.0),
        (["doc", "c9"], ["doc#1", "doc#2", "c9"], 0.5, 1.0, 1.0, (1 + 0.5) / (1 + 1 / log2(3))),
        # A passage stands for one thing, though it is named twice.
        (["doc", "doc#1"], ["doc#1"], 0.5, 0.5, 1.0, 1 / (1 + 1 / log2(3))),
    ],
)
def test_a_ranking_counts_what_is_relevant_once(
    relevant: list[str], found: list[str], recall_1: float, recall_3: float, mrr: float, ndcg: float
) -> None:
    passages = [passage(name, document=name.partition("#")[0] if "#" in name else "") for name in found]
    item = QuestionItem(question="?", relevant=tuple(relevant))

    measured = ranking(item, passages)

    names = ("recall@1", "recall@3", "mrr", "ndcg@10")
    assert [measured[name] for name in names] == pytest.approx([recall_1, recall_3, mrr, ndcg])


def test_a_passage_is_relevant_when_it_holds_one_of_the_texts_however_it_is_spaced() -> None:
    item = QuestionItem(question="?", relevant_texts=("The desk opens.", "It is open."))
    passages = [
        passage("c1", text="Nothing"),
        passage("c2", text="So. The  desk\nopens. Yes."),
        passage("c3", text="It is open."),
    ]

    assert ranking(item, passages)["mrr"] == 0.5
    assert cited(item, passages) == {"precision": pytest.approx(2 / 3), "recall": 1.0}
    assert ranking(QuestionItem(question="?", expected=()), passages) == {}


@pytest.mark.parametrize(
    ("text", "passages", "share"),
    [
        ("Parcels arrive daily.", ["A parcel arrives."], 2 / 3),
        ("Parcels arrive daily.", ["A parcel arrives.", "Daily."], 1.0),
        ("It is.", ["It is."], 0.0),
        ("Numbers", [""], 0.0),
    ],
)
def test_word_coverage(text: str, passages: list[str], share: float) -> None:
    assert word_coverage(text, passages) == pytest.approx(share)


HIGH = Confidence.HIGH


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        (
            question("right", answer("In Paris.", HIGH, ("c1",)), ["Paris"], passages=[passage("c1", 0.9)]),
            {"abstention/wrongly_abstained": 0.0, "answers/contains": 1.0, "right": 1.0, "rank": 4.9, "level": 3.0}
            | {"confidence/high_on_right": 1.0, "answers/squad_f1": 2 / 3, "abstention/failed": 0.0},
        ),
        (
            question("wrong", answer("In Rome.", None), ["Paris"]),
            {"answers/contains": 0.0, "right": 0.0, "rank": 1.0, "level": 0.0, "confidence/high_on_wrong": 0.0},
        ),
        (
            question("lost", None, ["Paris"]),
            {"abstention/wrongly_abstained": 1.0, "answers/squad_exact": 0.0, "rank": 0.0},
        ),
        (
            question("kept", None, []),
            {"abstention/wrongly_answered": 0.0, "answers/squad_exact": 1.0, "confidence/high_on_unanswerable": 0.0},
        ),
        (
            question("fooled", answer("In Oslo.", HIGH), []),
            {"abstention/wrongly_answered": 1.0, "answers/squad_f1": 0.0, "right": 0.0}
            | {"confidence/high_on_wrong": 1.0, "confidence/high_on_unanswerable": 1.0},
        ),
        (failed("broken"), {"abstention/failed": 1.0}),
        (
            question("times", answer("Yes."), ["yes"]),
            {"latency/total_ms": 20.0, "cost/tokens": 100.0},
        ),
    ],
    ids=lambda value: value.item.id if hasattr(value, "item") else "",
)
def test_the_values_of_a_question(line: RecordedQuestion, holds: dict[str, float]) -> None:
    values = question_values(line)
    assert {name: values[name] for name in holds} == pytest.approx(holds)


@pytest.mark.parametrize(
    ("line", "absent"),
    [
        (failed("broken"), ["abstention/wrongly_abstained", "retrieval/mrr", "answers/contains", "latency/total_ms"]),
        (
            question("kept", None, []),
            ["abstention/wrongly_abstained", "answers/contains", "right", "confidence/high_on_wrong"],
        ),
        (
            question("known", answer("Yes."), relevant=["c1"]).model_copy(
                update={"item": QuestionItem(question="?", relevant=("c1",))}
            ),
            ["answers/contains", "answers/squad_f1", "right"],
        ),
        (question("free", answer("Yes."), ["yes"]), ["cost/micros", "citations/precision", "retrieval/mrr"]),
    ],
)
def test_what_is_not_known_of_a_question_does_not_count(line: RecordedQuestion, absent: list[str]) -> None:
    assert not set(absent) & question_values(line).keys()


@pytest.mark.parametrize(
    ("verdict", "supported", "values"),
    [
        (Verdict.VERBATIM, True, {"verdicts/false_alarms": 0.0, "verdicts/verified": 1.0}),
        (Verdict.ENTAILED, False, {"verdicts/false_accepts": 1.0, "verdicts/wrongly_verified": 1.0}),
        (Verdict.CONSISTENT, True, {"verdicts/false_alarms": 0.0, "verdicts/verified": 0.0}),
        (Verdict.UNSUPPORTED, True, {"verdicts/false_alarms": 1.0, "verdicts/verified": 0.0}),
        (Verdict.CONTRADICTED, False, {"verdicts/false_accepts": 0.0, "verdicts/wrongly_verified": 0.0}),
        (Verdict.NOT_A_CLAIM, False, {"verdicts/false_accepts": 0.0, "verdicts/wrongly_verified": 0.0}),
    ],
)
def test_the_values_of_a_statement(verdict: Verdict, supported: bool, values: dict[str, float]) -> None:
    found = statement_values(statement("s", verdict, supported=supported, coverage=0.4))
    assert {name: value for name, value in found.items() if "/" in name} == values
    assert (found["supported"], found["coverage"]) == (float(supported), 0.4)
