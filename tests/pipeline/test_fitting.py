"""Passages are cut to what each model takes; a prompt is too long only where its fixed parts are."""

from collections.abc import Sequence
from dataclasses import replace
from unittest.mock import Mock

import pytest

from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Prompt, PromptSettings
from groundwire_server.domain.outcome import Degraded
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.pipeline.fitting import FittedPrompt, cut, describe, fit
from groundwire_server.ports.tokens import ModelTokens
from groundwire_server.telemetry import names
from tests.doubles.generator import DONE, Move, draft
from tests.doubles.tokens import QUARTERS, QuarterCounter
from tests.pipeline.running import FIRST, PASSAGE, SECOND, path
from tests.pipeline.samples import passage, policy

FIXED = "system " * 20
SENTENCES = "".join(f"Fact {number:02} is known to all of us. " for number in range(20))
OUTPUT = 100


def rendered(passages: Sequence[Passage], settings: PromptSettings | None = None) -> Prompt:
    shown = "".join(f"<passage>\n{each.text}\n</passage>\n" for each in passages)
    handles = {f"p{number}": each for number, each in enumerate(passages, 1)}
    return Prompt("answer", "1.0.0", FIXED, shown, "q", handles, settings=settings or PromptSettings())


def fitted(
    passages: Sequence[Passage],
    room: int | None,
    kept: tuple[str, ...] = (),
    settings: PromptSettings | None = None,
    **changes: object,
) -> FittedPrompt:
    limits = replace(policy(), output_tokens=OUTPUT, prompt_tokens=room, **changes)  # type: ignore[arg-type]
    return fit(passages, lambda each: rendered(each, settings), QUARTERS, limits, kept)


def ids(found: FittedPrompt) -> list[str]:
    return [each.chunk_id for each in found.passages]


FIVE = [passage(name, f"{name} " * 200) for name in "abcde"]
"""Of 100 tokens each."""


def test_where_nothing_bounds_it_a_prompt_is_not_counted() -> None:
    found = fitted(FIVE, None)
    assert (ids(found), found.left_out, found.tokens) == (list("abcde"), 0, None)
    assert describe(found, FIVE, QUARTERS) == {}


def test_what_fits_stays_as_it_is() -> None:
    found = fitted(FIVE, 2000)
    assert (list(found.passages), found.left_out) == (FIVE, 0)
    assert found.tokens == QUARTERS.of_prompt(rendered(FIVE))
    assert describe(found, FIVE, QUARTERS) == {names.PROMPT_TOKENS: found.tokens, names.COUNTED_BY: "quarters"}


@pytest.mark.parametrize(("room", "left"), [(500, "abcd"), (400, "abc"), (200, "a")])
def test_the_last_go_first(room: int, left: str) -> None:
    found = fitted(FIVE, room)
    assert (ids(found), found.left_out) == (list(left), 5 - len(left))
    assert found.tokens is not None
    assert found.tokens <= room
    assert found.tokens == QUARTERS.of_prompt(found.prompt)
    assert describe(found, FIVE, QUARTERS)[names.PASSAGES_CUT] == 5 - len(left)


def test_what_came_along_goes_before_what_was_selected() -> None:
    beside = [replace(FIVE[0], neighbour=True), FIVE[1], replace(FIVE[2], neighbour=True), FIVE[3]]
    assert ids(fitted(beside, 400)) == ["a", "b", "d"]
    assert ids(fitted(beside, 300)) == ["b", "d"]
    assert ids(fitted(beside, 200)) == ["b"]


def test_the_best_is_cut_at_a_sentence_at_last() -> None:
    found = fitted([passage("a", SENTENCES), *FIVE], 120)
    (only,) = found.passages
    assert SENTENCES.startswith(only.text)
    assert only.text.endswith("all of us.")
    assert found.left_out == 5
    assert found.tokens is not None
    assert 90 < found.tokens <= 120
    assert describe(found, [passage("a", SENTENCES), *FIVE], QUARTERS)[names.PASSAGES_CUT] == 6


def test_what_an_answer_cites_that_has_begun_stays_whole() -> None:
    found = fitted(FIVE, 300, kept=("d",))
    assert ids(found) == ["a", "d"]
    with pytest.raises(Failure) as caught:
        fitted(FIVE, 200, kept=("a", "d"))
    assert caught.value.cause is Cause.PROMPT_TOO_LONG


