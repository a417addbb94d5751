"""A judge: a model of the configuration that says yes or no to each sentence."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from groundwire_server.adapters.checker.faults import CheckerFault, InvalidReplyFailure
from groundwire_server.adapters.checker.options import JudgeOptions
from groundwire_server.adapters.checker.prompts import CheckerPrompts, statement_id
from groundwire_server.adapters.providers.charges import Account, Charge, Charges
from groundwire_server.domain.consumption import ChargedFailure, estimated
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.entailment import (
    CheckReply,
    CheckRequest,
    SufficiencyReply,
    SufficiencyRequest,
)
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import (
    Finish,
    FinishReason,
    GenerationRequest,
    Prompt,
    Token,
    Usage,
)
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.generator import Generator
from groundwire_server.ports.tokens import ESTIMATED_TOKENS, ModelTokens

_PROMPT_NAME: Final = "checker"
_ANSWER: Final = re.compile(r'"(?P<id>s\d+)"\s*:\s*"(?P<answer>yes|no)"')
_AROUND: Final = "\"' \t\n:"
"""What tokens hold beside a yes or a no."""


class Judge:
    """The Rater that asks a Generator.

    What does not fit the model's window is asked in parts: fewer sentences, with the passages alone that they cite. A
    sentence whose own passages do not fit is undecided.

    Args:
        generator: the model, with all that surrounds its calls.
        alias: of the model.
        options: how it is asked.
        prompts: what it is asked.
        charges: money for its calls.
        tokens: of the model.
    """

    def __init__(
        self,
        generator: Generator,
        alias: str,
        options: JudgeOptions,
        prompts: CheckerPrompts,
        charges: Charges,
        tokens: ModelTokens = ESTIMATED_TOKENS,
    ) -> None:
        self._generator = generator
        self._alias = alias
        self._options = options
        self._prompts = prompts
        self._charges = charges
        self._tokens = tokens

    async def check(self, request: CheckRequest, deadline: Deadline) -> CheckReply:
        """Return one probability for each sentence; None for one that the model left out."""
        found: list[float | None] = []
        usage = Usage()
        for batch, prompt in self._fitting(request.batches(self._options.sentences)):
            if prompt is None:
                found.append(None)
                continue
            asked = [statement_id(index) for index in range(len(batch.sentences))]
            answers, used = await self._ask(
                Account(request.requester, request.allowance), prompt, asked, deadline, usage
            )
            found += answers
            usage += used
        return CheckReply(tuple(found), usage)

    async def rate_sufficiency(self, request: SufficiencyRequest, deadline: Deadline) -> SufficiencyReply:
        """Return the probability that the passages hold the answer."""
        prompt = self._prompt(self._prompts.judged_sufficiency(request), request)
        while not self._fits(prompt):
            if not request.passages:
                raise ChargedFailure(Failure(Cause.PROMPT_TOO_LONG), Usage())
            request = replace(request, passages=request.passages[:-1])
            prompt = self._prompt(self._prompts.judged_sufficiency(request), request)
        (found,), usage = await self._ask(
            Account(request.requester, request.allowance), prompt, [statement_id(0)], deadline, Usage()
        )
        return SufficiencyReply(found, usage)

    def _fitting(self, batches: Sequence[CheckRequest]) -> Iterator[tuple[CheckRequest, Prompt | None]]:
        """Yield the requests in parts that fit, each with its prompt; None for one sentence that does not fit."""
        for batch in batches:
            prompt = self._prompt(self._prompts.statements(batch), batch)
            if self._fits(prompt):
                yield batch, prompt
            elif len(batch.sentences) > 1:
                yield from self._fitting([part.narrowed() for part in batch.batches(-(-len(batch.sentences) // 2))])
            else:
                narrowed = batch.narrowed()
                prompt = self._prompt(self._prompts.statements(narrowed), narrowed)
                yield narrowed, prompt if self._fits(prompt) else None

    def _fits(self, prompt: Prompt) -> bool:
        room = self._tokens.room(self._options.output_tokens)
        return room is None or self._tokens.of_prompt(prompt) <= room

    def _prompt(self, user: str, request: CheckRequest | SufficiencyRequest) -> Prompt:
        prompts = self._prompts
        return Prompt(_PROMPT_NAME, prompts.version, prompts.system, user, request.question, {}, mark=request.mark)

    async def _ask(
        self, account: Account, prompt: Prompt, asked: Sequence[str], deadline: Deadline, before: Usage
    ) -> tuple[Sequence[float | None], Usage]:
        request = GenerationRequest(
            self._alias,
            account.requester,
            prompt,
            self._options.output_tokens,
            unary=True,
            questions=tuple(asked),
            log_probabilities=self._options.log_probabilities,
        )
        charge = Charge()
        try:
            most = Usage(self._tokens.of_prompt(prompt), self._options.output_tokens)
            async with self._charges.reserved(charge, account, most):
                text, finish = await self._written(request, deadline, charge)
            if finish.reason is FinishReason.LENGTH:
                raise Failure(Cause.OUTPUT_CUT_OFF)
            if self._options.log_probabilities:
                return _weighed(finish.tokens, asked, self._options.min_label_mass), charge.usage
            return _answers(text, asked), charge.usage
        except Failure as failure:
            raise ChargedFailure(failure, before + charge.usage) from None

    async def _written(self, request: GenerationRequest, deadline: Deadline, charge: Charge) -> tuple[str, Finish]:
        written: list[str] = []
        failed: Failure | None = None
        try:
            async with aclosing(self._generator.generate(request, deadline)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Finish):
                        charge.usage = piece.usage
                        return "".join(written), piece
                    written.append(piece)
        except Failure as failure:
            failed = failure
            raise
        finally:
            if charge.usage == Usage():
                charge.usage = estimated(request, written, failed, self._tokens.counter.count)
        raise Failure(Cause.MODEL_INTERRUPTED)


def _answers(text: str, asked: Sequence[str]) -> Sequence[float | None]:
    """Return what the model's word comes to, for each id.

    Raises:
        InvalidReplyFailure: when the text is no judgement, or is none of these ids.
    """
    try:
        # Words after the object are ignored, as in an answer; which of two objects is meant cannot be known.
        text = text.lstrip()
        pairs, end = json.JSONDecoder(object_pairs_hook=list).raw_decode(text)
        if "{" in text[end:]:
            raise InvalidReplyFailure(CheckerFault.UNREADABLE)
        said = [(name, {"yes": 1.0, "no": 0.0}[answer.lower()]) for name, answer in pairs if name in asked]
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
        raise InvalidReplyFailure(CheckerFault.UNREADABLE) from None
    return _in_order(said, asked)


def _weighed(tokens: Sequence[Token], asked: Sequence[str], min_label_mass: float) -> Sequence[float | None]:
    """Return the probability of a yes, for each id.

    Raises:
        InvalidReplyFailure: when the tokens are missing, are no judgement, or are none of these ids.
    """
    if not tokens:
        raise InvalidReplyFailure(CheckerFault.NO_LOG_PROBABILITIES)
    starts: dict[int, Token] = {}
    text = ""
    for token in tokens:
        # Bytes of characters that a token cuts in two are no concern: ids and answers are ASCII.
        starts.update(dict.fromkeys(range(len(text), len(text) + len(token.text)), token))
        text += token.text
    said = [
        (answer["id"], _yes(starts[answer.start("answer")].likeliest, min_label_mass))
        for answer in _ANSWER.finditer(text)
    ]
    return _in_order(said, asked)


def _yes(likeliest: Sequence[tuple[str, float]], min_label_mass: float) -> float | None:
    masses = {"yes": 0.0, "no": 0.0}
    for text, logarithm in likeliest:
        word = text.strip(_AROUND).lower()
        if word in masses and logarithm <= 0:
            masses[word] += math.exp(logarithm)
    both = sum(masses.values())
    return masses["yes"] / both if both and both >= min_label_mass else None


def _in_order(said: Sequence[tuple[object, float | None]], asked: Sequence[str]) -> Sequence[float | None]:
    answers: Mapping[object, set[float | None]] = {each: set() for each in asked}
    for name, value in said:
        if name in answers:
            answers[name].add(value)
    if not any(answers.values()):
        raise InvalidReplyFailure(CheckerFault.COUNT)
    # Two different answers to one question are none.
    return [next(iter(values)) if len(values) == 1 else None for values in (answers[each] for each in asked)]
