"""One question, end to end."""

import asyncio
import logging
from dataclasses import replace

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from groundwire.v1 import (
    answer_service_pb2,
    cause_pb2,
    event_pb2,
    grounding_pb2,
    outcome_pb2,
    passage_pb2,
    report_pb2,
)
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Action, Cause
from tests.doubles.generator import CUT_OFF, DONE, ScriptedGenerator, Wait, draft, letters
from tests.e2e.calls import ACME, answer, info, ingest, kept_text, kinds, question, stream
from tests.e2e.conftest import Product, Serve

SENTENCE = "Lambda expressions create anonymous functions."


async def test_an_answer_is_cited_and_says_how_it_came_about(product: Product) -> None:
    outcome = await answer(product, request_id="request-0001")
    text = outcome.answered.answer
    assert text.text == SENTENCE
    assert (outcome.cause, outcome.action, outcome.next_step) == (
        cause_pb2.CAUSE_ANSWER_VALIDATED,
        outcome_pb2.ACTION_ANSWER,
        outcome_pb2.NEXT_STEP_SHOW,
    )
    (citation,) = text.citations
    assert (citation.document_id, citation.quote) == ("lambdas", SENTENCE)
    assert text.text.encode()[citation.span.start_byte : citation.span.end_byte].decode() == SENTENCE
    assert text.grounding_score == 1.0
    report = outcome.report
    assert (report.request_id, report.route, report.model, report.attempts) == (
        "request-0001",
        "default",
        "extractive",
        1,
    )
    assert (report.prompt_name, report.prompt_version) == ("answer", "1.2.1")
    assert [report_pb2.Stage.Name(item.stage) for item in report.stages] == [
        "STAGE_NORMALIZE",
        "STAGE_RETRIEVE",
        "STAGE_SELECT",
        "STAGE_PROMPT",
        "STAGE_GENERATE",
        "STAGE_CHECK",
        "STAGE_VALIDATE",
        "STAGE_DECIDE",
    ]
    assert (report.usage[0].model, report.usage[0].purpose) == ("extractive", report_pb2.Usage.PURPOSE_ANSWER)
    assert (report.usage[0].input_tokens, report.usage[0].output_tokens) == (100, 20)
    assert report.corpus_version
    assert report.HasField("time_to_first_token")


async def test_a_quoted_answer_is_verified(product: Product) -> None:
    outcome = await answer(product)
    text = outcome.answered.answer
    (sentence,) = text.sentences
    assert (sentence.verdict, sentence.checker) == (grounding_pb2.VERDICT_VERBATIM, "rules")
    assert list(sentence.citation_indexes) == [0]
    assert sentence.span == text.citations[0].span
    assert outcome.weakest_verdict == grounding_pb2.VERDICT_VERBATIM
    assert text.verified
    assert text.confidence == text.model_confidence == grounding_pb2.CONFIDENCE_HIGH


async def test_an_answer_in_other_words_is_shown_and_not_verified(serve: Serve) -> None:
    other = "Lambda expressions create functions."
    async with serve(ScriptedGenerator([*draft((SENTENCE, ["p1"]), (other, ["p1"])), DONE])) as product:
        await ingest(product, ("lambdas", SENTENCE))
        events = await stream(product)
    outcome = events[-1].outcome
    text = outcome.answered.answer
    assert [grounding_pb2.Verdict.Name(each.verdict) for each in text.sentences] == [
        "VERDICT_VERBATIM",
        "VERDICT_CONSISTENT",
    ]
    assert [list(each.citation_indexes) for each in text.sentences] == [[0], [1]]
    assert outcome.next_step == outcome_pb2.NEXT_STEP_SHOW
    assert outcome.weakest_verdict == grounding_pb2.VERDICT_CONSISTENT
    assert not text.verified
    assert (text.confidence, text.model_confidence) == (
        grounding_pb2.CONFIDENCE_MEDIUM,
        grounding_pb2.CONFIDENCE_HIGH,
    )
    last = [event.text_delta for event in events if event.HasField("text_delta")][-1]
    assert last.assurance == event_pb2.TextDelta.ASSURANCE_CHECKED


async def test_an_abstention_has_no_verdict(serve: Serve) -> None:
    async with serve() as empty:
        assert (await answer(empty)).weakest_verdict == grounding_pb2.VERDICT_UNSPECIFIED


