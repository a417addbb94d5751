"""One bad sentence is repaired, not the answer: what stands before it stays. Over doubles, in virtual time."""

import asyncio

import pytest

from groundwire_server.domain.answer import Citation
from groundwire_server.domain.event import Retraction, TextDelta
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.outcome import Answered, Degraded, Outcome
from groundwire_server.domain.price import Price
from groundwire_server.domain.vocabulary import Action, Cause, Confidence, Loss, Purpose, StreamMode
from tests.doubles.budget import SetBudget
from tests.doubles.generator import DONE, Move, ScriptedGenerator, Wait, draft, letters
from tests.doubles.sink import RecordingSink
from tests.pipeline.running import FIRST, SECOND, THIRD, deltas, kept, path, streamed

WRONG = "Their bodies hold 77 expressions."
WORSE = "Their names have 9 letters."
BAD: list[Move] = [*draft((FIRST, ["p1"]), (WRONG, ["p1"]), (THIRD, ["p1"])), DONE]
REST: list[Move] = [*draft((SECOND, ["p1"]), (THIRD, ["p1"])), DONE]
WHOLE = f"{FIRST} {SECOND} {THIRD}"
MODES = pytest.mark.parametrize("mode", [None, *StreamMode])


async def asked(model: ScriptedGenerator, mode: StreamMode | None) -> tuple[Outcome, RecordingSink | None]:
    made = await path(model) if mode is None else await path(model, mode=mode)
    sink = None if mode is None else RecordingSink()
    return await made.ask(sink), sink


@MODES
async def test_the_model_goes_on_from_what_stands(mode: StreamMode | None) -> None:
    model = ScriptedGenerator([*letters(map(str, BAD[:-1])), DONE], [*letters(map(str, REST[:-1])), DONE])
    outcome, sink = await asked(model, mode)
    assert isinstance(outcome.result, Answered)
    answer = outcome.result.answer
    assert (answer.text, outcome.action) == (WHOLE, Action.REPAIR)
    assert outcome.cause in {Cause.UNSUPPORTED, Cause.CONTRADICTED}
    assert len(outcome.report.attempts) == 2
    assert [each.purpose for each in outcome.report.usage] == [Purpose.ANSWER, Purpose.REPAIR]
    for citation, said in zip(answer.citations, (FIRST, SECOND, THIRD), strict=True):
        assert answer.text[citation.span.start_code_point : citation.span.end_code_point] == said
    if sink is not None:
        assert kept(sink) == WHOLE
    if sink is not None and mode is StreamMode.CHECKED:
        assert not any(isinstance(event, Retraction) for event in sink.events)


async def test_the_model_is_shown_its_sentence_and_the_passage_after_what_stands() -> None:
    model = ScriptedGenerator(BAD, REST)
    await asked(model, None)
    first, second = (request.prompt for request in model.requests)
    assert first.begun is None
    assert (second.system, second.user) == (first.system, first.user)
    assert second.begun is not None
    assert FIRST in second.begun.written
    assert WRONG not in second.begun.written
    assert WRONG in second.begun.correction
    assert f' id="p1">\n{FIRST}' in second.begun.correction
    assert "77 expressions" in second.begun.correction


async def test_in_a_provisional_stream_the_bad_sentence_alone_is_taken_back() -> None:
    model = ScriptedGenerator([*letters(map(str, BAD[:-1])), DONE], REST)
    _, sink, _ = await streamed(model, mode=StreamMode.PROVISIONAL)
    (taken_back,) = [each for each in sink.numbered if isinstance(each.event, Retraction)]
    stands = [each.event for each in sink.numbered if each.sequence < taken_back.first_retracted]
    assert "".join(event.text for event in stands if isinstance(event, TextDelta)) == FIRST
    assert sum(isinstance(event, Citation) for event in stands) == 1
    assert kept(sink) == WHOLE


async def test_two_sentences_of_an_answer_are_repaired() -> None:
    again: list[Move] = [*draft((SECOND, ["p1"]), (WORSE, ["p1"])), DONE]
    model = ScriptedGenerator(BAD, again, [*draft((THIRD, ["p1"])), DONE])
    outcome, sink, _ = await streamed(model)
    assert isinstance(outcome.result, Answered)
    assert deltas(sink) == [FIRST, f" {SECOND}", f" {THIRD}"]
    assert len(outcome.report.attempts) == 3


