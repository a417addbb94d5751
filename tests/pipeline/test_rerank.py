"""A route's reranker orders what was found, and where it cannot, nothing changes."""

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from groundwire_server.adapters.prompts.catalogue import built_in_prompts
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Evidence, Passage, Query, Scores
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.question import Question
from groundwire_server.domain.reranking import RerankPolicy
from groundwire_server.domain.vocabulary import Cause, Purpose, Stage
from groundwire_server.pipeline.acl_recheck import AclRecheck
from groundwire_server.pipeline.report import ReportBuilder
from groundwire_server.pipeline.retrieve import retrieve
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.select import select
from groundwire_server.pipeline.stage import StageRunner
from groundwire_server.telemetry import names
from tests.doubles.counts import Counts
from tests.doubles.reranker import ScriptedReranker
from tests.doubles.spans import Spans
from tests.doubles.store import SearchAlone
from tests.doubles.time import LoopTime, SocketTimeLoop
from tests.pipeline.samples import ALICE, RULES, ask, passage, policy

WORDS = ("Lambda", "Generator", "Set", "Tuple", "Dict")
FOUND = tuple(passage(word, f"{word} expressions.", allowed=frozenset({"staff"})) for word in WORDS)
RERANKED = RerankPolicy(candidates=5, share=0.5, max_seconds=1.0)
DEADLINE = 10.0


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"fake": SocketTimeLoop}


class Store(SearchAlone):
    """A store that returns the first of what it holds."""

    def __init__(self, *passages: Passage) -> None:
        self.queries: list[Query] = []
        self._passages = passages or FOUND

    async def search(self, caller: Caller, query: Query, deadline: Deadline) -> Evidence:
        self.queries.append(query)
        return Evidence(self._passages[: query.top_k], "v1")


class Searched:
    """One search, and what it left behind."""

    def __init__(self, reranker: ScriptedReranker | None, rerank: RerankPolicy | None = RERANKED) -> None:
        self.store = Store()
        self.spans = Spans()
        self.report = ReportBuilder("", "", "", 0.0)
        self.policy: Policy = replace(policy(), rerank=rerank)
        self._reranker = reranker

    async def search(self, question: Question) -> list[str]:
        ports = Ports(self.store, None, built_in_prompts(), {}, AclRecheck(Counts()), RULES, reranker=self._reranker)
        now = asyncio.get_running_loop().time()
        inquiry = Inquiry(question, ALICE, self.policy, now, Deadline(now + DEADLINE))
        run = StageRunner(inquiry.time_plan(), LoopTime(), self.spans.tracer, self.report)
        async with run.stage(Stage.RETRIEVE) as stage:
            self.found = await retrieve(inquiry, ports, stage, run)
        return [each.chunk_id for each in self.found.passages]

    @property
    def noted(self) -> dict[str, object]:
        return self.spans.attributes("groundwire.retrieve")


async def test_more_is_searched_for_and_the_best_rated_remain() -> None:
    reranker = ScriptedReranker({"Dict": 0.9, "Set": 0.6, "Lambda": 0.6})
    searched = Searched(reranker)
    assert await searched.search(ask(top_k=3)) == ["Dict", "Lambda", "Set"]
    assert [query.top_k for query in searched.store.queries] == [5]
    assert [each.scores.reranker for each in searched.found.passages] == [0.9, 0.6, 0.6]
    assert reranker.requests[0].texts == tuple(each.text for each in FOUND)
    assert reranker.requests[0].question == ask().text
    assert reranker.requests[0].requester.tenant == "acme"
    assert searched.noted[names.RERANKER] == "scripted"
    assert searched.noted[names.RERANKER_TEXTS] == 5
    assert names.RERANKER_CAUSE not in searched.noted


async def test_search_and_reranker_get_the_question_that_needs_no_turns() -> None:
    reranker = ScriptedReranker({"Dict": 0.9})
    searched = Searched(reranker)
    await searched.search(ask("And what does it yield?", standalone="What does a lambda yield?"))
    assert reranker.requests[0].question == "What does a lambda yield?"
    assert [query.text for query in searched.store.queries] == ["What does a lambda yield?"]


async def test_who_asks_for_more_passages_than_candidates_gets_them() -> None:
    searched = Searched(ScriptedReranker(), replace(RERANKED, candidates=2))
    assert len(await searched.search(ask(top_k=4))) == 4
    assert searched.store.queries[0].top_k == 4


async def test_relevance_is_that_of_a_search_for_the_same_passages() -> None:
    reranked, plain = Searched(ScriptedReranker({"Lambda": 0.9})), Searched(None)
    await reranked.search(ask(top_k=1))
    await plain.search(ask(top_k=1))
    assert [each.scores.relevance for each in reranked.found.passages] == [
        each.scores.relevance for each in plain.found.passages
    ]


