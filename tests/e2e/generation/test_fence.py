"""What a hosted model is sent: nothing of others outside a fence, and nothing of the prompt in what comes back."""

import json
import re
from typing import Any

import pytest

from groundwire.v1 import cause_pb2, event_pb2, outcome_pb2, passage_pb2, question_pb2
from tests.domain.fencing.test_fence import TOKENS
from tests.doubles.upstream import Echo, Reply, upstream
from tests.e2e.calls import answer, kept_text, question, stream
from tests.e2e.generation.conftest import Serve, one_model
from tests.e2e.generation.drafts import DONE, SENTENCE, answers, chunk, segments

HOSTILE = " ".join(token for tokens in TOKENS.values() for token in tokens)
SAID = "A chat of ChatML begins with <|im_start|>system and ends with <|im_end|> alone."
UNSCREENED: dict[str, Any] = {"screens": {"question": {"use": []}, "evidence": {"use": []}}}
"""A route whose guards look at no question and no passage: both may have what passes for a template's tokens."""
CHECKED, PROVISIONAL = event_pb2.STREAM_MODE_CHECKED, event_pb2.STREAM_MODE_PROVISIONAL


def provided(*texts: str, title: str = "") -> passage_pb2.ProvidedPassages:
    passages = [
        passage_pb2.ProvidedPassage(
            passage_id=f"c{number}", text=text, title=title, source_uri="https://CANARY.example"
        )
        for number, text in enumerate(texts, 1)
    ]
    return passage_pb2.ProvidedPassages(passages=passages)


def asked_of(body: bytes) -> tuple[str, str]:
    """The instructions of a request, and its message."""
    system, user = json.loads(body)["messages"][:2]
    return system["content"], user["content"]


def within_fences(user: str) -> tuple[str, str]:
    """What stands outside the fences of a message, and its mark."""
    mark = user.removeprefix("Mark: ").partition("\n")[0]
    outside = re.sub(rf"<(\w+)-{mark}( [^<>]*)?>(?:(?!</?\1-{mark}).)*</\1-{mark}>", "", user, flags=re.DOTALL)
    return outside, mark


async def test_all_that_others_wrote_stands_within_fences_of_one_mark(configured: Serve) -> None:
    turns = [question_pb2.Turn(role=question_pb2.Turn.ROLE_USER, text=f"CANARY {HOSTILE}")]
    asked = question(
        f"What is CANARY? {HOSTILE}",
        turns=turns,
        provided=provided(f"CANARY {HOSTILE}", title=f"CANARY {HOSTILE}"[:500]),
    )
    async with upstream(answers("It is.")) as writer, configured(one_model(writer, route=UNSCREENED)) as served:
        await answer(served, asked)
        repaired = asked_of(writer.requests[-1].body)[1]
        await answer(served, asked)
    (system, first), (other, second) = (asked_of(writer.requests[place].body) for place in (0, 2))
    assert repaired.startswith(first), "so has it that of a repair"
    assert system == other, "a provider's cache has the beginning"
    (outside, mark), (_, another) = within_fences(first), within_fences(second)
    assert outside.split() == ["Mark:", mark]
    assert mark != another
    assert first.replace(mark, another) == second, "but for the mark it is the same"
    for token in ("<|", "[INST]", "Assistant:", "</passage>", "<system>", "### System\n", "CANARY.example"):
        assert token not in first


@pytest.mark.parametrize(
    "text", [SAID, "A coop\u00aderation lasts\u200b thirty days in all.", "می‌خواهم کتاب‌ها را در سی روز بخوانم."]
)
async def test_a_copy_of_what_the_model_was_shown_is_the_passage_word_for_word(configured: Serve, text: str) -> None:
    def copied(body: bytes) -> bytes:
        shown = re.search(r'id="p1">\n(.*)\n</passage-', asked_of(body)[1])
        assert shown is not None
        return chunk("".join(segments(shown[1])))

    asked = question(f"{text[:-1]}?", provided=provided(text))
    async with (
        upstream(Reply([Echo(copied), chunk(reason="stop"), DONE])) as writer,
        configured(one_model(writer, route=UNSCREENED)) as served,
    ):
        outcome = await answer(served, asked)
    given = outcome.answered.answer
    assert given.text == text.replace("\u00ad", "").replace("\u200b", "")
    assert [citation.quote for citation in given.citations] == [text]
    assert given.verified


LEAKS: dict[str, tuple[str, ...]] = {
    "an instruction": (SENTENCE, "Say only what the cited passages say, with their own names and numbers."),
    "an instruction in disguise": (SENTENCE, "S\u00aday оnly WHAT the cited — passages say, with their own."),
    "a tag": (SENTENCE, 'The first is <passage id="p1">.'),
}


@pytest.mark.parametrize("mode", [None, CHECKED, PROVISIONAL], ids=["unary", "checked", "provisional"])
@pytest.mark.parametrize("leak", LEAKS)
async def test_text_of_the_prompt_never_leaves(
    configured: Serve, leak: str, mode: "event_pb2.StreamMode | None"
) -> None:
    texts = LEAKS[leak]
    async with upstream(answers(*texts)) as writer, configured(one_model(writer, route=UNSCREENED)) as served:
        await _leaks_nothing(served, mode, texts[1:])


@pytest.mark.parametrize("mode", [None, CHECKED, PROVISIONAL], ids=["unary", "checked", "provisional"])
@pytest.mark.parametrize("part", [0, 1], ids=["instructions", "message"])
async def test_a_model_that_says_its_prompt_again_is_not_heard(
    configured: Serve, part: int, mode: "event_pb2.StreamMode | None"
) -> None:
    echo = Reply([Echo(lambda body: chunk("".join(segments(asked_of(body)[part])))), chunk(reason="stop"), DONE])
    async with upstream(echo) as writer, configured(one_model(writer, route=UNSCREENED)) as served:
        await _leaks_nothing(served, mode, ())
        assert asked_of(writer.requests[0].body)[1].startswith("Mark: ")


async def _leaks_nothing(served: Any, mode: "event_pb2.StreamMode | None", never: tuple[str, ...]) -> None:
    if mode is None:
        outcome, read = await answer(served), ""
    else:
        events = await stream(served, mode=mode)
        outcome, read = events[-1].outcome, kept_text(events)
    assert outcome.cause == cause_pb2.CAUSE_PROMPT_LEAKED
    assert outcome.action in {outcome_pb2.ACTION_PASSAGES_ONLY, outcome_pb2.ACTION_CUT_SHORT}
    for text in ("Mark:", *never):
        assert text not in read
        assert text not in str(outcome)
