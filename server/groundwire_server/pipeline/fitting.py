"""Fitting passages into the tokens that there are for them: those that do not fit are left out, or cut."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Prompt, PromptSettings
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.markup.beginning import cut_to_fit
from groundwire_server.pipeline.stage import Attributes
from groundwire_server.ports.tokens import ModelTokens
from groundwire_server.telemetry import names

_LEAST: Final = 16
"""Tokens of a passage below which it says nothing."""


@dataclass(frozen=True, slots=True)
class FittedPrompt:
    """A prompt that its model can take.

    Attributes:
        passages: in it, some of them perhaps cut.
        left_out: how many of those it was made for are not in it, since they did not fit.
        tokens: how many it has; None where nothing bounds them, so that they were not counted.
    """

    prompt: Prompt
    passages: Sequence[Passage]
    left_out: int = 0
    tokens: int | None = None


def fit(
    passages: Sequence[Passage],
    rendered: Callable[[Sequence[Passage]], Prompt],
    tokens: ModelTokens,
    policy: Policy,
    kept: Collection[str] = (),
) -> FittedPrompt:
    """Return the prompt over as many of the passages as fit.

    Those that came along with others go first, and the less relevant before the more relevant; the best is cut at last.

    Args:
        passages: best first.
        rendered: makes the prompt over passages.
        tokens: of the model that is asked.
        policy: the route's, whose limits bound the prompt beside the model's window and its own.
        kept: chunks that must stay as they are, since an answer that has begun cites them.

    Raises:
        Failure: PROMPT_TOO_LONG when what must stay does not fit.
    """
    prompt = rendered(passages)
    room = prompt_room(prompt.settings, tokens, policy)
    if room is None:
        return FittedPrompt(prompt, passages)
    left = passages
    while (size := tokens.of_prompt(prompt)) > room:
        left = _with_less(left, size - room, tokens, kept)
        prompt = rendered(left)
    return FittedPrompt(prompt, left, len(passages) - len(left), size)


def prompt_room(settings: PromptSettings, tokens: ModelTokens, policy: Policy) -> int | None:
    """Return how many tokens a prompt may have; None where nothing bounds them.

    Args:
        settings: of the prompt, whose own limit counts as well.
        tokens: of the model that is asked.
        policy: the route's.
    """
    limits = [each for each in (policy.prompt_tokens, settings.max_tokens) if each is not None]
    return tokens.room(output_tokens(policy, settings), min(limits, default=None))


def output_tokens(policy: Policy, settings: PromptSettings) -> int:
    """Return the most that a model may write in reply to a prompt with these settings."""
    return min(policy.output_tokens, settings.max_output_tokens or policy.output_tokens)


def describe(fitted: FittedPrompt, passages: Sequence[Passage], tokens: ModelTokens) -> Attributes:
    """Return what fitting adds to a prompt's span.

    Args:
        fitted: the prompt.
        passages: that it was made for.
        tokens: of the model that is asked.
    """
    if fitted.tokens is None:
        return {}
    attributes: dict[str, int | str] = {names.PROMPT_TOKENS: fitted.tokens, names.COUNTED_BY: tokens.counter.name}
    whole = {id(each) for each in passages}
    if changed := fitted.left_out + sum(id(each) not in whole for each in fitted.passages):
        attributes[names.PASSAGES_CUT] = changed
    return attributes


def cut(passage: Passage, budget: int, count: Callable[[str], int]) -> Passage:
    """Return the beginning of a passage that is over a budget: its first blocks, and of the next one what is whole.

    Where not even its first sentence fits, it is cut between words.
    """
    size = _Size(count, budget)
    text = cut_to_fit(passage.text, size.fits)
    if not text.strip():
        text = _first_words(passage.text, size)
    return replace(passage, text=text) if text.strip() else passage


class _Size:
    """Whether beginnings of one text fit.

    Each is counted on from the longest of those before it that fits, so that a text is read once.
    """

    def __init__(self, count: Callable[[str], int], budget: int) -> None:
        self._count = count
        self._budget = budget
        self._length = 0
        self._tokens = 0

    def fits(self, beginning: str) -> bool:
        """Return whether a beginning has no more tokens than the budget."""
        if len(beginning) <= self._length:
            return True
        tokens = self._tokens + self._count(beginning[self._length :])
        if tokens > self._budget:
            return False
        self._length, self._tokens = len(beginning), tokens
        return True


def _first_words(text: str, size: _Size) -> str:
    """Return as much of the beginning of a text as fits, up to the end of a word where it has any."""
    fitting, beyond = 0, len(text)
    while beyond - fitting > 1:
        middle = (fitting + beyond) // 2
        fitting, beyond = (middle, beyond) if size.fits(text[:middle]) else (fitting, middle)
    beginning = text[:fitting]
    if beginning and not text[fitting].isspace():
        words = beginning.rsplit(maxsplit=1)
        return words[0] if len(words) > 1 else beginning
    return beginning


def _with_less(
    passages: Sequence[Passage], excess: int, tokens: ModelTokens, kept: Collection[str]
) -> Sequence[Passage]:
    """Return passages with fewer tokens: without the least of them, or with the best one cut where it is alone.

    Raises:
        Failure: PROMPT_TOO_LONG.
    """
    count = tokens.counter.count
    best = next((each for each in passages if not each.neighbour), None)
    going = [each for each in passages if each is not best and each.chunk_id not in kept]
    # The last to be named goes first.
    going.sort(key=lambda each: each.neighbour)
    if going:
        left = list(passages)
        while going and excess > 0:
            least = going.pop()
            left.remove(least)
            excess -= count(least.text)
        return left
    if best is None or best.chunk_id in kept:
        raise Failure(Cause.PROMPT_TOO_LONG)
    budget = count(best.text) - excess
    shorter = cut(best, budget, count) if budget >= _LEAST else best
    if len(shorter.text) >= len(best.text):
        raise Failure(Cause.PROMPT_TOO_LONG)
    return [shorter if each is best else each for each in passages]
