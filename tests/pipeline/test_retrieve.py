import asyncio
import logging
from dataclasses import fields, replace

import pytest

from groundwire_server.adapters.prompts.catalogue import built_in_prompts
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import PassageKind, Place
from groundwire_server.domain.evidence import Evidence, Passage, Query, Scores
from groundwire_server.domain.filters import Equals
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Stage
from groundwire_server.pipeline.acl_recheck import AclRecheck
from groundwire_server.pipeline.report import ReportBuilder
from groundwire_server.pipeline.retrieve import retrieve
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.stage import StageRunner
from groundwire_server.telemetry import metrics, names
from tests.doubles.counts import Counts
from tests.doubles.embedder import HashingEmbedder
from tests.doubles.spans import Spans
from tests.doubles.store import SearchAlone
from tests.doubles.time import LoopTime
from tests.pipeline.samples import ALICE, RULES, ask, passage, policy


class Fixed(SearchAlone):
    """A store that returns what it was made with, whoever asks."""

    def __init__(self, *found: Evidence) -> None:
        self.queries: list[Query] = []
        self._found = found[0] if found else Evidence()

    async def search(self, caller: Caller, query: Query, deadline: Deadline) -> Evidence:
        self.queries.append(query)
        return self._found


async def _retrieve(
    store: Fixed,
    asked: Question,
    *,
    embedded: bool = True,
    known: float = 1.0,
    counts: Counts | None = None,
    spans: Spans | None = None,
    report: ReportBuilder | None = None,
) -> Evidence:
    embedder = HashingEmbedder()
    embedder.share = known
    ports = Ports(
        store,
        embedder if embedded else None,
        built_in_prompts(),
        {},
        AclRecheck(counts or Counts()),
        RULES,
    )
    inquiry = Inquiry(asked, ALICE, policy(), asyncio.get_running_loop().time(), NEVER)
    report = report or ReportBuilder("", "", "", inquiry.arrived)
    run = StageRunner(inquiry.time_plan(), LoopTime(), (spans or Spans()).tracer, report)
    async with run.stage(Stage.RETRIEVE) as stage:
        return await retrieve(inquiry, ports, stage, run)


async def test_a_store_that_errs_puts_no_secret_into_a_prompt(caplog: pytest.LogCaptureFixture) -> None:
    secret = passage("secret", "Lambda expressions are secret.", allowed=frozenset({"board"}))
    nobody = passage("nobody", "Lambda expressions are nobody's.", allowed=frozenset())
    shown = passage("shown", "Lambda expressions are shown.", allowed=frozenset({"staff"}))
    counts, spans = Counts(), Spans()
    store = Fixed(Evidence((secret, nobody, shown), "v1"))
    with caplog.at_level(logging.ERROR, "groundwire.security"):
        found = await _retrieve(store, ask(), counts=counts, spans=spans)
    assert [p.chunk_id for p in found.passages] == ["shown"]
    (record,) = caplog.records
    assert vars(record)["dropped"] == 2
    assert "secret" not in record.getMessage()
    assert counts.of(metrics.PASSAGES_DROPPED) == 2
    assert spans.attributes("groundwire.retrieve")[names.PASSAGES_DROPPED] == 2


async def test_what_was_searched_in_place_of_the_question_rates_the_passages() -> None:
    shown = passage("shown", "Lambda expressions are shown.", allowed=frozenset({"staff"}))
    asked, spans, report = ask(text="What are lambada expresions?"), Spans(), ReportBuilder("", "", "", 0.0)
    corrected = Fixed(Evidence((shown,), "v1", searched="What are lambda expressions?"))
    as_asked = await _retrieve(Fixed(Evidence((shown,), "v1")), asked, embedded=False)
    found = await _retrieve(corrected, asked, embedded=False, spans=spans, report=report)
    assert found.searched == report.searched_question == "What are lambda expressions?"
    assert (found.passages[0].scores.relevance or 0.0) > (as_asked.passages[0].scores.relevance or 1.0)
    assert spans.attributes("groundwire.retrieve")[names.QUESTION_CORRECTED] is True


async def test_what_a_change_of_the_corpus_explains_is_counted_and_no_alarm(caplog: pytest.LogCaptureFixture) -> None:
    secret = passage("secret", "Lambda expressions are secret.", allowed=frozenset({"board"}))
    counts = Counts()
    with caplog.at_level(logging.INFO):
        found = await _retrieve(Fixed(Evidence((secret,), "v1", overtaken=True)), ask(), counts=counts)
    assert found.passages == ()
    assert caplog.records == []
    assert counts.of(metrics.PASSAGES_OVERTAKEN) == 1
    assert counts.of(metrics.PASSAGES_DROPPED) == 0


async def test_a_store_that_does_not_err_is_counted_as_0() -> None:
    counts, spans = Counts(), Spans()
    shown = passage("shown", "Lambda expressions are shown.", allowed=frozenset({"staff"}))
    assert (await _retrieve(Fixed(Evidence((shown,), "v1")), ask(), counts=counts, spans=spans)).passages
    assert counts.of(metrics.PASSAGES_DROPPED) == 0
    assert names.PASSAGES_DROPPED not in spans.attributes("groundwire.retrieve")


async def test_asks_for_what_the_call_or_else_the_route_wants() -> None:
    store = Fixed()
    await _retrieve(store, ask())
    await _retrieve(store, ask(top_k=3, filter=Equals("k", True)))
    assert [(query.top_k, query.filter) for query in store.queries] == [(8, None), (3, Equals("k", True))]
    assert all(query.vector is not None for query in store.queries)


async def test_without_an_embedder_the_search_is_by_keyword_alone() -> None:
    store = Fixed()
    await _retrieve(store, ask(), embedded=False)
    assert store.queries[0].vector is None


async def test_the_callers_own_passages_are_rated_and_not_searched_for() -> None:
    store = Fixed()
    found = await _retrieve(
        store, ask(provided=(passage("mine", "A lambda expression yields a function.", relevance=None),))
    )
    assert not store.queries
    assert found.passages[0].scores.relevance


async def test_all_that_is_known_of_a_passage_is_kept() -> None:
    whole = Passage(
        "c1",
        "Rain.",
        "d1",
        "Weather",
        "https://example.com/rain",
        3,
        7,
        {"lang": "en"},
        frozenset({"staff"}),
        Scores(0.5, 2.5, 0.75),
        Place(("Weather", "Rain"), 4, PassageKind.TABLE),
    )
    later = {"neighbour", "flags", "trusted"}  # nothing that a search finds has these
    assert all(getattr(whole, each.name) != each.default for each in fields(Passage) if each.name not in later)
    (kept,) = (await _retrieve(Fixed(Evidence((whole,))), ask())).passages
    assert kept == replace(whole, scores=replace(whole.scores, relevance=kept.scores.relevance))


async def test_a_question_that_the_embedder_does_not_know_is_searched_by_its_words_alone() -> None:
    alike = replace(passage("c1", "Rain."), scores=Scores(vector_similarity=1.0))
    store = Fixed(Evidence((alike,)))
    unknown = await _retrieve(store, ask("🙂🙂🙂"), known=0.0)
    assert store.queries[-1].vector is None
    assert (unknown.passages[0].scores.relevance or 0.0) < 0.1
    partly, whole = [(await _retrieve(store, ask("🙂🙂🙂"), known=share)).passages[0] for share in (0.4, 1.0)]
    assert (partly.scores.relevance or 0.0) < 0.5 < (whole.scores.relevance or 0.0)
