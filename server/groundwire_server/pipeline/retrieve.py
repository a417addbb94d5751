"""Gathering what may hold the answer."""

from collections.abc import Sequence

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Evidence, Passage, Query, Scores
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.pipeline.relevance import relevance
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.stage import TimedStage
from groundwire_server.ports.reranker import Reranker
from groundwire_server.telemetry import names


async def retrieve(inquiry: Inquiry, ports: Ports, stage: TimedStage) -> Evidence:
    """Search the tenant's corpus, or take the caller's own passages, and rate what there is.

    Args:
        inquiry: the question, its caller and the route's limits.
        ports: the embedder, the store, the recheck of its access lists, and the reranker.
        stage: the stage that this runs in.

    Raises:
        Failure: of the store or the embedder.
    """
    found = await _found(inquiry, ports, stage)
    stage.note({names.PASSAGES_FOUND: len(found.passages), names.CORPUS_VERSION: found.corpus_version})
    return found


async def _found(inquiry: Inquiry, ports: Ports, stage: TimedStage) -> Evidence:
    question, caller, by = inquiry.question, inquiry.caller, stage.deadline
    if question.provided:
        return Evidence(await _rated(question.text, question.provided, ports.reranker, by))
    vector, known = None, 1.0
    if ports.embedder is not None:
        known = ports.embedder.known(question.text)
        if known:
            stage.timeout_cause = Cause.EMBEDDER_UNAVAILABLE
            (vector,) = await ports.embedder.embed([question.text], by, inquiry.requester)
    stage.timeout_cause = Cause.STORE_TIMEOUT
    query = Query(question.text, vector, question.top_k or inquiry.policy.top_k, question.filter, question.priority)
    found = await ports.retriever.search(caller, query, by)
    visible = ports.acl_recheck.visible(found, caller)
    return Evidence(await _rated(question.text, visible, ports.reranker, by, known), found.corpus_version)


async def _rated(
    question: str, passages: Sequence[Passage], reranker: Reranker | None, by: Deadline, known: float = 1.0
) -> tuple[Passage, ...]:
    """The passages with their relevance: in the reranker's order, or as they were found."""
    if reranker is not None and passages:
        ratings = await reranker.rate(question, [passage.text for passage in passages], by)
        if ratings is not None:
            rated = [_with(passage, rating) for passage, rating in zip(passages, ratings, strict=True)]
            return tuple(sorted(rated, key=lambda passage: -(passage.scores.relevance or 0.0)))
    ratings = relevance(question, passages, known)
    return tuple(_with(passage, rating) for passage, rating in zip(passages, ratings, strict=True))


def _with(passage: Passage, rating: float) -> Passage:
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
        Scores(scores.vector_similarity, scores.keyword, scores.fused, rating),
    )
