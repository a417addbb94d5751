"""The group of commands on experiments."""

from groundwire_server.cli.commands.group import Group
from groundwire_server.cli.experiments.init import init


def experiments_group() -> Group:
    """Return the group `experiments`."""
    return Group(
        "experiments",
        "Split the traffic of a route over prompts, models or settings, and compare them.",
        {
            init: (
                "init",
                ("groundwire experiments init", "groundwire experiments init shorter-prompt.yaml"),
            ),
        },
    )
