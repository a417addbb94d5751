"""Every prompt that holds text of others: all of it stands within fences, whatever it says."""

import re
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from groundwire_server.adapters.checker.prompts import CheckerPrompts
from groundwire_server.adapters.prompts.catalogue import built_in_prompts
from groundwire_server.adapters.rewriter.prompts import TemplateRewritePrompts
from groundwire_server.domain.answer import CheckedSegment, Citation, Span
from groundwire_server.domain.entailment import CheckRequest, SentenceToCheck
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.generation import Draft
from groundwire_server.domain.question import Question, Turn
from groundwire_server.domain.refused import Departure, RefusedSentence
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause, ConflictKind
from groundwire_server.ports.prompts import PromptInputs
from tests.domain.fencing.test_fence import MARKERS

MARK = "m4rk"
ANSWER, REWRITE, CHECK = built_in_prompts(), TemplateRewritePrompts(), CheckerPrompts()
SPAN = Span(0, 1, 0, 1, 0, 1)
TEXTS = st.lists(
    st.sampled_from(
        [*"<>[]/|:# \n\u200b\u2028'\"{}", MARK, "passage", "title", "question", *(token for _, token in MARKERS)]
    )
    | st.characters(exclude_categories=["Cs"]),
    min_size=1,
    max_size=12,
).map(lambda pieces: "calm " + "".join(pieces))


def _question(text: str) -> Question:
    return Question("default", text, "request-1", turns=(Turn(True, text), Turn(False, text)))


def _messages(text: str) -> Iterator[str]:
    """Every message in which a text of others may stand, in each place that it may have."""
    passages = [Passage("c1", text, title=text, source_uri=text, document_id=text, metadata={"k": text})] * 2
    draft = Draft(
        text, Cause.CONTRADICTED, RefusedSentence(text, passages[0], (Departure(ConflictKind.NAME, text, text),))
    )
    given = [CheckedSegment(text, SPAN, (Citation(passages[0], text, SPAN),), ())]
    asked = _question(text)
    for repair_of, released in ((None, ()), (draft, ()), (None, given), (draft, given)):
        prompt = ANSWER.render("answer", "", PromptInputs(asked, passages, MARK, repair_of, released))
        yield prompt.user
        if prompt.begun is not None:
            yield prompt.begun.correction
    yield REWRITE.render(asked, MARK).user
    request = CheckRequest(Requester("acme"), text, (text, text), (SentenceToCheck(text),), mark=MARK)
    yield CHECK.statements(request)
    yield CHECK.statement(request, request.sentences[0])


def _outside(message: str) -> tuple[str, list[str]]:
    """What stands outside the fences, and the tags that have the mark."""
    tags = re.findall(rf"</?(\w+)-{MARK}", message)
    while (
        shorter := re.sub(
            rf"<(\w+)-{MARK}(?: [^<>\n]*)?>(?:(?!<\w+-{MARK}).)*?</\1-{MARK}>", "", message, flags=re.DOTALL
        )
    ) != message:
        message = shorter
    return message, tags


@settings(max_examples=60)
@given(TEXTS)
def test_no_text_stands_outside_its_fence_or_ends_it(text: str) -> None:
    for message, plain in zip(_messages(text), _messages("calm"), strict=True):
        (outside, tags), (expected, usual) = _outside(message), _outside(plain)
        assert tags == usual
        assert outside.split() == expected.split()


def test_the_instructions_are_the_same_whatever_is_asked() -> None:
    prompts = [
        ANSWER.render("answer", "", PromptInputs(_question(text), [Passage("c1", text)], mark))
        for text, mark in (("a", "1"), ("b", "2"))
    ]
    assert prompts[0].system == prompts[1].system
    assert "1" not in prompts[0].system.replace("p1", "")
