"""Gathering what may hold the answer."""

from collections.abc import Sequence
from dataclasses import replace

from groundwire_server.domain.evidence import Evidence, Passage, Query, Scores
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.pipeline.relevance import relevance
from groundwire_server.pipeline.rerank import rate_passages
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.stage import StageRunner, TimedStage
from groundwire_server.telemetry import names


async def retrieve(inquiry: Inquiry, ports: Ports, stage: TimedStage, run: StageRunner) -> Evidence:
    """Search the tenant's corpus, or take the caller's own passages, and rate what there is.

    Args:
        inquiry: the question, its caller and the route's limits.
        ports: the embedder, the store, the recheck of its access lists, and the reranker.
        stage: the stage that this runs in.
        run: has what models may consume for the call, and takes what the reranker did.

    Raises:
        Failure: of the store or the embedder.
    """
    found = await _found(inquiry, ports, stage, run)
    stage.note({names.PASSAGES_FOUND: len(found.passages), names.CORPUS_VERSION: found.corpus_version})
    if found.searched:
        stage.note({names.QUESTION_CORRECTED: True})
        run.report.searched_question = found.searched
    return found


def as_searched(inquiry: Inquiry, found: Evidence) -> Inquiry:
    """Return the inquiry with what the search tells of the question: typing errors, and words that no document has."""
    if not found.searched and found.unknown is None:
        return inquiry
    question = inquiry.question
    asked = replace(question, standalone=found.searched or question.standalone, unknown=found.unknown)
    return replace(inquiry, question=asked)


async def _found(inquiry: Inquiry, ports: Ports, stage: TimedStage, run: StageRunner) -> Evidence:
    question, policy, caller, by = inquiry.question, inquiry.policy, inquiry.caller, stage.deadline
    if question.provided:
        ranked = await _ranked(question.provided, inquiry, ports, stage, run)
        return Evidence(_measured(question.searched, ranked))
    vector, known = None, 1.0
    if ports.embedder is not None:
        known = ports.embedder.known(question.searched)
        if known:
            stage.timeout_cause = Cause.EMBEDDER_UNAVAILABLE
            (vector,) = await ports.embedder.embed([question.searched], by, inquiry.requester)
    stage.timeout_cause = Cause.STORE_TIMEOUT
    top_k = question.top_k or policy.top_k
    rerank = None if ports.reranker is None else policy.rerank
    candidates = top_k if rerank is None else max(top_k, rerank.candidates)
    query = Query(question.searched, vector, candidates, question.filter, question.priority, question.alpha)
    found = await ports.retriever.search(caller, query, by)
    visible = ports.acl_recheck.visible(found, caller)
    inquiry = as_searched(inquiry, found)
    ranked = await _ranked(visible, inquiry, ports, stage, run)
    measured = _measured(inquiry.question.searched, ranked[:top_k], known)
    return Evidence(measured, found.corpus_version, searched=found.searched, unknown=found.unknown)


async def _ranked(
    passages: Sequence[Passage], inquiry: Inquiry, ports: Ports, stage: TimedStage, run: StageRunner
) -> Sequence[tuple[Passage, float | None]]:
    """Return the passages with their ratings, the best first; without a reranker's, as they were found."""
    ratings = None
    if ports.reranker is not None:
        ratings = await rate_passages(passages, inquiry, ports.reranker, stage, run)
    if ratings is None:
        return [(passage, None) for passage in passages]
    rated = zip(passages, ratings, strict=True)
    return sorted(rated, key=lambda each: -each[1])


def _measured(question: str, ranked: Sequence[tuple[Passage, float | None]], known: float = 1.0) -> tuple[Passage, ...]:
    """Return the passages with their relevance, in the order that they have."""
    measures = relevance(question, [passage for passage, _ in ranked], known)
    return tuple(_with(passage, measure, rating) for (passage, rating), measure in zip(ranked, measures, strict=True))


def _with(passage: Passage, measure: float, rating: float | None) -> Passage:
    scores = passage.scores
    # Written out: `replace` costs three times as much, and this is done for every passage of every search.
    return Passage(
        passage.chunk_id,
        passage.text,
        passage.document_id,
        passage.title,
        passage.source_uri,
        passage.ordinal,
        passage.revision,
        passage.metadata,
        passage.allowed_principals,
        Scores(scores.vector_similarity, scores.keyword, scores.fused, measure, rating),
        passage.place,
    )
