"""The third path: a text of the caller's own, checked sentence by sentence, reading downwards."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from groundwire_server.domain.answer import CheckedSentence, Citation, Span
from groundwire_server.domain.batches import batched
from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.evidence import Evidence, Passage
from groundwire_server.domain.grounding import GroundedSentence, GroundingSummary
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.text.words import content_words
from groundwire_server.domain.vocabulary import Stage, Verdict
from groundwire_server.pipeline.consult import Consultation, JudgedSentence
from groundwire_server.pipeline.normalize import check_search, normalize_question
from groundwire_server.pipeline.retrieve import retrieve
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.screening.evidence import EvidenceScreening
from groundwire_server.pipeline.screening.question import screen_question
from groundwire_server.pipeline.source_index import SourceIndex
from groundwire_server.pipeline.stage import StageRunner, TimedStage
from groundwire_server.pipeline.support import Source, check_sentence
from groundwire_server.ports.grounding import SentenceSink
from groundwire_server.ports.threads import Threads
from groundwire_server.telemetry import names

SEARCHES = 8
"""How many sentences are searched for at once; each is compared with what is found for any of them."""

_ASKED_TOGETHER = 16
"""How many sentences a checker is asked about at once: the first verdicts need not wait for the last."""

_SHORT = 3
"""A sentence of fewer content words ("Yes.", "In 1913.") is searched for with the question that it answers."""


async def check_grounding(
    text: str, inquiry: Inquiry, ports: Ports, run: StageRunner, threads: Threads, sink: SentenceSink
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
        Failure: of the store, the embedder or a guard, CAPACITY_EXHAUSTED when its turn in the thread comes too late,
            or TIME_EXHAUSTED.
    """
    with run.compute(Stage.NORMALIZE):
        check_search(inquiry, "search")
        if inquiry.question.text:
            inquiry = normalize_question(inquiry, "question")
        split = partial(statements_of, text, inquiry.question.text)
        statements = await threads.run(inquiry.requester, run.plan.answer_by, split)
    screening = EvidenceScreening(inquiry, ports, run)
    await screen_question(inquiry, ports, run)
    checked: list[CheckedSentence] = []
    if inquiry.question.provided:
        provided = await screening.passages(inquiry.question.provided)
        checked += await _check(statements, provided, inquiry, ports, run, threads, sink)
    else:
        searched: dict[str, Passage] = {}
        for group in batched(((statement, 1) for statement in statements), SEARCHES, SEARCHES):
            found, passages = await _search(group, inquiry, ports, run)
            passages = await screening.passages(passages)
            # For their number and relevance alone: their texts need not stay until the last sentence was checked.
            searched |= {passage.chunk_id: replace(passage, text="") for passage in passages}
            run.report.found = list(searched.values())
            checked += await _check(found, passages, inquiry, ports, run, threads, sink)
    return GroundingSummary.of(checked, run.report.build(run.now()))


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of the text.

    Attributes:
        query: what evidence for it is searched for with; empty when it has no word to search for.
        words: the content words of the query.
        found: the ids of the passages that a search found for it, best first.
    """

    text: str
    span: Span
    query: str
    words: frozenset[str]
    found: tuple[str, ...] = ()


def statements_of(text: str, question: str) -> list[Statement]:
    """Return the sentences of a text, in order.

    Args:
        text: as it was sent.
        question: that it answers; empty without one.
    """
    spans = sentences(text)
    asked = content_words(question)
    statements: list[Statement] = []
    for (start, end), span in zip(spans, Span.each_within(text, spans), strict=True):
        said = text[start:end]
        words = content_words(said)
        query = said if words else ""
        if asked and len(words) < _SHORT:
            query, words = f"{question} {said}", words | asked
        statements.append(Statement(said, span, query, words))
    return statements


def judge_statement(statement: Statement, index: SourceIndex, rules: RuleChecker, question: str) -> JudgedSentence:
    """Return the rules' verdict on a sentence by the sources closest to it.

    Args:
        statement: the sentence.
        index: the sources.
        rules: judge what is not word for word.
        question: that the text answers; empty without one.
    """
    sources = index.closest(statement.words, statement.found)
    # By itself, and placed in the text afterwards: to count from the text's beginning again and again takes long.
    alone = check_sentence(statement.text, statement.text, 0, sources, rules, question)
    return JudgedSentence(statement.text, tuple(sources), alone)


def ground(
    statement: Statement, sources: Sequence[Source], checked: CheckedSentence, min_support: float
) -> GroundedSentence:
    """Return a sentence with its verdict, and the sources that carry it as its citations.

    Args:
        statement: the sentence.
        sources: it was held against.
        checked: by itself.
        min_support: a sentence that is supported less is not.
    """
    verdict, carrying = checked.verdict, checked.citations
    if verdict is Verdict.CONSISTENT and checked.support < min_support:
        verdict, carrying = Verdict.UNSUPPORTED, ()
    citations = tuple(
        Citation(sources[place].passage, quote, statement.span)
        for place in carrying
        if (quote := sources[place].quote(statement.query))
    )
    placed = checked.placed(statement.span)
    return GroundedSentence(replace(placed, verdict=verdict, citations=tuple(range(len(citations)))), citations)


async def _check(
    statements: Sequence[Statement],
    passages: Sequence[Passage],
    inquiry: Inquiry,
    ports: Ports,
    run: StageRunner,
    threads: Threads,
    sink: SentenceSink,
) -> list[CheckedSentence]:
    """Check sentences against passages, and give each to the sink."""
    index = SourceIndex()
    checked: list[CheckedSentence] = []
    if not statements:
        return checked
    question, policy = inquiry.question.text, inquiry.policy
    consultation = Consultation(ports.checker, policy, inquiry.requester, question, ports.rules)
    together = _ASKED_TOGETHER if ports.checker is not None else 1
    async with run.stage(Stage.CHECK) as stage:
        stage.note({names.SENTENCES_CHECKED: len(statements), names.SOURCES: len(passages)})
        for passage in passages:
            await threads.run(inquiry.requester, stage.deadline, partial(index.add, passage))
        for group in batched(((statement, 1) for statement in statements), together, together):
            judged = [
                await threads.run(
                    inquiry.requester,
                    stage.deadline,
                    partial(judge_statement, statement, index, ports.rules, question),
                )
                for statement in group
            ]
            settled = await consultation.settle(judged, run)
            for statement, each, sentence in zip(group, judged, settled, strict=True):
                placing = partial(ground, statement, each.cited, sentence, policy.min_support)
                grounded = await threads.run(inquiry.requester, stage.deadline, placing)
                run.report.judged(grounded.sentence)
                with stage.untimed():
                    await sink.emit(grounded)
                checked.append(grounded.sentence)
    return checked


async def _search(
    statements: Sequence[Statement], inquiry: Inquiry, ports: Ports, run: StageRunner
) -> tuple[list[Statement], Sequence[Passage]]:
    """Return sentences with what was found for each, and all passages found, each once."""
    async with run.stage(Stage.RETRIEVE) as stage:
        results = await _search_each([statement.query for statement in statements], inquiry, ports, stage, run)
        passages = {passage.chunk_id: passage for result in results for passage in result.passages}
        stage.note({names.PASSAGES_FOUND: len(passages)})
    run.report.corpus_version = next(
        (result.corpus_version for result in results if result.corpus_version), run.report.corpus_version
    )
    found = [
        replace(statement, found=tuple(passage.chunk_id for passage in result.passages))
        for statement, result in zip(statements, results, strict=True)
    ]
    return found, tuple(passages.values())


async def _search_each(
    queries: Sequence[str], inquiry: Inquiry, ports: Ports, stage: TimedStage, run: StageRunner
) -> Sequence[Evidence]:
    """Return what is found for each query, all at once; nothing for an empty one. The first failure ends the others."""
    # A sentence is compared with all that is found for it, in any order: a call of the reranker would change nothing.
    unranked = replace(ports, reranker=None)

    async def search(query: str) -> Evidence:
        asked = replace(inquiry.question, text=query)
        return await retrieve(replace(inquiry, question=asked), unranked, stage, run) if query else Evidence()

    searches = [asyncio.ensure_future(search(query)) for query in queries]
    try:
        return await asyncio.gather(*searches)
    except BaseException:
        for each in searches:
            each.cancel()
        await asyncio.gather(*searches, return_exceptions=True)
        raise
