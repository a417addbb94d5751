"""Gathering what may hold the answer."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Evidence, Passage, Query, Scores
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.pipeline.ports import Ports
from groundwire_server.pipeline.relevance import relevance
from groundwire_server.pipeline.stage import Attributes
from groundwire_server.ports.reranker import Reranker
from groundwire_server.telemetry import names


async def retrieve(
    ask: Question, caller: Caller, policy: Policy, ports: Ports, waits: Callable[[Cause], None], by: Deadline
) -> Evidence:
    """Search the tenant's corpus, or take the caller's own passages, and rate what there is.

    Args:
        ask: the question.
        caller: who asks.
        policy: the route's limits.
        ports: the embedder, the store, the second look at what it returns, and who rates that.
        waits: is told what is to blame when the time runs out from here on.
        by: when the search must have finished.

    Raises:
        Failure: of the store or the embedder.
    """
    if ask.provided:
        return Evidence(await _rated(ask.text, ask.provided, ports.reranker, by))
    vector = None
    if ports.embedder is not None:
        waits(Cause.EMBEDDER_UNAVAILABLE)
        (vector,) = await ports.embedder.embed([ask.text], by)
    waits(Cause.STORE_TIMEOUT)
    query = Query(ask.text, vector, ask.top_k or policy.top_k, ask.filter)
    found = await ports.retriever.search(caller, query, by)
    visible = ports.acl_recheck.visible(found.passages, caller)
    return replace(found, passages=await _rated(ask.text, visible, ports.reranker, by))


def describe(found: Evidence) -> Attributes:
    """What a search says to the trace."""
    return {names.PASSAGES_FOUND: len(found.passages), names.CORPUS_VERSION: found.corpus_version}


async def _rated(
    question: str, passages: Sequence[Passage], reranker: Reranker | None, by: Deadline
) -> tuple[Passage, ...]:
    """The passages with their relevance: in the reranker's order, or as they were found."""
    if reranker is not None and passages:
        ratings = await reranker.rate(question, [passage.text for passage in passages], by)
        if ratings is not None:
            rated = [_with(passage, rating) for passage, rating in zip(passages, ratings, strict=True)]
            return tuple(sorted(rated, key=lambda passage: -(passage.scores.relevance or 0.0)))
    ratings = relevance(question, passages)
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
