"""The policy that is built in."""

from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.domain.policy import Policy

EXTRACTIVE = "extractive"
"""The model that the built-in route asks."""


def built_in_policy() -> Policy:
    return load(Sources()).configuration.routes["default"].policy("default")
