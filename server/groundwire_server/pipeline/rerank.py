"""Asking the route's reranker about the passages that were found."""

import asyncio
from collections.abc import Sequence
from math import isfinite
from typing import Final

from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.reranking import RerankRequest
from groundwire_server.domain.vocabulary import Cause, Purpose
from groundwire_server.pipeline.stage import StageRunner, TimedStage
from groundwire_server.ports.reranker import Reranker
from groundwire_server.telemetry import names

_GRACE: Final = 0.02
"""Seconds after its deadline in which a reranker may still say why it failed, and what it consumed."""


async def rate_passages(
    passages: Sequence[Passage], inquiry: Inquiry, reranker: Reranker, stage: TimedStage, run: StageRunner
) -> Sequence[float] | None:
    """Return the reranker's rating of each passage, within its share of the time that retrieval has left.

    It raises nothing: a search without its second opinion is better than none.

    Args:
        passages: which the caller may see.
        inquiry: the question, on a route with a policy for reranking.
        reranker: of the route.
        stage: takes why there are no ratings.
        run: has the allowance, and takes what the reranker consumed.

    Returns:
        The ratings, 0 to 1, in order; None when the reranker failed or was late.
    """
    policy = inquiry.policy.rerank
    if policy is None or not passages:
        return None
    texts = tuple(passage.text for passage in passages)
    request = RerankRequest(inquiry.requester, inquiry.question.searched, texts, run.allowance)
    rate_by = policy.rate_by(asyncio.get_running_loop().time(), stage.deadline)
    usage = Usage()
    try:
        # An adapter keeps its deadline; one that does not must not keep the search.
        async with asyncio.timeout_at(rate_by.at + min(_GRACE, (stage.deadline.at - rate_by.at) / 2)):
            reply = await reranker.rate(request, rate_by)
        usage, ratings = reply.usage, reply.ratings
        if len(ratings) == len(texts) and all(isfinite(rating) and 0 <= rating <= 1 for rating in ratings):
            stage.note({names.RERANKER: reranker.name, names.RERANKER_TEXTS: len(texts)})
            return ratings
        cause = Cause.MODEL_MISCONFIGURED
    except TimeoutError:
        cause = Cause.MODEL_TIMEOUT
    except ChargedFailure as failure:
        usage, cause = failure.usage, failure.cause
    except Failure as failure:
        cause = failure.cause
    finally:
        if usage != Usage():
            run.report.consumed(reranker.name, Purpose.RERANK, usage)
    stage.note({names.RERANKER: reranker.name, names.RERANKER_CAUSE: cause.value})
    return None
