"""The group of commands on experiments."""

from groundwire_server.cli.commands.group import Group
from groundwire_server.cli.experiments.apply import apply
from groundwire_server.cli.experiments.end import end
from groundwire_server.cli.experiments.init import init
from groundwire_server.cli.experiments.list import list_experiments
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
            apply: (
                "apply",
                (
                    "groundwire experiments apply shorter-prompt.yaml --dry-run",
                    "groundwire experiments apply shorter-prompt.yaml --reason 'costs less'",
                    "groundwire experiments apply e.yaml --json | jq -r .experiment.etag",
                ),
            ),
            list_experiments: (
                "list",
                (
                    "groundwire experiments list",
                    "groundwire experiments list --route faq --json | jq -r .name",
                ),
            ),
            show: (
                "show",
                (
                    "groundwire experiments show shorter-prompt",
                    "groundwire experiments show shorter-prompt --metric abstained --detect 0.01",
                    "groundwire experiments show shorter-prompt --html readout.html",
                ),
            ),
            end: (
                "end",
                (
                    "groundwire experiments end shorter-prompt --reason 'promoted'",
                    "groundwire experiments end shorter-prompt --arm candidate",
                ),
            ),
        },
    )
