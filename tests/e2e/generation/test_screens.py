"""Guards of a configuration over gRPC: what is blocked, flagged and masked, and where it is seen."""

import asyncio
import json
import logging
import re
from typing import Any

import grpc
import pytest

from groundwire.v1 import cause_pb2, event_pb2, outcome_pb2, passage_pb2, report_pb2, retrieval_service_pb2
from groundwire.v1.retrieval_service_pb2_grpc import RetrievalServiceStub
from tests.doubles.upstream import Echo, Reply, upstream
from tests.e2e.calls import ACME, answer, info, kept_text, question, stream
from tests.e2e.generation.conftest import Serve, one_model
from tests.e2e.generation.drafts import DONE, SECOND, SENTENCE, answers, chunk, cited

CANARY = "CANARY-7"
GUARDS = {
    "words": {"kind": "terms", "version": "2", "category": "rivals", "terms": ["Initech", CANARY]},
    "functions": {"kind": "patterns", "version": "1", "category": "functions", "patterns": ["anonymous functions"]},
}


def screened(double: Any, **screens: Any) -> dict[str, Any]:
    none: dict[str, Any] = {"question": {"use": []}, "evidence": {"use": []}, "answer": {"use": []}}
    return {**one_model(double, route={"screens": {**none, **screens}}), "guards": GUARDS}


def flags(report: report_pb2.Report) -> list[tuple[str, str, str, str, str, int]]:
    return [
        (
            report_pb2.Screen.Name(flag.screen),
            flag.guard,
            flag.guard_version,
            flag.category,
            report_pb2.GuardAction.Name(flag.action),
            flag.count,
        )
        for flag in report.flags
    ]


