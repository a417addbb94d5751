"""The group of commands on tokens."""

from groundwire_server.cli.commands.group import Group
from groundwire_server.cli.tokens.calibrate import calibrate
from groundwire_server.cli.tokens.count import count


def tokens_group() -> Group:
    """Return the group `tokens`."""
    return Group(
        "tokens",
        "Count the tokens of texts for each model, and fit its estimate to its provider's count.",
        {
            count: (
                "count",
                (
                    "groundwire tokens count handbook.md",
                    "groundwire tokens count handbook.md faq.md --model gpt --config groundwire.yaml",
                    "groundwire tokens count - --model claude --json < prompt.txt | jq .tokens",
                ),
            ),
            calibrate: ("calibrate", ("groundwire tokens calibrate claude --config groundwire.yaml",)),
        },
    )