async def test_the_trailers_and_the_reply_carry_the_trace_of_the_caller(product: Product) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    metadata = (*ACME, ("traceparent", f"00-{trace_id}-00f067aa0ba902b7-01"))
    request = answer_service_pb2.AnswerRequest(question=question(), request_id="request-0002")
    call = product.answers.Answer(request, metadata=metadata, timeout=10)
    response = await call
    trailers = dict(list(await call.trailing_metadata()))
    assert trailers["groundwire-trace-id"] == response.outcome.report.trace_id == trace_id
    assert trailers["groundwire-request-id"] == "request-0002"


async def test_every_stage_has_a_span_with_its_decision_and_no_text(product: Product) -> None:
    product.spans.clear()
    await answer(product)
    assert product.spans.names == [
        "groundwire.normalize",
        "groundwire.retrieve",
        "groundwire.select",
        "groundwire.prompt",
        "groundwire.generate",
        "groundwire.check",
        "groundwire.validate",
        "groundwire.decide",
        "groundwire.v1.AnswerService/Answer",
    ]
    call = product.spans.attributes("groundwire.v1.AnswerService/Answer")
    assert call["rpc.response.status_code"] == "OK"
    assert call["groundwire.outcome"] == "Answered"
    assert call["groundwire.cause"] == "ANSWER_VALIDATED"
    assert call["groundwire.route"] == "default"
    generation = product.spans.attributes("groundwire.generate")
    assert (generation["groundwire.model"], generation["groundwire.usage.output_tokens"]) == ("extractive", 20)
    assert product.spans.attributes("groundwire.select")["groundwire.passages.chosen"] == 1
    for text in ("anonymous", "lambda", "Lambda"):
        assert text not in product.spans.everything()


async def test_a_checked_stream_adds_up_to_the_answer(product: Product) -> None:
    events = await stream(product)
    assert kinds(events) == ["started", "evidence", "text_delta", "citation", "outcome"]
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5]
    assert events[2].text_delta.assurance == event_pb2.TextDelta.ASSURANCE_VERIFIED
    assert kept_text(events) == events[-1].outcome.answered.answer.text == SENTENCE
    assert events[0].started.trace_id == events[-1].outcome.report.trace_id


async def test_a_provisional_stream_shows_text_as_it_is_written(serve: Serve) -> None:
    generator = ScriptedGenerator([*letters(draft((SENTENCE, ["p1"]))), DONE])
    async with serve(generator) as product:
        await ingest(product, ("lambdas", SENTENCE))
        events = await stream(product, mode=event_pb2.STREAM_MODE_PROVISIONAL)
    deltas = [event.text_delta for event in events if event.WhichOneof("event") == "text_delta"]
    assert len(deltas) > 10
    assert {delta.assurance for delta in deltas} == {event_pb2.TextDelta.ASSURANCE_PROVISIONAL}
    assert kept_text(events) == events[-1].outcome.answered.answer.text == SENTENCE


async def test_provisional_text_is_retracted_before_any_other_outcome(serve: Serve) -> None:
    generator = ScriptedGenerator([*letters(draft(("Lambda calculus was invented by Church.", ["p1"]))), DONE])
    async with serve(generator) as product:
        await ingest(product, ("lambdas", SENTENCE))
        events = await stream(product, mode=event_pb2.STREAM_MODE_PROVISIONAL)
    assert kinds(events)[-2:] == ["retraction", "outcome"]
    assert events[-2].retraction.cause == cause_pb2.CAUSE_UNSUPPORTED
    assert kept_text(events) == ""
    assert events[-1].outcome.WhichOneof("result") == "degraded"


