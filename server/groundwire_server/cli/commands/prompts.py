"""The group of commands on prompts."""

from groundwire_server.cli.commands.group import Group
from groundwire_server.cli.prompts.list import list_prompts
from groundwire_server.cli.prompts.test import try_cases


def prompts_group() -> Group:
    """Return the group `prompts`."""
    return Group(
        "prompts",
        "Write, check and compare versions of prompts, and point labels at them.",
        {
            list_prompts: (
                "list",
                ("groundwire prompts list", "groundwire prompts list --json | jq -r '.[].name'"),
            ),
            try_cases: (
                "test",
                (
                    "groundwire prompts test --init cases.yaml",
                    "groundwire prompts test cases.yaml --live --recorded outputs/",
                    "groundwire prompts test cases.yaml --recorded outputs/ --junit prompts.xml",
                    "groundwire prompts test cases.yaml --prompt answer/candidate --live",
                ),
            ),
        },
    )
