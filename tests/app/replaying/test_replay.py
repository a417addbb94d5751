"""A recorded call comes to the same outcome again, to the letter and to the microsecond, and asks nobody."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from groundwire_server.app.replay import replay
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.price import Price
from groundwire_server.domain.vocabulary import Action, Cause
from groundwire_server.ports.exchange import PortCall, PortName, Wrote
from tests.app.replaying.recorded import GOOD, recorded
from tests.doubles.generator import CUT_OFF, DONE, Move, Wait, draft, letters
from tests.pipeline.running import FIRST

WORDS = [each for each in GOOD if isinstance(each, str)]
UNSUPPORTED: list[Move] = [*draft((FIRST, ["p1"]), ("Zebras fly over seven oceans.", ["p1"])), DONE]
DOWN: list[Move] = [Failure(Cause.MODEL_UNAVAILABLE, retry_after=3.0)]

ENDS: dict[str, tuple[Sequence[Sequence[Move]], Cause, Action]] = {
    "an answer": ([GOOD], Cause.ANSWER_VALIDATED, Action.ANSWER),
    "an answer in letters": ([[*letters(WORDS), DONE]], Cause.ANSWER_VALIDATED, Action.ANSWER),
    "an answer by and by": (
        [[GOOD[0], Wait(0.4), GOOD[1], Wait(0.3), *GOOD[2:]]],
        Cause.ANSWER_VALIDATED,
        Action.ANSWER,
    ),
    "no model": ([DOWN], Cause.MODEL_UNAVAILABLE, Action.PASSAGES_ONLY),
    "the next model": ([DOWN, [Wait(0.5), *GOOD]], Cause.MODEL_UNAVAILABLE, Action.NEXT_MODEL),
    "a model that never begins": ([[Wait(100)]], Cause.MODEL_TIMEOUT, Action.PASSAGES_ONLY),
    "a model that stops": ([[*GOOD[:2], Wait(100)]], Cause.MODEL_TIMEOUT, Action.CUT_SHORT),
    "a model that breaks off": (
        [[*GOOD[:2], Failure(Cause.MODEL_INTERRUPTED)]],
        Cause.MODEL_INTERRUPTED,
        Action.CUT_SHORT,
    ),
    "no draft": ([["no JSON", DONE]], Cause.OUTPUT_MALFORMED, Action.PASSAGES_ONLY),
    "an empty draft": ([[DONE]], Cause.OUTPUT_EMPTY, Action.PASSAGES_ONLY),
    "a draft that is cut off": ([[*GOOD[:2], CUT_OFF]], Cause.OUTPUT_CUT_OFF, Action.CUT_SHORT),
    "a sentence without support": ([UNSUPPORTED], Cause.UNSUPPORTED, Action.CUT_SHORT),
    "a repair": ([["no JSON", DONE], GOOD], Cause.OUTPUT_MALFORMED, Action.NEXT_MODEL),
    "an abstention": ([[*draft(confidence="low"), DONE]], Cause.MODEL_ABSTAINED, Action.ABSTAIN),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ENDS)
async def test_every_way_to_end_is_the_same_again(name: str, *, stream: bool) -> None:
    scripts, cause, action = ENDS[name]
    outcome, exchange = await recorded(*scripts, stream=stream)
    assert (outcome.cause, outcome.action) == (cause, action)
    replayed = await replay(exchange)
    assert replayed.unrecorded == ""
    assert replayed.differences == ()
    assert replayed.exact
    assert replayed.timed
    assert not replayed.other_rules


async def test_costs_and_limits_are_the_same_again() -> None:
    price = Price(1.0, 2.0, 0.5, "EUR")
    _, exchange = await recorded(DOWN, GOOD, price=price, tokens_per_call=100_000)
    replayed = await replay(exchange)
    assert replayed.exact
    assert replayed.outcome is not None
    assert replayed.outcome.report.usage[-1].usage.cost_micros > 0


async def test_a_call_without_time_is_the_same_again() -> None:
    outcome, exchange = await recorded(GOOD, seconds=0.0)
    assert outcome.cause is Cause.TIME_EXHAUSTED
    assert (await replay(exchange)).exact


async def test_prompts_are_those_that_the_model_got() -> None:
    _, exchange = await recorded(GOOD)
    (prompt,) = (await replay(exchange)).prompts
    assert prompt == exchange.prompts[0].prompt


def rewritten(call: PortCall, text: str) -> PortCall:
    """A call of a model that wrote something else."""
    first, *others = call.replies
    assert isinstance(first, Wrote)
    return replace(call, replies=(replace(first, text=text), *others))


async def test_another_text_of_the_model_is_a_difference() -> None:
    """A recording that was tampered with does not pass for what happened."""
    _, exchange = await recorded(GOOD)
    other = GOOD[0].replace("high", "medium") if isinstance(GOOD[0], str) else ""
    calls = tuple(rewritten(call, other) if call.port is PortName.GENERATOR else call for call in exchange.calls)
    replayed = await replay(replace(exchange, calls=calls))
    assert not replayed.exact
    assert "outcome.result.answer.model_confidence" in replayed.differences


async def test_a_recording_without_what_the_model_wrote_says_so() -> None:
    _, exchange = await recorded(GOOD)
    calls = tuple(call for call in exchange.calls if call.port is not PortName.GENERATOR)
    replayed = await replay(replace(exchange, calls=calls))
    assert replayed.outcome is None
    assert replayed.unrecorded == "GENERATOR model-1"


async def test_other_rules_are_said_to_be_others() -> None:
    _, exchange = await recorded(GOOD)
    replayed = await replay(replace(exchange, parts=replace(exchange.parts, rules="earlier")))
    assert replayed.other_rules
    assert replayed.exact


async def test_events_of_a_stream_are_compared() -> None:
    _, exchange = await recorded(GOOD, stream=True)
    calls = [call for call in exchange.calls if call.port is PortName.READER]
    other = replace(calls[1], request="0" * 32)
    changed = tuple(other if call is calls[1] else call for call in exchange.calls)
    assert (await replay(replace(exchange, calls=changed))).differences == ("event 2",)