@MODES
async def test_a_sentence_that_is_wrong_again_is_not_repaired_again(mode: StreamMode | None) -> None:
    model = ScriptedGenerator(BAD, [*draft((WORSE, ["p1"])), DONE])
    outcome, sink = await asked(model, mode)
    assert isinstance(outcome.result, Degraded)
    assert (outcome.result.losses, outcome.action) == ((Loss.REST_OF_ANSWER,), Action.CUT_SHORT)
    assert outcome.result.answer is not None
    assert outcome.result.answer.text == FIRST
    assert len(model.requests) == 2
    if sink is not None:
        assert kept(sink) == FIRST


async def test_the_next_model_goes_on_where_a_repair_did_not_help() -> None:
    outcome, sink, (_, other) = await streamed(
        ScriptedGenerator(BAD, [*BAD[:1], *draft((WORSE, ["p1"]))[1:], DONE]), REST
    )
    assert isinstance(outcome.result, Degraded)
    assert (outcome.result.losses, outcome.action) == ((Loss.SIMPLER_MODEL,), Action.NEXT_MODEL)
    assert kept(sink) == WHOLE
    assert len(other.requests) == 1


async def test_a_sentence_may_be_left_out() -> None:
    outcome, sink, _ = await streamed(ScriptedGenerator(BAD, [*draft(), DONE]))
    assert isinstance(outcome.result, Answered)
    assert deltas(sink) == [FIRST]


async def test_without_a_beginning_the_whole_answer_is_repaired() -> None:
    model = ScriptedGenerator([*draft((WRONG, ["p1"])), DONE], [*draft((FIRST, ["p1"])), DONE])
    outcome, _ = await asked(model, None)
    assert isinstance(outcome.result, Answered)
    second = model.requests[1].prompt
    assert second.begun is None
    assert "<draft-" in second.user
    assert "77 expressions" in second.user


async def test_confidence_is_the_lower_of_the_beginning_and_the_rest() -> None:
    model = ScriptedGenerator(BAD, [*draft((SECOND, ["p1"]), confidence="medium"), DONE])
    outcome, _ = await asked(model, None)
    assert isinstance(outcome.result, Answered)
    assert outcome.result.answer.confidence is Confidence.MEDIUM


@MODES
@pytest.mark.parametrize(
    ("then", "cause"),
    [
        ([Failure(Cause.MODEL_UNAVAILABLE)], Cause.MODEL_UNAVAILABLE),
        ([Wait(60.0)], Cause.MODEL_TIMEOUT),
        ([*draft((SECOND, ["p1"]))[:1], Failure(Cause.MODEL_INTERRUPTED)], Cause.MODEL_INTERRUPTED),
    ],
)
async def test_what_stands_is_kept_where_the_repair_fails(
    then: list[Move], cause: Cause, mode: StreamMode | None
) -> None:
    outcome, sink = await asked(ScriptedGenerator(BAD, then), mode)
    assert isinstance(outcome.result, Degraded)
    assert outcome.result.answer is not None
    assert (outcome.result.answer.text, outcome.cause, outcome.action) == (FIRST, cause, Action.CUT_SHORT)
    if sink is not None:
        assert kept(sink) == FIRST


async def test_no_repair_begins_that_the_time_cannot_hold() -> None:
    late: list[Move] = [*draft((FIRST, ["p1"]))[:2], Wait(3.7), *draft((FIRST, ["p1"]), (WRONG, ["p1"]))[2:], DONE]
    outcome, sink, (model,) = await streamed(ScriptedGenerator(late, REST))
    assert (outcome.action, deltas(sink), len(model.requests)) == (Action.CUT_SHORT, [FIRST], 1)


async def test_no_repair_begins_that_the_budget_cannot_pay() -> None:
    price = Price(input=1.0, output=1.0, cached=1.0, currency="USD")
    model = ScriptedGenerator(BAD, REST)
    probe = await path(ScriptedGenerator(BAD, REST), price=price, budget=SetBudget())
    spent = sum(each.usage.cost_micros for each in (await probe.ask(None)).report.usage)
    made = await path(model, price=price, budget=SetBudget(spent + 1000))
    sink = RecordingSink()
    outcome = await made.ask(sink)
    assert (outcome.cause, outcome.action) == (Cause.BUDGET_EXHAUSTED, Action.CUT_SHORT)
    assert (kept(sink), len(model.requests)) == (FIRST, 1)


async def test_a_caller_who_leaves_during_a_repair_cancels_it() -> None:
    model = ScriptedGenerator(BAD, [Wait(60.0)])
    made = await path(model)
    call = asyncio.ensure_future(made.ask(RecordingSink(), seconds=60.0))
    while len(model.requests) < 2:  # noqa: ASYNC110  # nobody is told when the second call begins
        await asyncio.sleep(0)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    assert call.cancelled()
    assert model.cancelled == 1