@pytest.mark.parametrize(
    ("script", "cause", "result"),
    [
        ([Failure(Cause.MODEL_UNAVAILABLE)], "MODEL_UNAVAILABLE", "degraded"),
        ([Failure(Cause.MODEL_REFUSED)], "MODEL_REFUSED", "degraded"),
        (["Sure! Lambdas are great.", DONE], "OUTPUT_MALFORMED", "degraded"),
        ([DONE], "OUTPUT_EMPTY", "degraded"),
        (['{"confidence": "high", "segm', CUT_OFF], "OUTPUT_CUT_OFF", "degraded"),
        (['{"confidence": "high", "segments": []'], "MODEL_INTERRUPTED", "degraded"),
        ([*draft(confidence="low"), DONE], "MODEL_ABSTAINED", "abstained"),
        ([*draft((SENTENCE, ["p1"]), confidence="low"), DONE], "CONFIDENCE_NOT_ALLOWED", "abstained"),
        ([*draft(("Bananas ripen quickly.", [])), DONE], "CITATION_MISSING", "degraded"),
        ([*draft((SENTENCE, ["p7"])), DONE], "CITATION_UNKNOWN", "degraded"),
        ([*draft(("Bananas ripen quickly.", ["p1"])), DONE], "UNSUPPORTED", "degraded"),
        ([*draft(("Lambda calculus was invented by Church.", ["p1"])), DONE], "UNSUPPORTED", "degraded"),
        ([*draft((" ".join([SENTENCE] * 100), ["p1"])), DONE], "OUTPUT_TOO_LONG", "degraded"),
    ],
)
async def test_what_a_model_does_wrong_ends_in_a_typed_outcome(
    serve: Serve, script: list[object], cause: str, result: str
) -> None:
    async with serve(ScriptedGenerator(script)) as product:  # type: ignore[arg-type]
        await ingest(product, ("lambdas", SENTENCE))
        unary = await answer(product)
        events = await stream(product)
    for outcome in (unary, events[-1].outcome):
        assert cause_pb2.Cause.Name(outcome.cause) == f"CAUSE_{cause}"
        assert outcome.WhichOneof("result") == result
    assert kept_text(events) == ""
    if result == "degraded":
        assert unary.degraded.passages[0].text == SENTENCE


async def test_verified_text_stands_when_the_model_fails_afterwards(serve: Serve) -> None:
    pieces = draft((SENTENCE, ["p1"]))[:-1]
    async with serve(ScriptedGenerator([*pieces, Failure(Cause.MODEL_INTERRUPTED)])) as product:
        await ingest(product, ("lambdas", SENTENCE))
        events = await stream(product)
    assert kinds(events) == ["started", "evidence", "text_delta", "citation", "outcome"]
    assert events[-1].outcome.action == outcome_pb2.ACTION_CUT_SHORT
    assert events[-1].outcome.degraded.answer.text == kept_text(events) == SENTENCE


async def test_an_answer_that_ends_short_keeps_what_was_checked_in_every_mode(serve: Serve) -> None:
    pieces = draft((SENTENCE, ["p1"]))[:-1]
    async with serve(ScriptedGenerator([*pieces, Failure(Cause.MODEL_INTERRUPTED)])) as product:
        await ingest(product, ("lambdas", SENTENCE))
        unary = await answer(product)
        provisional = await stream(product, mode=event_pb2.STREAM_MODE_PROVISIONAL)
    for outcome in (unary, provisional[-1].outcome):
        assert outcome.action == outcome_pb2.ACTION_CUT_SHORT
        assert outcome.cause == cause_pb2.CAUSE_MODEL_INTERRUPTED
        assert list(outcome.degraded.losses) == [outcome_pb2.Degraded.LOSS_REST_OF_ANSWER]
        assert outcome.degraded.answer.text == SENTENCE
    assert kept_text(provisional) == SENTENCE


async def test_nothing_verified_leaves_before_the_confidence_is_known(serve: Serve) -> None:
    last = '{"segments": [{"text": "%s", "cites": ["p1"]}], "confidence": "low"}' % SENTENCE  # noqa: UP031
    async with serve(ScriptedGenerator([*letters([last]), DONE])) as product:
        await ingest(product, ("lambdas", SENTENCE))
        events = await stream(product)
    assert kinds(events) == ["started", "evidence", "outcome"]
    assert events[-1].outcome.cause == cause_pb2.CAUSE_CONFIDENCE_NOT_ALLOWED


async def test_a_question_without_evidence_is_abstained_with_the_nearest_passages(serve: Serve) -> None:
    async with serve(policy=lambda policy: replace(policy, min_relevance=0.99)) as product:
        empty = await answer(product)
        assert empty.cause == cause_pb2.CAUSE_NO_EVIDENCE
        await ingest(product, ("lambdas", SENTENCE))
        outcome = await answer(product, question("How do lambda plants grow in winter?"))
        assert not product.generator.requests
    assert outcome.cause == cause_pb2.CAUSE_INSUFFICIENT_EVIDENCE
    assert outcome.next_step == outcome_pb2.NEXT_STEP_REPHRASE
    assert (outcome.abstained.searched, len(outcome.abstained.nearest)) == (1, 1)


