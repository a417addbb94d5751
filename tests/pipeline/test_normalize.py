from dataclasses import replace

import pytest

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.prompts.context import ContextBlock, ContextSource
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.pipeline.normalize import admitted_question, fold_lines, normalize
from tests.pipeline.samples import ALICE, ask, policy


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("  What\tis\n a  lambda? ", "What is a lambda?"),
        ("cafe\u0301", "caf\u00e9"),
        ("a\x00b\x1bc\u0085d", "abc d"),
        ("cafe\x00\u0301", "caf\u00e9"),
        ("no\u00a0break", "no break"),
        ("\u05de\u05d4 \u05d6\u05d4?", "\u05de\u05d4 \u05d6\u05d4?"),
        ("family \U0001f468\u200d\U0001f469\u200d\U0001f467?", "family \U0001f468\u200d\U0001f469\u200d\U0001f467?"),
        ("x" * 100, "x" * 100),
    ],
)
def test_brings_a_question_into_one_form(raw: str, expected: str) -> None:
    assert normalize(raw, 100, "question.text") == expected


@pytest.mark.parametrize("raw", [" ", "\n\t", "\x00\x01\x02", "\u2003", "\x7f \x1f"])
def test_refuses_a_question_of_nothing(raw: str) -> None:
    with pytest.raises(Rejection) as caught:
        normalize(raw, 100, "question.text")
    assert caught.value.reason is Reason.INVALID_REQUEST
    assert [violation.field for violation in caught.value.violations] == ["question.text"]


def test_counts_the_limit_in_code_points_after_folding() -> None:
    assert normalize("e\u0301" * 10 + "   ", 10, "text") == "\u00e9" * 10
    with pytest.raises(Rejection) as caught:
        normalize("\u00e9" * 11, 10, "text")
    assert "at most 10 code points" in caught.value.violations[0].description
    assert "11" in caught.value.violations[0].description


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (" one  line ", "one line"),
        ("The  steps:\n\n\n1.  Stop. \r\n2. Go.\n", "The steps:\n\n1. Stop.\n2. Go."),
        ("- one\n  - nested  item\n\tdeep", "- one\n  - nested item\n    deep"),
        ("Run:\n```\na  =  1\n\n\n\tb\n```\nThen  wait.", "Run:\n```\na  =  1\n\n\n    b\n```\nThen wait."),
        ("Run:\n~~~\n```  x\n~~~\na  b", "Run:\n~~~\n```  x\n~~~\na b"),
        ("\n\n\ncafe\u0301\x00\n", "\n\ncaf\u00e9"),
        (" \n\n    indented", "\n\n    indented"),
        ("\n \n", ""),
    ],
)
def test_lines_of_markdown_are_kept(raw: str, expected: str) -> None:
    assert fold_lines(raw) == expected
    assert fold_lines(expected) == expected


@pytest.mark.parametrize("size", range(1, 60))
def test_what_is_kept_of_a_text_that_grows_begins_the_whole(size: int) -> None:
    text = "\n\nRun  this:\n\n```py\na  = 1\n```\n\n- one\n  - two  three\n| a | b |"
    assert fold_lines(text).startswith(fold_lines(text[:size]).rstrip()[:-1].rstrip())


def shown(*blocks: ContextBlock, **values: str) -> tuple[tuple[str, str], ...]:
    question = ask(context=tuple(values.items()))
    asked = Inquiry(question, ALICE, replace(policy(), context=blocks), 0.0, Deadline(9.0))
    return admitted_question(asked).question.context


PLAN = ContextBlock("plan", ContextSource.CALLER, 100, key="plan")
REST = ContextBlock("caller", ContextSource.CALLER, 100)
LOCALE = ContextBlock("locale", ContextSource.LOCALE, 10)


def test_values_that_no_block_shows_are_left_out() -> None:
    assert shown(plan="pro", region="eu") == ()
    assert shown(PLAN, plan="pro", region="eu") == (("plan", "pro"),)
    assert shown(REST, LOCALE, region="eu", plan="pro", locale="en") == (
        ("locale", "en"),
        ("plan", "pro"),
        ("region", "eu"),
    )


@pytest.mark.parametrize(
    ("raw", "folded"),
    [("cafe\u0301", "caf\u00e9"), ("a\x00b\x1b", "ab"), (" two\n lines\u2028", "two lines")],
)
def test_values_are_brought_into_one_form_as_questions_are(raw: str, folded: str) -> None:
    assert shown(PLAN, plan=raw) == (("plan", folded),)
    assert shown(PLAN, plan=folded) == (("plan", folded),)


def test_a_value_of_nothing_is_none() -> None:
    assert shown(PLAN, plan=" \x00") == ()
    assert shown(LOCALE, locale=" ") == ()


def test_a_locale_is_a_language_tag_in_its_usual_form() -> None:
    assert shown(LOCALE, locale="zh-hant-tw-u-co-pinyin") == (("locale", "zh-Hant-TW"),)


def test_a_locale_of_another_form_is_refused_with_what_to_write() -> None:
    with pytest.raises(Rejection) as caught:
        shown(LOCALE, locale="en_GB")
    (violation,) = caught.value.violations
    assert violation.field == "question.context[locale]"
    assert "such as en-GB" in violation.description