@pytest.mark.parametrize("room", [1, 35, 50])
def test_a_prompt_whose_fixed_parts_do_not_fit_is_too_long(room: int) -> None:
    with pytest.raises(Failure) as caught:
        fitted(FIVE, room)
    assert caught.value.cause is Cause.PROMPT_TOO_LONG


def test_a_prompts_own_limit_counts_and_so_does_what_it_lets_the_model_write() -> None:
    assert ids(fitted(FIVE, None, settings=PromptSettings(max_tokens=400))) == list("abc")
    assert ids(fitted(FIVE, 300, settings=PromptSettings(max_tokens=400))) == list("ab")
    small = replace(QUARTERS, window=600)
    limits = replace(policy(), output_tokens=OUTPUT, prompt_tokens=None)
    assert ids(fit(FIVE, rendered, small, limits)) == list("abcd")
    brief = PromptSettings(max_output_tokens=10)
    assert ids(fit(FIVE, lambda each: rendered(each, brief), small, limits)) == list("abcde")


def test_an_estimate_leaves_room_for_its_error() -> None:
    exact = replace(QUARTERS, window=1000, overhead=84)
    assert exact.room(OUTPUT) == 800
    assert replace(exact, counter=QuarterCounter(exact=False)).room(OUTPUT) == 695
    assert exact.room(OUTPUT, 300) == 300
    assert exact.room(5000) == 0
    assert ModelTokens(QuarterCounter()).room(OUTPUT) is None


def test_cutting_reads_a_text_once() -> None:
    class Reading(QuarterCounter):
        read = 0

        def count(self, text: str) -> int:
            Reading.read += len(text)
            return super().count(text)

    long = passage("a", SENTENCES * 50)
    shorter = cut(long, 2000, Reading().count)
    assert 7000 < len(shorter.text) <= 8000
    assert Reading.read < 2.5 * len(long.text)


def _window(prompt: Prompt, lacking: int) -> ModelTokens:
    """A window that lacks so many tokens for a prompt."""
    return replace(QUARTERS, window=QUARTERS.of_prompt(prompt) + policy().output_tokens + 16 - lacking)


ANSWER: Sequence[Move] = [*draft((FIRST, ["p1"])), DONE]


async def test_a_fallback_with_a_smaller_window_has_passages_cut_for_it() -> None:
    whole = await path(ANSWER)
    outcome = await whole.ask(None)
    (request,) = whole.models[0].requests
    assert outcome.report.passages_cut == 0

    small = {"model-2": _window(request.prompt, 3)}
    made = await path([Failure(Cause.MODEL_UNAVAILABLE)], ANSWER, tokens=small)
    outcome = await made.ask(None)
    assert isinstance(outcome.result, Degraded)
    shown = [model.requests[0].prompt.handles["p1"].text for model in made.models]
    assert shown == [PASSAGE, f"{FIRST} {SECOND}"]
    assert outcome.report.passages_cut == 1
    first, second = made.spans.each("groundwire.prompt")
    assert (names.PASSAGES_CUT in first, second[names.PASSAGES_CUT], second[names.COUNTED_BY]) == (False, 1, "quarters")


async def test_a_prompt_that_was_fitted_is_counted_once() -> None:
    counting = Mock(wraps=QUARTERS.counter)
    made = await path(ANSWER, tokens={"model-1": ModelTokens(counting, window=100_000)})
    await made.ask(None)
    (request,) = made.models[0].requests
    counted = [each.args[0] for each in counting.count.call_args_list]
    assert [counted.count(each) for each in (request.prompt.system, request.prompt.user)] == [1, 1]


async def test_what_cannot_be_cut_goes_to_the_next_model() -> None:
    tiny = {"model-1": replace(QUARTERS, window=policy().output_tokens + 100)}
    made = await path(ANSWER, ANSWER, tokens=tiny)
    outcome = await made.ask(None)
    assert [len(model.requests) for model in made.models] == [0, 1]
    assert outcome.report.attempts[0].cause is Cause.PROMPT_TOO_LONG