BROKEN: dict[str, tuple[ScriptedReranker, Cause]] = {
    "failing": (ScriptedReranker(failure=Failure(Cause.MODEL_UNAVAILABLE)), Cause.MODEL_UNAVAILABLE),
    "without money": (ScriptedReranker(failure=Failure(Cause.BUDGET_EXHAUSTED)), Cause.BUDGET_EXHAUSTED),
    "late": (ScriptedReranker(seconds=60.0), Cause.MODEL_TIMEOUT),
    "fewer ratings": (ScriptedReranker(only=[0.5]), Cause.MODEL_MISCONFIGURED),
    "more ratings": (ScriptedReranker(only=[0.5] * 6), Cause.MODEL_MISCONFIGURED),
    "none": (ScriptedReranker(only=[]), Cause.MODEL_MISCONFIGURED),
    "not a number": (ScriptedReranker(only=[math.nan] * 5), Cause.MODEL_MISCONFIGURED),
    "above 1": (ScriptedReranker(only=[0.1, 0.2, 0.3, 0.4, 1.5]), Cause.MODEL_MISCONFIGURED),
    "below 0": (ScriptedReranker(only=[-0.1, 0.2, 0.3, 0.4, 0.5]), Cause.MODEL_MISCONFIGURED),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_what_cannot_be_rated_keeps_order_and_measures(case: str) -> None:
    reranker, cause = BROKEN[case]
    broken, plain = Searched(reranker, replace(RERANKED, min_rating=0.5)), Searched(None)
    assert await broken.search(ask(top_k=3)) == await plain.search(ask(top_k=3)) == ["Lambda", "Generator", "Set"]
    assert broken.found == plain.found
    assert broken.noted[names.RERANKER_CAUSE] == cause.value


@pytest.mark.parametrize(
    ("rerank", "seconds"),
    [(RERANKED, 1.0), (replace(RERANKED, max_seconds=9.0), 0.5 * 2.0), (replace(RERANKED, share=0.1), 0.2)],
)
async def test_a_call_has_its_share_of_the_time_that_retrieval_has_left(rerank: RerankPolicy, seconds: float) -> None:
    reranker = ScriptedReranker(seconds=60.0)
    began = asyncio.get_running_loop().time()
    assert len(await Searched(reranker, rerank).search(ask(top_k=3))) == 3
    assert reranker.deadlines[0].at - began == pytest.approx(seconds, abs=0.05)
    assert asyncio.get_running_loop().time() - began == pytest.approx(seconds, abs=0.1)


async def test_what_it_consumed_is_reported_whether_or_not_it_rated() -> None:
    failing = ChargedFailure(Failure(Cause.MODEL_TIMEOUT), Usage(7, estimated=True))
    for reranker, usage in (
        (ScriptedReranker(usage=Usage(90)), Usage(90)),
        (ScriptedReranker(failure=failing), Usage(7, estimated=True)),
    ):
        searched = Searched(reranker)
        await searched.search(ask())
        assert searched.report.usage == {("scripted", Purpose.RERANK): usage}


async def test_it_sees_nothing_that_the_caller_may_not() -> None:
    reranker = ScriptedReranker()
    searched = Searched(reranker)
    secret = passage("secret", "Secret expressions.", allowed=frozenset({"board"}))
    searched.store = Store(secret, FOUND[0])
    assert await searched.search(ask()) == ["Lambda"]
    assert reranker.requests[0].texts == ("Lambda expressions.",)


async def test_passages_of_the_callers_own_are_ordered_and_none_is_left_out() -> None:
    searched = Searched(ScriptedReranker({"Set": 0.9, "Dict": 0.8}), replace(RERANKED, candidates=1))
    found = await searched.search(ask(provided=FOUND, top_k=1))
    assert found == ["Set", "Dict", "Lambda", "Generator", "Tuple"]


async def test_nothing_found_is_not_rated() -> None:
    reranker = ScriptedReranker()
    searched = Searched(reranker)
    searched.store = Store(passage("secret", "Secret.", allowed=frozenset({"board"})))
    assert await searched.search(ask()) == []
    assert not reranker.requests


async def test_a_caller_that_leaves_ends_the_call() -> None:
    reranker = ScriptedReranker(seconds=60.0)
    task = asyncio.create_task(Searched(reranker).search(ask()))
    await reranker.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("relevance", "rating", "min_rating", "admitted"),
    [
        (0.9, 0.1, None, True),
        (0.1, 0.9, None, False),
        (0.9, 0.1, 0.5, False),
        (0.1, 0.9, 0.5, True),
        (0.9, None, 0.5, True),
        (0.1, None, 0.5, False),
    ],
)
def test_each_measure_is_held_against_its_own_threshold(
    relevance: float, rating: float | None, min_rating: float | None, admitted: bool
) -> None:
    followed = replace(policy(), rerank=replace(RERANKED, min_rating=min_rating))
    one = replace(FOUND[0], scores=Scores(relevance=relevance, reranker=rating))
    if admitted:
        assert select(Evidence((one,)), followed).passages == (one,)
        return
    with pytest.raises(Failure) as failure:
        select(Evidence((one,)), followed)
    assert failure.value.cause is Cause.INSUFFICIENT_EVIDENCE
