"""Two results compared by the items that both have."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.vocabulary import Verdict
from groundwire_server.evaluation.comparison import Comparison, WrittenResult, compare, read_result
from groundwire_server.evaluation.recording import RecordedItem, RecordedQuestion, RecordedRun
from groundwire_server.evaluation.result import evaluate
from tests.evaluation.samples import HEADER, answer, mixed, question, statement

Lines = Sequence[RecordedItem]


def result(lines: Lines) -> WrittenResult:
    facts = json.loads(json.dumps(evaluate([RecordedRun.of(HEADER, lines)]).facts()))
    return WrittenResult.model_validate(facts)


def answered(right: int, of: int, label: str = "") -> list[RecordedQuestion]:
    return [
        question(f"q{n}", answer("Paris" if n < right else "Rome"), ["Paris"], labels=[label] if label else [])
        for n in range(of)
    ]


def verdicts(found: Comparison) -> dict[str, str]:
    return {each.measure.path: each.verdict for each in found.differences}


def test_a_large_change_is_better_and_its_reverse_worse() -> None:
    few, many = result(answered(40, 100)), result(answered(80, 100))

    forth, back = compare(few, many), compare(many, few)

    (change,) = [each for each in forth.differences if each.measure.path == "answers/contains"]
    assert (change.before, change.after, change.count) == (0.4, 0.8, 100)
    assert change.low is not None
    assert change.high is not None
    assert 0.28 < change.low < 0.4 < change.high < 0.52
    assert verdicts(forth)["answers/contains"] == "better"
    assert verdicts(back)["answers/contains"] == "worse"


def test_less_of_what_should_be_less_is_better() -> None:
    def refused(count: int) -> WrittenResult:
        return result(
            [
                statement(f"s{n}", Verdict.UNSUPPORTED if n < count else Verdict.CONSISTENT, supported=n % 2 == 0)
                for n in range(100)
            ]
        )

    found = verdicts(compare(refused(80), refused(20)))

    assert found["verdicts/false_alarms"] == "better"
    assert found["verdicts/false_accepts"] == "worse"
    assert found["verdicts/balanced_accuracy"] == "within noise"


def test_a_change_of_one_answer_is_within_noise() -> None:
    assert verdicts(compare(result(answered(50, 100)), result(answered(51, 100))))["answers/contains"] == "within noise"


def test_a_pair_is_surer_than_two_samples() -> None:
    """The same questions, two of forty fixed and none broken: unpaired intervals of each would overlap widely."""
    (change,) = [
        each
        for each in compare(result(answered(20, 40)), result(answered(26, 40))).differences
        if each.measure.path == "answers/contains"
    ]
    assert change.verdict == "better"


def test_a_result_compared_with_itself_has_not_changed() -> None:
    one = result(mixed().lines)
    found = compare(one, one)

    assert len(found.differences) > 20
    assert {each.change for each in found.differences} == {0.0}
    assert set(verdicts(found).values()) == {"within noise"}


def test_the_same_results_compare_the_same_each_time() -> None:
    one, other = result(answered(10, 30)), result(answered(14, 30))
    assert json.dumps(compare(one, other).facts()) == json.dumps(compare(one, other).facts())


def test_items_of_one_alone_are_counted_and_left_out() -> None:
    found = compare(result(answered(10, 10)), result(answered(10, 12)[1:]))
    assert (found.common, found.only_before, found.only_after) == (9, 1, 2)


def test_a_statement_with_another_label_is_another() -> None:
    def labelled(*, supported: bool) -> WrittenResult:
        same = statement("same", Verdict.VERBATIM, supported=True)
        return result([same, statement("other", Verdict.CONSISTENT, supported=supported)])

    found = compare(labelled(supported=True), labelled(supported=False))
    assert (found.common, found.only_before, found.only_after) == (1, 1, 1)


def test_a_slice_is_compared_alone() -> None:
    both = [*answered(2, 5, "de"), *(question(f"o{n}", answer("Rome"), ["Paris"]) for n in range(5))]
    found = compare(result(both), result(both), "de")
    assert found.common == 5

    with pytest.raises(SetupError, match="no item in common in the slice 'fr'"):
        compare(result(both), result(both), "fr")


def test_results_of_other_questions_have_nothing_in_common() -> None:
    with pytest.raises(SetupError, match="evaluate the same files"):
        compare(result(answered(1, 1)), result([statement("s", Verdict.VERBATIM, supported=True)]))


FACTS: dict[str, Any] = json.loads(json.dumps(evaluate([mixed()]).facts()))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("no JSON", "is not JSON"),
        ("[]", "is not the result of an evaluation"),
        ("{}", "is not the result of an evaluation"),
        (json.dumps({**FACTS, "groundwire_evaluation": 2}), "has version 2 of the format, and this groundwire reads 1"),
        (json.dumps({**FACTS, "items": 7}), "`items` must be an object"),
        (json.dumps({**FACTS, "items": {"question:a": {}}}), "`items.question:a.slices` is missing"),
        (
            json.dumps({**FACTS, "items": {"question:a": {"slices": [], "values": {"x": "much"}}}}),
            "`items.question:a.values.x` must be a number",
        ),
        (json.dumps({**FACTS, "more": 1}), "`more` is not a known key"),
    ],
)
def test_what_is_not_a_result_is_refused(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "result.json"
    file.write_text(content, encoding="utf-8")

    with pytest.raises(SetupError) as refused:
        read_result(file)

    assert str(refused.value).startswith(str(file))
    assert says in str(refused.value)
    assert str(refused.value).endswith("write one with `groundwire eval --json FILE`")


def test_a_result_that_was_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_text(json.dumps(FACTS), encoding="utf-8")
    assert read_result(file) == result(mixed().lines)
