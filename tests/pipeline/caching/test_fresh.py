"""A route that serves earlier answers: what is served, what is not, and what the caller and the trace see of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from groundwire_server.domain.answer import Citation
from groundwire_server.domain.cached_answer import Invalidation
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.erasure import EntireTenant, OneDocument, OneEndUser, OneSubject
from groundwire_server.domain.event import Started, TextDelta
from groundwire_server.domain.evidence import Evidence, Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.outcome import Answered, Blocked, Cached, Outcome
from groundwire_server.domain.policy import ScreenPolicy
from groundwire_server.domain.vocabulary import (
    Action,
    Assurance,
    CacheAccept,
    CacheKey,
    CacheResult,
    CacheStaleness,
    CacheValidity,
    Cause,
    GuardAction,
    NextStep,
    Screen,
    Stage,
    StreamMode,
    WithoutGuard,
)
from groundwire_server.telemetry import metrics
from tests.doubles.generator import DONE, Move, Wait, draft
from tests.doubles.sink import RecordingSink
from tests.pipeline.caching.serving import (
    CONSISTENT,
    EVERYBODY,
    FRESH,
    QUOTES,
    STANDS_IN,
    HangingCache,
    Serving,
    serving,
    text_of,
)
from tests.pipeline.running import FIRST, PASSAGE, SECOND
from tests.pipeline.samples import ALICE
from tests.pipeline.screening.guarding import LocalWords, RemoteWords, guards

BOB = Caller("acme", "bob", frozenset({"staff"}))


def cached(outcome: Outcome) -> Cached:
    assert isinstance(outcome.result, Cached), outcome
    return outcome.result


@pytest.mark.parametrize(
    "selection", [OneDocument("lambdas"), OneSubject("alice"), OneEndUser("somebody"), EntireTenant()], ids=repr
)
async def test_an_answer_that_was_begun_before_an_erasure_is_not_kept_after_it(selection: Invalidation) -> None:
    made = await serving([Wait(1.0), *QUOTES])
    asked = asyncio.create_task(made.ask())
    await made.models[0].began.wait()
    await made.cache.forget("acme", selection)
    assert isinstance((await asked).result, Answered)
    assert isinstance((await made.ask()).result, Answered)
    assert made.asked == 2
    assert isinstance((await made.ask()).result, Cached)


async def test_a_second_call_gets_the_answer_without_a_search_or_a_model() -> None:
    made = await serving()
    first = await made.ask()
    searches = len(made.store.deadlines)
    assert isinstance(first.result, Answered)
    made.clock.stepped += 60
    second = await made.ask()
    found = cached(second)
    assert found.answer == first.result.answer
    assert found.age == pytest.approx(60, abs=1)
    assert (second.cause, second.action, second.next_step) == (
        Cause.ANSWER_VALIDATED,
        Action.CACHED_ANSWER,
        NextStep.SHOW,
    )
    assert made.asked == 1
    # For the cited passages, which brings the corpus version.
    assert len(made.store.deadlines) == searches + 1
    assert {timing.stage for timing in second.report.stages} == {Stage.NORMALIZE, Stage.CACHE, Stage.DECIDE}
    assert (second.report.usage, second.report.attempts) == ((), ())
    assert second.report.corpus_version == first.report.corpus_version


async def test_another_subject_with_the_same_rights_gets_it_too() -> None:
    made = await serving()
    await made.ask()
    cached(await made.ask(caller=BOB))


@pytest.mark.parametrize(
    "caller",
    [
        Caller("other", "alice", frozenset({"staff"})),
        Caller("acme", "alice", frozenset({"staff", "board"})),
        Caller("acme", "alice", frozenset()),
    ],
    ids=["another tenant", "more principals", "fewer principals"],
)
async def test_a_caller_with_other_rights_does_not(caller: Caller) -> None:
    made = await serving()
    await made.ask()
    outcome = await made.ask(caller=caller)
    assert not isinstance(outcome.result, Cached)
    assert outcome.report.cache is CacheResult.MISS


@pytest.mark.parametrize("mode", list(StreamMode))
async def test_a_stream_shows_it_whole_with_its_passages_and_citations(mode: StreamMode) -> None:
    made = await serving([*draft((FIRST, ["p1"]), (SECOND, ["p1"])), DONE])
    first = await made.ask()
    sink = RecordingSink()
    outcome = await made.ask(sink=sink, mode=mode)
    answer = cached(outcome).answer
    assert answer == first.answer
    kinds = [type(event) for event in sink.events]
    assert kinds == [Started, Evidence, TextDelta, *[Citation] * len(answer.citations), Outcome]
    assert text_of(sink) == answer.text
    assert tuple(event for event in sink.events if isinstance(event, Citation)) == answer.citations
    (evidence,) = (event for event in sink.events if isinstance(event, Evidence))
    assert [each.chunk_id for each in evidence.passages] == ["lambdas-1"]
    (delta,) = (event for event in sink.events if isinstance(event, TextDelta))
    assert delta.assurance is (Assurance.PROVISIONAL if mode is StreamMode.PROVISIONAL else Assurance.VERIFIED)
    assert sink.events[-1] == outcome


async def test_an_answer_of_a_stream_is_served_to_a_unary_call() -> None:
    made = await serving()
    sink = RecordingSink()
    first = await made.ask(sink=sink)
    assert cached(await made.ask()).answer == first.answer
    assert text_of(sink) == cached(await made.ask()).answer.text


KEPT: dict[str, tuple[Sequence[Move], dict[str, Any], bool]] = {
    "verified": (QUOTES, {}, True),
    "consistent": (CONSISTENT, {}, False),
    "consistent, where the route accepts it": (
        CONSISTENT,
        {"cache_policy": replace(FRESH, accept=CacheAccept.ANSWERED)},
        True,
    ),
    "an abstention": ([Failure(Cause.MODEL_ABSTAINED)], {}, False),
    "a failure": ([Failure(Cause.MODEL_UNAVAILABLE)], {}, False),
    "nothing, where the route keeps none": (QUOTES, {"cache_policy": None}, False),
}


@pytest.mark.parametrize(("script", "changes", "kept"), KEPT.values(), ids=KEPT)
async def test_what_the_route_accepts_is_kept(script: Sequence[Move], changes: dict[str, Any], *, kept: bool) -> None:
    made = await serving(script, **changes)
    await made.ask()
    assert isinstance((await made.ask()).result, Cached) is kept


async def test_the_answer_of_a_simpler_model_is_not_kept() -> None:
    made = await serving([Failure(Cause.MODEL_UNAVAILABLE)], QUOTES)
    await made.ask()
    assert (await made.ask()).report.cache is CacheResult.MISS


async def test_an_answer_that_was_repaired_is_kept() -> None:
    broken: Sequence[Move] = [*draft((FIRST, ["p1"]), ("Lambdas cost ninety dollars.", ["p1"])), DONE]
    made = await serving([Failure(Cause.OUTPUT_MALFORMED)])
    made.models[0] = type(made.models[0])(broken, QUOTES)
    made.policy = replace(made.policy, fallbacks=dict.fromkeys(Cause, (Action.REPAIR, Action.FAIL_SAFE)))
    first = await made.ask()
    assert (type(first.result), first.action) == (Answered, Action.REPAIR)
    assert cached(await made.ask()).answer == first.answer


async def test_an_answer_with_a_placeholder_is_not_kept() -> None:
    screens = guards(LocalWords(word="naïve"), GuardAction.MASK, Screen.ANSWER)
    made = await serving(screens=screens, masking_is_loss=False)
    first = await made.ask()
    assert isinstance(first.result, Answered)
    assert first.result.answer.masks
    assert (await made.ask()).report.cache is CacheResult.MISS


async def test_an_answer_over_distrusted_passages_is_not_kept() -> None:
    screens = guards(LocalWords(word="names"), GuardAction.DISTRUST, Screen.EVIDENCE)
    made = await serving(CONSISTENT, cache_policy=replace(FRESH, accept=CacheAccept.ANSWERED), screens=screens)
    first = await made.ask()
    assert isinstance(first.result, Answered)
    assert (await made.ask()).report.cache is CacheResult.MISS


async def test_an_answer_that_a_guard_has_not_seen_is_not_kept() -> None:
    guard = RemoteWords(failure=Cause.MODEL_UNAVAILABLE)
    made = await serving(screens=guards(guard, GuardAction.BLOCK, Screen.ANSWER))
    first = await made.ask()
    assert isinstance(first.result, Answered)
    assert first.report.guards_unavailable
    assert (await made.ask()).report.cache is CacheResult.MISS


async def test_nothing_is_looked_up_for_a_question_that_is_forbidden() -> None:
    made = await serving()
    await made.ask()
    made.settings["screens"] = guards(LocalWords(word="lambda"), GuardAction.BLOCK, Screen.QUESTION)
    made.policy = replace(made.policy, fallbacks=dict.fromkeys(Cause, (Action.CACHED_ANSWER, Action.BLOCK)))
    outcome = await made.ask()
    assert isinstance(outcome.result, Blocked)
    assert outcome.report.cache is None


async def test_nothing_is_looked_up_while_the_question_cannot_be_screened() -> None:
    made = await serving()
    await made.ask()
    guard = RemoteWords(failure=Cause.MODEL_UNAVAILABLE)
    made.settings["screens"] = guards(guard, GuardAction.BLOCK, Screen.QUESTION)
    closed = ScreenPolicy(without_guard=WithoutGuard.CLOSED)
    made.policy = replace(made.policy, screens={Screen.QUESTION: closed})
    outcome = await made.ask()
    assert (outcome.cause, outcome.report.cache) == (Cause.GUARD_UNAVAILABLE, None)


Change: TypeAlias = Callable[[Serving], Awaitable[None]]


async def nothing(made: Serving) -> None:
    pass


async def grows_old(made: Serving) -> None:
    made.clock.stepped += 86_401


async def is_from_tomorrow(made: Serving) -> None:
    made.clock.stepped -= 90


async def clocks_differ(made: Serving) -> None:
    made.clock.stepped -= 30


async def policy_changes(made: Serving) -> None:
    made.policy = replace(made.policy, min_support=0.1)


async def guard_is_added(made: Serving) -> None:
    made.settings["screens"] = guards(LocalWords(word="zebra"), GuardAction.MASK, Screen.ANSWER)


async def other_document_changes(made: Serving) -> None:
    await made.put("Zebras have stripes.", name="zebras")


async def cited_document_changes(made: Serving) -> None:
    await made.put(PASSAGE + " They are short.")


async def cited_document_is_deleted(made: Serving) -> None:
    await made.store.delete(ALICE, "lambdas", NEVER)


async def access_is_withdrawn(made: Serving) -> None:
    await made.put(allowed=frozenset({"board"}))


CITED = CacheValidity.CITED_UNCHANGED
CORPUS = CacheValidity.CORPUS_UNCHANGED
HOLDS: dict[str, tuple[CacheValidity, Change, CacheStaleness | None]] = {
    "nothing": (CORPUS, nothing, None),
    "age": (CORPUS, grows_old, CacheStaleness.AGE),
    "a clock that was set back": (CORPUS, is_from_tomorrow, CacheStaleness.AGE),
    "clocks that differ a little": (CORPUS, clocks_differ, None),
    "policy": (CORPUS, policy_changes, CacheStaleness.POLICY),
    "guards": (CORPUS, guard_is_added, CacheStaleness.GUARDS),
    "another document": (CORPUS, other_document_changes, CacheStaleness.CORPUS_VERSION),
    "another document, where the cited count": (CITED, other_document_changes, None),
    "the cited document": (CITED, cited_document_changes, CacheStaleness.CITED_PASSAGES),
    "the cited document is gone": (CITED, cited_document_is_deleted, CacheStaleness.CITED_PASSAGES),
    "access": (CITED, access_is_withdrawn, CacheStaleness.CITED_PASSAGES),
    "access, where the corpus counts": (CORPUS, access_is_withdrawn, CacheStaleness.CORPUS_VERSION),
}


@pytest.mark.parametrize(("valid_while", "change", "staleness"), HOLDS.values(), ids=HOLDS)
async def test_an_answer_is_served_while_it_holds(
    valid_while: CacheValidity, change: Change, staleness: CacheStaleness | None
) -> None:
    made = await serving(cache_policy=replace(FRESH, valid_while=valid_while))
    await made.ask()
    await change(made)
    outcome = await made.ask()
    assert isinstance(outcome.result, Cached) is (staleness is None)
    result = CacheResult.HIT if staleness is None else CacheResult.STALE
    assert (outcome.report.cache, outcome.report.cache_staleness) == (result, staleness)
    attributes = {"groundwire.cache": result.value, **({"groundwire.cache.staleness": staleness} if staleness else {})}
    assert made.spans.each("groundwire.cache")[-1].items() >= attributes.items()
    assert made.counts.series(metrics.CACHE_LOOKUPS) == {
        ("default", "MISS", ""): 1,
        ("default", result, staleness or ""): 1,
    }


async def test_an_answer_that_does_not_hold_gives_way_to_a_new_one() -> None:
    made = await serving()
    await made.ask()
    await other_document_changes(made)
    assert isinstance((await made.ask()).result, Answered)
    cached(await made.ask())


PROVIDED = Passage("mine-1", PASSAGE, title="Mine")
ALWAYS = {
    CacheKey.QUESTION,
    CacheKey.TURNS,
    CacheKey.SEARCH,
    CacheKey.ROUTE,
    CacheKey.PROMPT,
    CacheKey.PRINCIPALS,
    CacheKey.PROVIDED,
    CacheKey.EXPERIMENT_ARM,
    CacheKey.MODELS,
    CacheKey.POLICY,
    CacheKey.GUARDS,
    CacheKey.CHECKER,
    CacheKey.CONTEXT,
}


@pytest.mark.parametrize(
    ("valid_while", "question", "more"),
    [
        (CORPUS, {}, {CacheKey.CORPUS_VERSION, CacheKey.CITED_PASSAGES}),
        (CITED, {}, {CacheKey.CITED_PASSAGES}),
        (CORPUS, {"provided": (PROVIDED,)}, set()),
    ],
    ids=["the corpus", "the cited passages", "provided passages"],
)
async def test_an_outcome_says_what_agreed(
    valid_while: CacheValidity, question: dict[str, Any], more: set[CacheKey]
) -> None:
    made = await serving(cache_policy=replace(FRESH, valid_while=valid_while))
    await made.ask(**question)
    found = cached(await made.ask(**question))
    assert set(found.keyed_on) == ALWAYS | more
    assert len(found.keyed_on) == len(set(found.keyed_on))


async def test_provided_passages_need_no_store() -> None:
    made = await serving()
    await made.ask(provided=(PROVIDED,))
    calls = len(made.store.deadlines)
    cached(await made.ask(provided=(PROVIDED,)))
    assert len(made.store.deadlines) == calls
    assert isinstance((await made.ask(provided=(replace(PROVIDED, title="Yours"),))).result, Answered)


async def test_a_passage_that_was_cut_for_the_prompt_is_held_against_the_store_whole() -> None:
    made = await serving(evidence_tokens=20, neighbours=0)
    first = await made.ask()
    assert isinstance(first.result, Answered)
    assert first.report.passages_cut == 1
    cached(await made.ask())


@pytest.mark.parametrize(
    ("allowed", "age", "served"),
    [(EVERYBODY, 30.0, True), (EVERYBODY, 90.0, False), (frozenset({"staff"}), 30.0, False)],
    ids=["open to the tenant", "too old", "open to some"],
)
async def test_while_the_store_is_down_only_documents_of_the_whole_tenant_are_shown(
    allowed: frozenset[str], age: float, *, served: bool
) -> None:
    made = await serving(cache_policy=replace(FRESH, without_store_max_age=60.0), allowed=allowed)
    await made.ask()
    made.clock.stepped += age
    made.store.failures = [Failure(Cause.STORE_UNAVAILABLE)] * 9
    outcome = await made.ask()
    assert isinstance(outcome.result, Cached) is served
    if served:
        assert not {CacheKey.CORPUS_VERSION, CacheKey.CITED_PASSAGES} & set(cached(outcome).keyed_on)
    else:
        assert outcome.report.cache_staleness is CacheStaleness.STORE_UNAVAILABLE


async def test_a_route_that_serves_none_looks_for_none() -> None:
    made = await serving(cache_policy=STANDS_IN)
    await made.ask()
    outcome = await made.ask()
    assert isinstance(outcome.result, Answered)
    assert outcome.report.cache is None
    assert Stage.CACHE not in {timing.stage for timing in outcome.report.stages}


async def test_a_cache_that_answers_nobody_costs_its_share_of_the_time_and_no_more() -> None:
    made = await serving(cache=HangingCache())
    before = made.clock.now()
    outcome = await made.ask()
    assert isinstance(outcome.result, Answered)
    assert made.clock.now() - before == pytest.approx(0.25 * 8.0, rel=0.1)


async def test_no_span_or_metric_holds_a_text() -> None:
    made = await serving()
    for _ in range(2):
        await made.ask()
    written = made.spans.everything()
    assert "lambda" not in written.lower()
    assert "naïve" not in written
