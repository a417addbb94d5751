"""Endpoints that decide many questions about one text: OpenAI's decisions, and System One of vLLM and Ollama."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from pydantic_core import to_json

from groundwire_server.adapters.checker.faults import CheckerFault, InvalidReplyFailure, probability
from groundwire_server.adapters.checker.options import DecisionsOptions
from groundwire_server.adapters.checker.prompts import CheckerPrompts, statement_id
from groundwire_server.adapters.checker.reading import document
from groundwire_server.adapters.providers.charged_calls import Send
from groundwire_server.domain.entailment import CheckRequest, SufficiencyRequest

_MOST_QUESTIONS: Final = {"decisions": 400, "systemone": 64}
"""Of one request: what the servers take."""


class DecisionsApi:
    """The CheckerApi of both endpoints: one request holds the passages and up to 400 or 64 sentences.

    Args:
        options: of the model.
        prompts: what it is asked.
    """

    def __init__(self, options: DecisionsOptions, prompts: CheckerPrompts) -> None:
        self._options = options
        self._prompts = prompts

    async def check(self, request: CheckRequest, send: Send) -> Sequence[float | None]:
        """Return a probability for each sentence; None for one that the model refuses, or hardly answers."""
        found: list[float | None] = []
        evidence = self._prompts.evidence(request)
        for batch in request.batches(_MOST_QUESTIONS[self._options.api]):
            asked = {
                statement_id(index): self._prompts.statement(batch, sentence)
                for index, sentence in enumerate(batch.sentences)
            }
            found += await self._decide(evidence, asked, self._prompts.statement_criteria, send)
        return found

    async def rate_sufficiency(self, request: SufficiencyRequest, send: Send) -> float | None:
        """Return the probability that the passages hold the answer."""
        asked = {statement_id(0): self._prompts.sufficiency}
        (found,) = await self._decide(self._prompts.evidence(request), asked, self._prompts.sufficiency_criteria, send)
        return found

    async def _decide(
        self, evidence: str, asked: Mapping[str, str], criteria: tuple[str, str], send: Send
    ) -> list[float | None]:
        if self._options.api == "decisions":
            questions: object = [
                {"type": "predicate", "name": name, "instructions": text} for name, text in asked.items()
            ]
            body = {"model": self._options.model, "input": evidence, "questions": questions}
            return await send(to_json(body), lambda reply: document(reply, partial(_decisions, list(asked))))
        true, false = criteria
        questions = {
            name: {"type": "noul", "instructions": text, "criteria": {"true": true, "false": false}}
            for name, text in asked.items()
        }
        body = {"model": self._options.model, "state": evidence, "questions": questions}
        take = partial(_system_one, list(asked), self._options.min_label_mass)
        return await send(to_json(body), lambda reply: document(reply, take))


def _decisions(names: Sequence[str], whole: Any) -> list[float | None]:
    """Read OpenAI's reply, in which a refusal stands in place of a probability."""
    answers = {answer["name"]: answer for answer in whole["answers"]}
    if answers.keys() != set(names) or len(whole["answers"]) != len(names):
        raise InvalidReplyFailure(CheckerFault.COUNT)
    return [None if answers[name].get("refusal") else probability(answers[name]["probability"]) for name in names]


def _system_one(names: Sequence[str], min_label_mass: float, whole: Any) -> list[float | None]:
    """Read the reply of System One."""
    answers, diagnostics = whole["answers"], whole.get("diagnostics") or {}
    if answers.keys() != set(names):
        raise InvalidReplyFailure(CheckerFault.COUNT)
    masses = {name: (diagnostics.get(name) or {}).get("label_mass") for name in names}
    return [
        None
        if (mass := masses[name]) is not None and probability(mass) < min_label_mass
        else probability(answers[name]["noul"])
        for name in names
    ]
