"""A judge is asked no more at once than its model takes."""

import json
from dataclasses import replace

import pytest

from groundwire_server.adapters.checker.judge import Judge
from groundwire_server.adapters.checker.options import JudgeOptions
from groundwire_server.adapters.checker.prompts import CheckerPrompts
from groundwire_server.adapters.providers.charges import Charges
from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.entailment import CheckReply, CheckRequest, SentenceToCheck, SufficiencyRequest
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause
from tests.doubles.generator import DONE, ScriptedGenerator
from tests.doubles.tokens import QUARTERS

ALICE = Requester("tenant")
PASSAGES = tuple(f"Rule {number}. " + f"Parcel {number} waits in the mail room. " * 30 for number in range(4))
SENTENCES = tuple(SentenceToCheck(f"Parcel {number} waits.", (number,)) for number in range(4))
OPTIONS = JudgeOptions(output_tokens=64)


def judge(window: int | None, said: str = "yes") -> tuple[Judge, ScriptedGenerator]:
    model = ScriptedGenerator([json.dumps({f"s{number}": said for number in range(1, 5)}), DONE])
    tokens = replace(QUARTERS, window=window)
    return Judge(model, "judge", OPTIONS, CheckerPrompts(), Charges(None, None), tokens), model


async def checked(window: int | None) -> tuple[CheckReply, ScriptedGenerator]:
    judging, model = judge(window)
    return await judging.check(CheckRequest(ALICE, "Where?", PASSAGES, SENTENCES), NEVER), model


async def test_what_fits_is_asked_at_once() -> None:
    for window in (None, 4000):
        reply, model = await checked(window)
        assert reply.probabilities == (1.0, 1.0, 1.0, 1.0)
        assert len(model.requests) == 1


@pytest.mark.parametrize(("window", "requests"), [(1400, 2), (900, 4)])
async def test_what_does_not_fit_is_asked_in_parts_over_what_each_cites(window: int, requests: int) -> None:
    reply, model = await checked(window)
    assert reply.probabilities == (1.0, 1.0, 1.0, 1.0)
    assert len(model.requests) == requests
    for request in model.requests:
        assert QUARTERS.of_prompt(request.prompt) + OPTIONS.output_tokens < window
    assert "Rule 0." in model.requests[0].prompt.user
    assert "Rule 3." not in model.requests[0].prompt.user
    assert "Rule 3." in model.requests[-1].prompt.user


async def test_a_sentence_whose_passages_do_not_fit_is_undecided() -> None:
    reply, model = await checked(300)
    assert reply.probabilities == (None, None, None, None)
    assert not model.requests


async def test_sufficiency_is_asked_over_the_best_passages_that_fit() -> None:
    judging, model = judge(1100)
    reply = await judging.rate_sufficiency(SufficiencyRequest(ALICE, "Where?", PASSAGES), NEVER)
    assert reply.probability == 1.0
    (request,) = model.requests
    assert ("Rule 0." in request.prompt.user, "Rule 3." in request.prompt.user) == (True, False)
    judging, model = judge(80)
    with pytest.raises(ChargedFailure) as caught:
        await judging.rate_sufficiency(SufficiencyRequest(ALICE, "Where?", PASSAGES), NEVER)
    assert (caught.value.cause, model.requests) == (Cause.PROMPT_TOO_LONG, [])
