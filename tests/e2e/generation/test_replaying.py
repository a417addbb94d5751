"""Calls of real servers over providers on sockets are recorded, and come to the same outcomes without any of them.

One test for each kind of outcome and each port; with GROUNDWIRE_TESTS_REPLAY=1 every other end-to-end test does the
same for its own calls.
"""

from collections.abc import Iterator

import pytest

from groundwire.v1 import event_pb2
from groundwire_server.ports.exchange import PortName
from tests.doubles.replaying import RecordsAll, every_call_replayed
from tests.doubles.upstream import Pause, Reply, Stall, upstream
from tests.e2e.calls import answer, question, stream
from tests.e2e.generation import test_caching, test_checkers, test_rewriting, test_screens
from tests.e2e.generation.conftest import Serve, one_model, two_models
from tests.e2e.generation.drafts import SENTENCE, answers, segments, writes

DOWN = Reply([], "503 Service Unavailable")
AT_ONCE = {"retry": {"max_attempts": 1}}


@pytest.fixture
def recorded() -> Iterator[RecordsAll]:
    """All calls of the test: they are replayed when it has ended, and must come to the same."""
    with every_call_replayed() as sink:
        yield sink


def asked(recorded: RecordsAll) -> set[PortName]:
    """The ports that the recorded calls came to."""
    return {call.port for exchange in recorded.kept for call in exchange.calls}


def ends(recorded: RecordsAll) -> list[str]:
    """How the recorded calls ended."""
    return [type(exchange.outcome.result).__name__ for exchange in recorded.kept]


async def test_an_answer_and_a_stream(configured: Serve, recorded: RecordsAll) -> None:
    slowly = Reply([*writes(*segments(SENTENCE))[:2], Pause(0.4), *writes(*segments(SENTENCE))[2:]])
    async with upstream(answers(), slowly, answers()) as writer, configured(one_model(writer)) as served:
        await answer(served)
        await stream(served)
        await stream(served, mode=event_pb2.STREAM_MODE_PROVISIONAL)
    assert ends(recorded) == ["Answered"] * 3
    assert asked(recorded) >= {PortName.SEARCH, PortName.GENERATOR, PortName.READER}


async def test_no_provider_no_store_and_no_server_is_left_when_a_call_is_replayed(
    configured: Serve, recorded: RecordsAll
) -> None:
    async with upstream(answers()) as writer, configured(one_model(writer)) as served:
        await answer(served)
        requests = len(writer.requests)
    (exchange,) = recorded.kept
    assert len(writer.requests) == requests == 1
    assert exchange.outcome.report.trace_id.strip("0")


async def test_an_abstention(configured: Serve, recorded: RecordsAll) -> None:
    async with upstream(answers()) as writer, configured(one_model(writer)) as served:
        await answer(served, question("Wie hoch ist der Mount Everest?"))
    assert ends(recorded) == ["Abstained"]


async def test_the_next_model_and_passages_alone(configured: Serve, recorded: RecordsAll) -> None:
    async with (
        upstream(DOWN, Reply([Stall()]), DOWN) as first,
        upstream(answers(), answers(), DOWN) as second,
        configured(two_models(first, second, **AT_ONCE)) as served,
    ):
        for _ in range(3):
            await answer(served)
    assert ends(recorded) == ["Degraded"] * 3
    assert [exchange.outcome.action for exchange in recorded.kept][-1] == "PASSAGES_ONLY"


async def test_a_draft_that_is_repaired(configured: Serve, recorded: RecordsAll) -> None:
    route = {"fallbacks": {"OUTPUT_MALFORMED": ["REPAIR", "PASSAGES_ONLY"]}}
    async with (
        upstream(Reply(writes("no JSON")), answers()) as writer,
        configured(one_model(writer, route=route)) as served,
    ):
        await answer(served)
    assert [len(exchange.prompts) for exchange in recorded.kept] == [2]


async def test_what_guards_find(configured: Serve, recorded: RecordsAll) -> None:
    screens = {"question": {"use": [{"guard": "words"}]}, "answer": {"use": [{"guard": "functions", "action": "MASK"}]}}
    async with upstream(answers()) as writer, configured(test_screens.screened(writer, **screens)) as served:
        await answer(served, question("Is Initech better?"))
        await answer(served)
    assert ends(recorded)[0] == "Blocked"
    assert recorded.kept[1].local_findings
    assert recorded.kept[1].outcome.answer is not None
    assert recorded.kept[1].outcome.answer.masks


async def test_earlier_answers(configured: Serve, recorded: RecordsAll) -> None:
    async with upstream(answers()) as double, configured(test_caching.sections(double)) as served:
        await answer(served)
        await answer(served)
    assert ends(recorded) == ["Answered", "Cached"]
    assert asked(recorded) >= {PortName.CACHE_GET, PortName.CACHE_PUT, PortName.FLIGHT, PortName.VISIBILITY}


async def test_a_checker_and_one_that_is_late(configured: Serve, recorded: RecordsAll) -> None:
    drafted = Reply(writes(*segments(SENTENCE, test_checkers.RETOLD)))
    late = Reply([Stall()])
    async with upstream(drafted, drafted) as writer, upstream(test_checkers.panel(0.97), late) as checker:
        sections = test_checkers.sections(writer, checker, check={"max_seconds": 0.3})
        async with configured(sections) as served:
            await answer(served)
            await answer(served)
    assert ends(recorded) == ["Answered"] * 2
    assert PortName.CHECKER in asked(recorded)


async def test_a_rewriter(configured: Serve, recorded: RecordsAll) -> None:
    rewritten = test_rewriting.rewrites(test_rewriting.BY_MODEL)
    async with (
        upstream(answers()) as writer,
        upstream(rewritten) as rewriter,
        configured(test_rewriting.sections(writer, rewriter)) as served,
    ):
        await answer(served, test_rewriting.FOLLOW_UP)
    assert PortName.REWRITER in asked(recorded)
    assert recorded.kept[0].outcome.report.searched_question == test_rewriting.BY_MODEL


async def test_a_question_that_is_queued(configured: Serve, recorded: RecordsAll) -> None:
    route = {"fallbacks": {"MODEL_UNAVAILABLE": ["QUEUE", "FAIL_SAFE"]}}
    async with upstream(DOWN) as writer, configured(one_model(writer, route=route, **AT_ONCE), queue=True) as served:
        await answer(served, question(allow_queue=True))
    assert ends(recorded) == ["Queued"]


async def test_an_answer_that_waits_for_a_person(configured: Serve, recorded: RecordsAll) -> None:
    route = {"review": {"enabled": True, "always": True}}
    async with (
        upstream(answers()) as writer,
        configured(one_model(writer, route=route), queue=True, reviews=True) as served,
    ):
        await answer(served)
    assert ends(recorded) == ["InReview"]
    assert asked(recorded) >= {PortName.REVIEW}


async def test_a_failure_that_is_safe(configured: Serve, recorded: RecordsAll) -> None:
    route = {"fallbacks": {"MODEL_UNAVAILABLE": ["FAIL_SAFE"]}}
    async with upstream(DOWN) as writer, configured(one_model(writer, route=route, **AT_ONCE)) as served:
        await answer(served)
    assert ends(recorded) == ["FailedSafe"]
