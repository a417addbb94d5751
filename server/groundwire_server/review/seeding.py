"""Keeping an answer that a person has let leave, for calls that ask the same."""

from groundwire_server.domain.cached_answer import CachedAnswer
from groundwire_server.domain.case import Case
from groundwire_server.domain.erasure import end_user_hash
from groundwire_server.domain.outcome import Answered, Outcome
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.vocabulary import CacheAccept
from groundwire_server.ports.answer_cache import AnswerCache
from groundwire_server.ports.clock import Clock


async def seed(cache: AnswerCache | None, outcome: Outcome, case: Case, policy: Policy | None, clock: Clock) -> None:
    """Keep the answer of an outcome where its case would have been kept, if the route wants that.

    It is held to what is asked of every answer that is kept: it was answered whole, as the route accepts it, without a
    placeholder, over passages that are trusted. Whether a later caller may see what it cites is asked at each look-up.

    Args:
        cache: keeps answers; None where none is kept.
        outcome: that a person has decided.
        case: has the place that it is kept in.
        policy: of the route; None where that is gone.
        clock: the event loop's, and of the wall.
    """
    if cache is None or case.place is None or policy is None or policy.review is None or policy.cache is None:
        return
    result = outcome.result
    if not policy.review.seed_cache or not isinstance(result, Answered):
        return
    answer, today = result.answer, clock.today()
    accepted = answer.verified or policy.cache.accept is CacheAccept.ANSWERED
    if not accepted or answer.masks or outcome.report.guards_unavailable or not all(p.trusted for p in case.evidence):
        return
    kept = CachedAnswer(
        answer,
        case.place.stamp,
        today.timestamp(),
        case.evidence,
        case.subject,
        end_user_hash(case.tenant, case.question.end_user_id),
    )
    # What was erased since the question was asked may be in it.
    began = clock.now() - max(0.0, (today - case.asked).total_seconds())
    await cache.put(case.place.key, kept, began)
