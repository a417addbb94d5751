"""The group of commands on prompts."""

from groundwire_server.cli.commands.group import Group
from groundwire_server.cli.prompts.history import history
from groundwire_server.cli.prompts.list import list_prompts
from groundwire_server.cli.prompts.promote import promote, rollback
from groundwire_server.cli.prompts.push import push
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
            push: (
                "push",
                (
                    "groundwire prompts push prompts/answer/1.4.0.jinja --reason shorter",
                    "groundwire prompts push draft.jinja --as answer/1.4.0 --dry-run",
                ),
            ),
            promote: (
                "promote",
                (
                    "groundwire prompts promote answer/1.4.0 --label candidate",
                    "groundwire prompts promote answer/1.4.0 --reason 'it won'",
                    "groundwire prompts promote answer/1.4.0 --folder prompts",
                ),
            ),
            rollback: (
                "rollback",
                (
                    "groundwire prompts rollback answer --reason 'answers are too short'",
                    "groundwire prompts rollback answer --folder prompts",
                ),
            ),
            history: (
                "history",
                ("groundwire prompts history answer", "groundwire prompts history --json | jq -r .actor"),
            ),
        },
    )