async def test_the_callers_own_passages_take_the_place_of_a_search(product: Product) -> None:
    provided = passage_pb2.ProvidedPassages(
        passages=[passage_pb2.ProvidedPassage(passage_id="mine-1", text="Lambda plants create seeds in autumn.")]
    )
    asked = question("What do lambda plants create in autumn?", provided=provided)
    outcome = await answer(product, asked)
    (citation,) = outcome.answered.answer.citations
    assert (citation.chunk_id, citation.document_id) == ("mine-1", "")


async def test_a_caller_who_leaves_is_in_the_log(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "groundwire_server")
    async with serve(ScriptedGenerator([Wait(60.0), DONE])) as product:
        await ingest(product, ("lambdas", SENTENCE))
        request = answer_service_pb2.StreamAnswerRequest(question=question(), request_id="request-0010")
        call = product.answers.StreamAnswer(request, metadata=ACME, timeout=30)
        await product.generator.began.wait()
        call.cancel()
        await product.generator.ended.wait()
    (record,) = [each for each in caplog.records if each.message == "the call was cancelled"]
    assert vars(record)["status"] == "CANCELLED"
    assert vars(record)["method"] == "groundwire.v1.AnswerService/StreamAnswer"
    assert vars(record)["request_id"] == "request-0010"


async def test_cancelling_by_name_ends_the_call_and_the_model(serve: Serve) -> None:
    async with serve(ScriptedGenerator([Wait(60.0), DONE])) as product:
        await ingest(product, ("lambdas", SENTENCE))
        request = answer_service_pb2.StreamAnswerRequest(question=question(), request_id="request-0009")
        call = product.answers.StreamAnswer(request, metadata=ACME, timeout=30)
        for _ in ("started", "evidence"):
            await call.read()
        await product.generator.began.wait()
        cancel = answer_service_pb2.CancelAnswerRequest(request_id="request-0009")
        other = (("groundwire-tenant", "other"), ("groundwire-subject", "alice"))
        assert not (await product.answers.CancelAnswer(cancel, metadata=other)).cancelled
        assert (await product.answers.CancelAnswer(cancel, metadata=ACME)).cancelled
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
        assert caught.value.code() is grpc.StatusCode.CANCELLED
        assert info(caught.value).reason == "CANCELLED"
        assert product.generator.cancelled == 1
        assert not (await product.answers.CancelAnswer(cancel, metadata=ACME)).cancelled


@pytest.mark.parametrize("streamed", [False, True])
async def test_those_who_ask_the_same_under_one_id_share_one_answer(serve: Serve, streamed: bool) -> None:
    pieces = draft((SENTENCE, ["p1"]))
    async with serve(ScriptedGenerator([Wait(0.2), *pieces, DONE])) as product:
        await ingest(product, ("lambdas", SENTENCE))

        async def one() -> outcome_pb2.Outcome:
            if streamed:
                return (await stream(product, request_id="request-0010"))[-1].outcome
            return await answer(product, request_id="request-0010")

        outcomes = await asyncio.gather(*(one() for _ in range(100)))
        again = await one()
    assert {outcome.answered.answer.text for outcome in (*outcomes, again)} == {SENTENCE}
    assert {outcome.report.trace_id for outcome in (*outcomes, again)} == {again.report.trace_id}
    assert len(product.generator.requests) == 1


@pytest.mark.parametrize("read", [1, 2, 3, 4, 5])
async def test_a_stream_that_is_cut_after_any_event_is_resumed_after_it(serve: Serve, read: int) -> None:
    pieces = draft((SENTENCE, ["p1"]))
    async with serve(ScriptedGenerator([Wait(0.05), *pieces, Wait(0.05), DONE])) as product:
        await ingest(product, ("lambdas", SENTENCE))
        request = answer_service_pb2.StreamAnswerRequest(
            question=question(), request_id="request-0012", resume_window=Duration(seconds=30)
        )
        call = product.answers.StreamAnswer(request, metadata=ACME, timeout=30)
        events: list[answer_service_pb2.StreamAnswerResponse] = []
        async for event in call:
            events.append(event)
            if len(events) == read:
                break
        call.cancel()
        request.after_sequence = read
        events += [event async for event in product.answers.StreamAnswer(request, metadata=ACME, timeout=30)]
    assert kinds(events) == ["started", "evidence", "text_delta", "citation", "outcome"]
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5]
    assert (len(product.generator.requests), product.generator.cancelled) == (1, 0)


