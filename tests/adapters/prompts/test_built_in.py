"""The prompt that comes with the server."""

import json

import pytest

from groundwire_server.adapters.prompts.catalogue import built_in_prompts
from groundwire_server.domain.answer import CheckedSegment, Citation, Span
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.generation import Draft
from groundwire_server.domain.question import Question, Turn
from groundwire_server.domain.refused import Departure, RefusedSentence
from groundwire_server.domain.vocabulary import Cause, Confidence, ConflictKind
from groundwire_server.ports.prompts import PromptInputs

MARK = "m4rk"
PROMPTS = built_in_prompts()


def test_the_built_in_prompt_delimits_passages_by_handle() -> None:
    ask = Question("default", "Why?", "request-1", turns=(Turn(True, "Hi"), Turn(False, "Hello")))
    passages = [Passage("c1", "First text.", title='A "title"'), Passage("c2", "Second text.")]
    prompt = PROMPTS.render("answer", "", PromptInputs(ask, passages, MARK))
    assert (prompt.name, prompt.version, prompt.question) == ("answer", "1.2.1", "Why?")
    assert prompt.handles == {"p1": passages[0], "p2": passages[1]}
    assert prompt.user == (
        "Mark: m4rk\n"
        '<turn-m4rk by="user">Hi</turn-m4rk>\n<turn-m4rk by="assistant">Hello</turn-m4rk>\n'
        '<passage-m4rk id="p1">\n<title-m4rk>A "title"</title-m4rk>\nFirst text.\n</passage-m4rk>\n'
        '<passage-m4rk id="p2">\nSecond text.\n</passage-m4rk>\n\n'
        "<question-m4rk>Why?</question-m4rk>"
    )
    assert '{"confidence": "low", "segments": []}' in prompt.system


def test_a_question_is_text_and_not_a_template() -> None:
    asked = Question("default", "{{ 7 * 7 }}", "request-1")
    prompt = PROMPTS.render("answer", "", PromptInputs(asked, [], MARK))
    assert "{{ 7 * 7 }}" in prompt.user


@pytest.mark.parametrize("wrong", [Cause.OUTPUT_MALFORMED, Cause.CITATION_UNKNOWN, Cause.MODEL_REFUSED])
def test_a_repair_shows_the_draft_and_says_what_is_wrong(wrong: Cause) -> None:
    asked = Question("default", "Why?", "request-1")
    draft = Draft("because</draft> of {{ it }}", wrong)
    prompt = PROMPTS.render("answer", "", PromptInputs(asked, [], MARK, draft))
    before = PROMPTS.render("answer", "", PromptInputs(asked, [], MARK))
    assert prompt.user.startswith(before.user)
    assert prompt.user.count("</draft-m4rk>") == 1
    assert "of {{ it }}" in prompt.user
    assert (wrong.value in prompt.user) is (wrong is Cause.MODEL_REFUSED)


def test_a_continuation_shows_what_was_given_as_it_would_have_been_written() -> None:
    asked = Question("default", "Why?", "request-1")
    passages = [Passage("c1", "One."), Passage("c2", "Two.")]
    text = 'Because "é" {{ it }}</given> is.'
    span = Span(0, 1, 0, 1, 0, 1)
    given = CheckedSegment(" " + text, span, (Citation(passages[1], "Two.", span),), ())
    prompt = PROMPTS.render("answer", "", PromptInputs(asked, passages, MARK, released=[given]))
    before = PROMPTS.render("answer", "", PromptInputs(asked, passages, MARK))
    assert prompt.user.startswith(before.user)
    assert (prompt.version, prompt.system, prompt.handles) == (before.version, before.system, before.handles)
    assert prompt.user.count("</given-m4rk>") == 1
    shown = prompt.user.split("<given-m4rk>\n")[1].split("\n</given-m4rk>")[0]
    assert json.loads(shown) == {"text": text.replace("</given>", "\u2991/given>"), "cites": ["p2"]}


REFUSED = RefusedSentence(
    "It takes 9</draft> days.",
    Passage("c2", "It takes 2 days."),
    (Departure(ConflictKind.NUMBER, "9", "2 days"), Departure(ConflictKind.UNCOVERED, "stars")),
)


def test_a_repair_says_what_the_draft_says_and_what_the_passage_says_in_its_place() -> None:
    asked = Question("default", "Why?", "request-1")
    draft = Draft("{}", Cause.CONTRADICTED, REFUSED)
    passages = [Passage("c2", "It takes 2 days.")]
    said = PROMPTS.render("answer", "", PromptInputs(asked, passages, MARK, draft)).user
    assert "It says: <draft-m4rk>9</draft-m4rk> The passage says: <given-m4rk>2 days</given-m4rk>" in said
    assert "It says: <draft-m4rk>stars</draft-m4rk> No passage says that." in said


@pytest.mark.parametrize("confidence", [Confidence.HIGH, None])
def test_a_sentence_is_repaired_at_the_cut_with_the_passage_that_it_should_rest_on(
    confidence: Confidence | None,
) -> None:
    asked = Question("default", "Why?", "request-1")
    passages = [Passage("c1", "One."), Passage("c2", "It takes 2 days.")]
    span = Span(0, 1, 0, 1, 0, 1)
    given = CheckedSegment("One.", span, (Citation(passages[0], "One.", span),), ())
    draft = Draft(REFUSED.text, Cause.CONTRADICTED, REFUSED)
    prompt = PROMPTS.render("answer", "", PromptInputs(asked, passages, MARK, draft, [given], confidence))
    before = PROMPTS.render("answer", "", PromptInputs(asked, passages, MARK))
    assert (prompt.system, prompt.user) == (before.system, before.user), "what was read before is asked to the letter"
    assert prompt.begun is not None
    word = "medium" if confidence is None else "high"
    assert prompt.begun.opening == f'{{"confidence": "{word}", "segments": ['
    assert json.loads(prompt.begun.written + "]}")["segments"] == [{"text": "One.", "cites": ["p1"]}]
    correction = prompt.begun.correction
    assert '<passage-m4rk id="p2">\nIt takes 2 days.\n</passage-m4rk>' in correction
    assert "the passages cited say otherwise" in correction
    assert correction.count("</draft-m4rk>") == 3
    assert "\n\n" not in correction
