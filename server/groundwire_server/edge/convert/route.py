"""Routes, as their callers see them."""

from groundwire.v1 import route_pb2
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.vocabulary import Confidence, ReleaseMinimum
from groundwire_server.edge.convert.durations import fill
from groundwire_server.edge.convert.words import BELOW_MINIMUM, CONFIDENCES, STREAM_MODES


def route_to_pb(policy: Policy) -> route_pb2.Route:
    """Write a route by the policy that holds for the caller's tenant."""
    message = route_pb2.Route(
        name=policy.route,
        models=policy.models,
        self_hosted_only=policy.self_hosted_only,
        mode=STREAM_MODES[policy.mode],
        require_verified=policy.release.minimum is ReleaseMinimum.VERIFIED,
        below_minimum=BELOW_MINIMUM[policy.release.below],
        allowed_confidence=[CONFIDENCES[word] for word in Confidence if word in policy.allowed_confidence],
        question_limit=policy.question_limit,
        answer_limit=policy.display_limit,
        top_k=policy.top_k,
        allow_alpha=policy.allow_alpha,
        queue=policy.queue,
        serves_cached=policy.cache is not None and policy.cache.serve_fresh,
    )
    fill(message.default_deadline, policy.default_deadline)
    fill(message.max_deadline, policy.max_deadline)
    fill(message.retry_window, policy.retry_window)
    return message
