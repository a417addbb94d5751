"""The policy that is built in."""

from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.domain.deadline import Deadline, TimePlan
from groundwire_server.domain.policy import Policy

EXTRACTIVE = "extractive"
"""The model that the built-in route asks."""


def built_in_policy() -> Policy:
    return load(Sources()).configuration.routes["default"].policy("default")


def time_plan(seconds: float, arrived: float = 0.0) -> TimePlan:
    """How a call that has so many seconds is divided on a route whose times are not set otherwise."""
    return TimePlan(
        arrived, Deadline(arrived + seconds), retrieval_share=0.25, retrieval_max=2.0, first_token_share=0.5
    )
