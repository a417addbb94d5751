"""The third path: a text of the caller's own, checked sentence by sentence, reading downwards."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from groundwire_server.domain.answer import CheckedSentence, Citation, Span
from groundwire_server.domain.batches import batched
from groundwire_server.domain.evidence import Evidence, Passage
from groundwire_server.domain.grounding import GroundedSentence, GroundingSummary
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.text.words import content_words
from groundwire_server.domain.vocabulary import Stage, Verdict
from groundwire_server.pipeline.normalize import normalize_question
from groundwire_server.pipeline.retrieve import retrieve
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.source_index import SourceIndex
from groundwire_server.pipeline.stage import StageRunner, TimedStage
from groundwire_server.pipeline.support import check_sentence
from groundwire_server.ports.grounding import SentenceSink
from groundwire_server.telemetry import names

SEARCHES = 8
"""How many sentences are searched for at once; they share what is found."""

_SHORT = 3
"""A sentence of fewer content words ("Yes.", "In 1913.") is searched for with the question that it answers."""


async def check_grounding(
    text: str, inquiry: Inquiry, ports: Ports, run: StageRunner, threads: Executor, sink: SentenceSink
) -> GroundingSummary:
    """Give every sentence of a text its verdict, in order, and return what they come to.

    Whatever takes the processor's time is done in a thread, in steps of one sentence or one passage: between two steps
    the event loop is free, other checks take their turn, and a cancelled check ends.

    Args:
        text: to be checked.
        inquiry: the question that the text answers, if there is one, with the caller's own passages, if there are any.
        ports: the dependencies of its route.
        run: runs the stages and keeps the report.
        threads: where sentences are checked.
        sink: takes each sentence.

    Raises:
        Rejection: INVALID_REQUEST when the question is invalid.
        Failure: of the store or the embedder, or TIME_EXHAUSTED.
    """
    loop = asyncio.get_running_loop()
    with run.compute(Stage.NORMALIZE):
        if inquiry.question.text:
            inquiry = normalize_question(inquiry, "question")
        claims = await loop.run_in_executor(threads, claims_of, text, inquiry.question.text)
    checked: list[CheckedSentence] = []
    provided = inquiry.question.provided
    found: dict[str, Passage] = {}
    for group in batched(((claim, 1) for claim in claims), len(claims) if provided else SEARCHES, len(claims)):
        evidence: Sequence[Passage] = provided
        if not provided:
            async with run.stage(Stage.RETRIEVE) as stage:
                evidence = await _search(group, inquiry, ports, run, stage)
            found.update((passage.chunk_id, replace(passage, text="")) for passage in evidence)
        async with run.stage(Stage.CHECK) as stage:
            index = SourceIndex()
            for passage in evidence:
                await loop.run_in_executor(threads, index.add, passage)
            for claim in group:
                grounded = await loop.run_in_executor(threads, check_claim, claim, index, inquiry.policy.min_support)
                with stage.untimed():
                    await sink.emit(grounded)
                checked.append(grounded.sentence)
            stage.note({names.SENTENCES_CHECKED: len(group), names.SOURCES: len(evidence)})
    run.report.found = tuple(found.values())
    return GroundingSummary.of(checked, run.report.build(run.now()))


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of the text.

    Attributes:
        query: what evidence for it is searched for with; empty when it has no word to search for.
        words: the content words of the query.
    """

    text: str
    span: Span
    query: str
    words: frozenset[str]


def claims_of(text: str, question: str) -> list[Claim]:
    """Return the sentences of a text, in order."""
    spans = sentences(text)
    asked = content_words(question)
    claims: list[Claim] = []
    for (start, end), span in zip(spans, Span.each_within(text, spans), strict=True):
        said = text[start:end]
        words = content_words(said)
        query = said if words else ""
        if asked and len(words) < _SHORT:
            query, words = f"{question} {said}", words | asked
        claims.append(Claim(said, span, query, words))
    return claims


def check_claim(claim: Claim, index: SourceIndex, min_support: float) -> GroundedSentence:
    """Return a sentence with its verdict by the sources closest to it, and those that carry it as its citations.

    Args:
        claim: the sentence.
        index: the sources.
        min_support: support below which no sentence stands, 0 to 1.
    """
    sources = index.closest(claim.words)
    checked = check_sentence(claim.text, claim.span, sources)
    if checked.verdict is Verdict.CONSISTENT and checked.support < min_support:
        checked = replace(checked, verdict=Verdict.UNSUPPORTED, citations=())
    citations = tuple(
        Citation(sources[carrying].passage, quote, claim.span)
        for carrying in checked.citations
        if (quote := sources[carrying].quote(claim.text))
    )
    return GroundedSentence(replace(checked, citations=tuple(range(len(citations)))), citations)


async def _search(
    claims: Sequence[Claim], inquiry: Inquiry, ports: Ports, run: StageRunner, stage: TimedStage
) -> Sequence[Passage]:
    """Return what is found for some sentences, each passage once."""
    found: dict[str, Passage] = {}
    for evidence in await _search_each([claim.query for claim in claims if claim.query], inquiry, ports, stage):
        run.report.corpus_version = evidence.corpus_version
        found.update((passage.chunk_id, passage) for passage in evidence.passages)
    stage.note({names.PASSAGES_FOUND: len(found)})
    return tuple(found.values())


async def _search_each(queries: Sequence[str], inquiry: Inquiry, ports: Ports, stage: TimedStage) -> Sequence[Evidence]:
    searches = [
        asyncio.ensure_future(retrieve(replace(inquiry, question=replace(inquiry.question, text=query)), ports, stage))
        for query in queries
    ]
    try:
        return await asyncio.gather(*searches)
    except BaseException:
        for search in searches:
            search.cancel()
        await asyncio.gather(*searches, return_exceptions=True)
        raise
