"""The group of commands on experiments."""

from groundwire_server.cli.commands.group import Group
from groundwire_server.cli.experiments.init import init
from groundwire_server.cli.experiments.show import show


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
            show: (
                "show",
                (
                    "groundwire experiments show shorter-prompt",
                    "groundwire experiments show shorter-prompt --metric abstained --detect 0.01",
                    "groundwire experiments show shorter-prompt --html readout.html",
                ),
            ),
        },
    )
