"""The group of commands on prompts."""

from groundwire_server.cli.commands.group import Group
from groundwire_server.cli.prompts.diff import diff
from groundwire_server.cli.prompts.history import history
from groundwire_server.cli.prompts.init import init
from groundwire_server.cli.prompts.lint import lint
from groundwire_server.cli.prompts.list import list_prompts
from groundwire_server.cli.prompts.promote import promote, rollback
from groundwire_server.cli.prompts.push import push
from groundwire_server.cli.prompts.render import render
from groundwire_server.cli.prompts.show import show
from groundwire_server.cli.prompts.test import try_cases


def prompts_group() -> Group:
    """Return the group `prompts`."""
    return Group(
        "prompts",
        "Write, check and compare versions of prompts, and point labels at them.",
        {
            init: (
                "init",
                (
                    "groundwire prompts init",
                    "groundwire prompts init prompts --from answer/1.2.0 --as faq",
                ),
            ),
            list_prompts: (
                "list",
                ("groundwire prompts list", "groundwire prompts list --json | jq -r '.[].name'"),
            ),
            show: (
                "show",
                ("groundwire prompts show answer", "groundwire prompts show answer/1.2.0 --text > draft.jinja"),
            ),
            lint: (
                "lint",
                (
                    "groundwire prompts lint",
                    "groundwire prompts lint draft.jinja answer/1.2.0",
                    "groundwire prompts lint --strict --json | jq .templates",
                ),
            ),
            diff: (
                "diff",
                (
                    "groundwire prompts diff answer/1.2.0 answer/1.3.0",
                    "groundwire prompts diff answer draft.jinja --rendered",
                ),
            ),
            render: (
                "render",
                (
                    "groundwire prompts render answer",
                    "groundwire prompts render answer/1.3.0 --passages facts.jsonl",
                    "groundwire prompts render answer --message repair --json",
                ),
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