async def test_a_question_that_is_forbidden_reaches_nothing_and_no_log(
    configured: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with upstream(answers()) as writer:
        screens = screened(writer, question={"use": [{"guard": "words"}]})
        async with configured(screens) as served:
            outcome = await answer(served, question(f"Is {CANARY} better?"), request_id="request-0001")
            blocked = outcome.blocked
            assert outcome.WhichOneof("result") == "blocked"
            assert (blocked.policy, blocked.policy_version, blocked.category) == ("words", "2", "rivals")
            assert outcome.next_step == outcome_pb2.NEXT_STEP_DO_NOT_RETRY
            assert flags(outcome.report) == [("SCREEN_QUESTION", "words", "2", "rivals", "GUARD_ACTION_BLOCK", 1)]
            for _ in range(100):
                # A call ends at its caller before it ends here.
                if any(each.name == "groundwire.security" for each in caplog.records):
                    break
                await asyncio.sleep(0.01)
            everything = served.spans.everything()
        assert not writer.requests
    (event,) = [vars(each) for each in caplog.records if each.name == "groundwire.security"]
    assert (event["category"], event["tenant"], event["route"]) == ("rivals", "acme", "default")
    assert event["trace_id"] == outcome.report.trace_id
    decisions = [vars(each) for each in caplog.records if each.name == "groundwire.decisions"]
    (decision,) = [each for each in decisions if each["method"].endswith("/Answer")]
    assert decision["blocked"] == {"guard": "words", "version": "2", "category": "rivals"}
    assert decision["flags"][0]["action"] == "BLOCK"
    assert CANARY not in str([vars(each) for each in caplog.records])
    assert CANARY not in everything


async def test_a_stream_of_a_forbidden_question_is_its_outcome_alone(configured: Serve) -> None:
    async with (
        upstream(answers()) as writer,
        configured(screened(writer, question={"use": [{"guard": "words"}]})) as served,
    ):
        events = await stream(served, question("Initech?"))
    assert [event.WhichOneof("event") for event in events] == ["started", "outcome"]
    assert events[-1].outcome.WhichOneof("result") == "blocked"


async def test_a_search_of_a_forbidden_question_fails_with_the_reason(configured: Serve) -> None:
    async with (
        upstream(answers()) as writer,
        configured(screened(writer, question={"use": [{"guard": "words"}]})) as served,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await RetrievalServiceStub(served.channel).Retrieve(
                retrieval_service_pb2.RetrieveRequest(text="Initech?"), metadata=ACME
            )
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    said = info(caught.value)
    assert (said.reason, dict(said.metadata)) == (
        "CONTENT_FORBIDDEN",
        {"cause": "QUESTION_FORBIDDEN", "policy": "words", "category": "rivals"},
    )


async def test_a_passage_that_is_flagged_says_so_wherever_it_is_seen(configured: Serve) -> None:
    use = {"use": [{"guard": "functions", "action": "FLAG"}]}
    async with upstream(answers()) as writer, configured(screened(writer, evidence=use)) as served:
        events = await stream(served, question())
        found = await RetrievalServiceStub(served.channel).Retrieve(
            retrieval_service_pb2.RetrieveRequest(text="What do lambda expressions create?"), metadata=ACME
        )
    (evidence,) = [event.evidence for event in events if event.HasField("evidence")]
    assert {passage.text: list(passage.flags) for passage in evidence.passages}[SENTENCE] == ["functions"]
    assert {passage.text: list(passage.flags) for passage in found.passages}[SENTENCE] == ["functions"]
    outcome = events[-1].outcome
    assert outcome.WhichOneof("result") == "answered"
    assert ("SCREEN_EVIDENCE", "functions", "1", "functions", "GUARD_ACTION_FLAG", 1) in flags(outcome.report)


async def test_a_passage_that_is_dropped_is_not_sent_to_the_model(configured: Serve) -> None:
    use = {"use": [{"guard": "functions", "action": "DROP"}]}
    async with upstream(answers(SECOND)) as writer, configured(screened(writer, evidence=use)) as served:
        await answer(served, question())
        assert SENTENCE not in writer.requests[0].body.decode()


@pytest.mark.parametrize("mode", [None, event_pb2.STREAM_MODE_CHECKED])
async def test_an_answer_is_masked_before_it_leaves(configured: Serve, mode: "event_pb2.StreamMode | None") -> None:
    use = {"use": [{"guard": "functions", "action": "MASK"}]}
    async with upstream(answers()) as writer, configured(screened(writer, answer=use)) as served:
        if mode is None:
            outcome = await answer(served, question())
        else:
            events = await stream(served, question(), mode=mode)
            outcome = events[-1].outcome
            assert kept_text(events) == outcome.degraded.answer.text
    text = outcome.degraded.answer
    assert text.text == "Lambda expressions create [functions]."
    (mask,) = text.masks
    assert text.text.encode()[mask.span.start_byte : mask.span.end_byte] == b"[functions]"
    assert text.citations[0].quote == text.text
    assert list(outcome.degraded.losses) == [outcome_pb2.Degraded.LOSS_TEXT_MASKED]
    assert outcome.next_step == outcome_pb2.NEXT_STEP_SHOW_WITH_CAUTION


async def test_a_provisional_stream_of_a_route_that_masks_phrases_is_refused(configured: Serve) -> None:
    use = {"use": [{"guard": "functions", "action": "MASK"}]}
    async with upstream(answers()) as writer, configured(screened(writer, answer=use)) as served:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stream(served, question(), mode=event_pb2.STREAM_MODE_PROVISIONAL)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_guards_are_reloaded_with_the_configuration(configured: Serve) -> None:
    async with upstream(answers()) as writer:
        sections = screened(writer, question={"use": [{"guard": "words"}]})
        async with configured(sections) as served:
            asked = question("Do lambda expressions create what Initech sells?")
            assert (await answer(served, asked)).WhichOneof("result") == "blocked"
            changed = json.loads(json.dumps(sections))
            changed["guards"]["words"]["terms"] = ["Globex"]
            assert await served.reconfigured(changed)
            assert (await answer(served, asked)).WhichOneof("result") != "blocked"


@pytest.mark.parametrize(
    ("screen", "cause", "action", "result"),
    [
        ("question", "QUESTION_FORBIDDEN", "ABSTAIN", "abstained"),
        ("question", "QUESTION_FORBIDDEN", "FAIL_SAFE", "failed_safe"),
        ("evidence", "EVIDENCE_FORBIDDEN", "BLOCK", "blocked"),
        ("evidence", "EVIDENCE_FORBIDDEN", "ABSTAIN", "abstained"),
        ("answer", "ANSWER_FORBIDDEN", "BLOCK", "blocked"),
        ("answer", "ANSWER_FORBIDDEN", "ABSTAIN", "abstained"),
        ("answer", "ANSWER_FORBIDDEN", "PASSAGES_ONLY", "degraded"),
        ("answer", "ANSWER_FORBIDDEN", "REPAIR", "answered"),
    ],
)
async def test_the_row_of_what_is_forbidden_decides_the_outcome(
    configured: Serve, screen: str, cause: str, action: str, result: str
) -> None:
    guard = "words" if screen == "question" else "functions"
    second = Reply([Echo(lambda body: chunk("".join(cited(body, SECOND)))), chunk(reason="stop"), DONE])
    async with upstream(answers(), second) as writer:
        sections = screened(writer, **{screen: {"use": [{"guard": guard, "action": "BLOCK"}]}})
        sections["routes"]["default"]["fallbacks"] = {cause: [action]}
        asked = question("What do Initech's lambda expressions create?") if screen == "question" else question()
        async with configured(sections) as served:
            outcome = await answer(served, asked)
    assert (outcome.WhichOneof("result"), outcome_pb2.Action.Name(outcome.action)) == (result, f"ACTION_{action}")
    assert cause_pb2.Cause.Name(outcome.cause) == f"CAUSE_{cause}"


PASSWORD = "Tr0ub4dor&3"
NOTICE = f"The Wi-Fi password of the guest network is {PASSWORD}."


@pytest.mark.parametrize("mode", [None, event_pb2.STREAM_MODE_CHECKED, event_pb2.STREAM_MODE_PROVISIONAL])
@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([f"{PASSWORD}."], "[password]."),
        ([NOTICE], NOTICE.replace(PASSWORD, "[password]")),
        ([f"The Wi-Fi password of the guest network is: `{PASSWORD}`."], None),
        ([f"**Wi-Fi password of the guest network:** {PASSWORD}"], None),
        (["The guest network has a Wi-Fi password."], None),
        (["tr0ub4dor&3 is for the guest network."], "[password] is for the guest network."),
        (["Tr0ub4dor**&**3 is for the guest network."], "[password] is for the guest network."),
        (["Tr0ub4dor is for the guest network."], "[password] is for the guest network."),
        (["The Wi-Fi password of the guest network is Tr0ub", "4dor&3."], None),
    ],
    ids=["bare", "verbatim", "code", "bold", "quote", "case", "emphasis", "half", "pieces"],
)
async def test_a_password_of_a_passage_leaves_neither_in_the_answer_nor_in_a_quote(
    configured: Serve, mode: "event_pb2.StreamMode | None", written: list[str], expected: str | None
) -> None:
    asked = question(
        "What is the Wi-Fi password of the guest network?",
        provided=passage_pb2.ProvidedPassages(passages=[passage_pb2.ProvidedPassage(passage_id="c1", text=NOTICE)]),
    )
    async with upstream(answers(*written)) as writer, configured(one_model(writer)) as served:
        if mode is None:
            outcome, said = await answer(served, asked), ""
        else:
            events = await stream(served, asked, mode=mode)
            outcome = events[-1].outcome
            # Evidence is the caller's own here.
            said = "".join(str(event) for event in events if event.WhichOneof("event") not in {"evidence", "outcome"})
        assert PASSWORD not in served.spans.everything()
    text = outcome.degraded.answer if outcome.HasField("degraded") else outcome.answered.answer
    assert re.search("tr0ub|4dor", f"{text}{said}", re.IGNORECASE) is None
    if expected is not None:
        assert text.text == expected