async def test_a_run_is_resumed_by_its_own_tenant_and_subject_alone(serve: Serve) -> None:
    async with serve() as product:
        await ingest(product, ("lambdas", SENTENCE))
        await stream(product, request_id="request-0013")
        request = answer_service_pb2.StreamAnswerRequest(
            question=question(), request_id="request-0013", after_sequence=1
        )
        for tenant, subject in (("other", "alice"), ("acme", "bob")):
            metadata = (("groundwire-tenant", tenant), ("groundwire-subject", subject))
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await product.answers.StreamAnswer(request, metadata=metadata, timeout=10).read()
            assert caught.value.code() is grpc.StatusCode.NOT_FOUND
            assert info(caught.value).reason == "RUN_NOT_FOUND"


async def test_an_id_in_flight_takes_no_other_question(serve: Serve) -> None:
    async with serve(ScriptedGenerator([Wait(60.0), DONE])) as product:
        await ingest(product, ("lambdas", SENTENCE))
        request = answer_service_pb2.StreamAnswerRequest(question=question(), request_id="request-0011")
        call = product.answers.StreamAnswer(request, metadata=ACME, timeout=30)
        await call.read()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await answer(product, question("What else?"), request_id="request-0011")
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert info(caught.value).reason == "REQUEST_ID_REUSED"
        call.cancel()


async def test_a_provisional_answer_ends_at_the_display_limit(serve: Serve) -> None:
    long = draft((" ".join(["Lambda expressions create anonymous functions."] * 40), ["p1"]))
    generator = ScriptedGenerator([*letters(long), DONE])
    unrepaired = {Cause.OUTPUT_TOO_LONG: (Action.PASSAGES_ONLY,)}
    limited = lambda policy: replace(policy, display_limit=200, fallbacks=unrepaired)  # noqa: E731
    async with serve(generator, policy=limited) as product:
        await ingest(product, ("lambdas", SENTENCE))
        request = answer_service_pb2.StreamAnswerRequest(question=question(), mode=event_pb2.STREAM_MODE_PROVISIONAL)
        events = [event async for event in product.answers.StreamAnswer(request, metadata=ACME, timeout=10)]
    shown = "".join(event.text_delta.text for event in events if event.HasField("text_delta"))
    assert len(shown) <= 200
    assert events[-1].outcome.cause == cause_pb2.CAUSE_OUTPUT_TOO_LONG
    assert kept_text(events) == ""


REPAIRS = dict.fromkeys((Cause.OUTPUT_MALFORMED, Cause.CITATION_UNKNOWN), (Action.REPAIR, Action.PASSAGES_ONLY))


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("bad", "cause"),
    [
        (["Sure! ", SENTENCE], cause_pb2.CAUSE_OUTPUT_MALFORMED),
        (draft((SENTENCE, ["p9"])), cause_pb2.CAUSE_CITATION_UNKNOWN),
    ],
)
async def test_a_model_mends_what_it_wrote_when_it_is_shown(
    serve: Serve, bad: list[str], cause: "cause_pb2.Cause.ValueType", streamed: bool
) -> None:
    generator = ScriptedGenerator([*bad, DONE], [*draft((SENTENCE, ["p1"])), DONE])
    async with serve(generator, policy=lambda policy: replace(policy, fallbacks=REPAIRS)) as product:
        await ingest(product, ("lambdas", SENTENCE))
        outcome = (await stream(product))[-1].outcome if streamed else await answer(product)
    assert outcome.answered.answer.text == SENTENCE
    assert (outcome.cause, outcome.action) == (cause, outcome_pb2.ACTION_REPAIR)
    assert outcome.next_step == outcome_pb2.NEXT_STEP_SHOW
    assert outcome.report.attempts == 2
    first, second = generator.requests
    assert second.prompt.user.startswith(first.prompt.user)
    assert bad[0] in second.prompt.user


async def test_a_model_is_asked_to_mend_only_once(serve: Serve) -> None:
    generator = ScriptedGenerator(["Sure!", DONE])
    async with serve(generator, policy=lambda policy: replace(policy, fallbacks=REPAIRS)) as product:
        await ingest(product, ("lambdas", SENTENCE))
        outcome = await answer(product)
    assert len(generator.requests) == 2
    assert outcome.action == outcome_pb2.ACTION_PASSAGES_ONLY
