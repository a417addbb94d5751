"""Groups of commands on answers: those that come later, decisions of people, and feedback."""

from groundwire_server.cli import audit
from groundwire_server.cli.commands.group import Group
from groundwire_server.cli.feedback import commands as feedback
from groundwire_server.cli.operations import commands as operations
from groundwire_server.cli.reviews import commands as reviews


def operations_group() -> Group:
    """Return the group `operations`."""
    name = "5b1e5b1e5b1e5b1e5b1e5b1e5b1e5b1e"
    return Group(
        "operations",
        "List, follow and end questions that are answered later, and look after those that are halted.",
        {
            operations.list_: (
                "list",
                (
                    "groundwire operations list",
                    "groundwire operations list --state queued --state running",
                    "groundwire operations list --json | jq -r .name",
                ),
            ),
            operations.show: (
                "show",
                (f"groundwire operations show {name}", f"groundwire operations show {name} --json"),
            ),
            operations.wait: (
                "wait",
                (f"groundwire operations wait {name}", f"groundwire operations wait {name} --timeout 60"),
            ),
            operations.watch: ("watch", (f"groundwire operations watch {name}",)),
            operations.cancel: ("cancel", (f"groundwire operations cancel {name}",)),
            operations.delete: ("delete", (f"groundwire operations delete {name}",)),
            operations.halted: (
                "halted",
                ("groundwire operations halted", "groundwire operations halted | cut -f 1"),
            ),
            operations.requeue: (
                "requeue",
                (
                    f"groundwire operations requeue {name}",
                    "groundwire operations requeue $(groundwire operations halted | cut -f 1)",
                ),
            ),
        },
    )


def reviews_group() -> Group:
    """Return the group `reviews`."""
    return Group(
        "reviews",
        "Decide which answers leave: list, show, claim, approve, edit and reject those that wait for a person.",
        {
            reviews.list_: (
                "list",
                (
                    "groundwire reviews list",
                    "groundwire reviews list --kind sample --route faq",
                    "groundwire reviews list --all --newest --limit 20",
                    "groundwire reviews list --json | jq -r .ticket",
                ),
            ),
            reviews.show: (
                "show",
                ("groundwire reviews show 7f3a09c2", "groundwire reviews show 7f3a09c2 --full --json"),
            ),
            reviews.claim: (
                "claim",
                ("groundwire reviews claim 7f3a09c2", "groundwire reviews claim 7f3a09c2 --lease 3600"),
            ),
            reviews.release: ("release", ("groundwire reviews release 7f3a09c2",)),
            reviews.approve: (
                "approve",
                (
                    "groundwire reviews approve 7f3a09c2",
                    "groundwire reviews approve 7f3a09c2 --note 'as the handbook says'",
                ),
            ),
            reviews.edit: (
                "edit",
                (
                    "groundwire reviews edit 7f3a09c2",
                    "groundwire reviews edit 7f3a09c2 --text answer.md --wrong 2",
                    "groundwire reviews edit 7f3a09c2 --text answer.md --yes --json",
                ),
            ),
            reviews.reject: (
                "reject",
                (
                    "groundwire reviews reject 7f3a09c2 --fault unsafe",
                    "groundwire reviews reject 7f3a09c2 --fault outdated --note 'changed in May'",
                ),
            ),
            reviews.watch: (
                "watch",
                ("groundwire reviews watch", "groundwire reviews watch --kind approval --json | jq -r .ticket"),
            ),
            reviews.next_: (
                "next",
                ("groundwire reviews next", "groundwire reviews next --kind sample --once"),
            ),
        },
    )


def audit_group() -> Group:
    """Return the group `audit`."""
    return Group(
        "audit",
        "Show who has decided what, and verify that the trail is as it was written.",
        {
            audit.list_: (
                "list",
                (
                    "groundwire audit list",
                    "groundwire audit list --target reviews/7f3a09c2",
                    "groundwire audit list --json | jq -r .event",
                ),
            ),
            audit.verify: (
                "verify",
                ("groundwire audit verify", 'groundwire audit verify --known "$(cat audit-head)"'),
            ),
            audit.head: ("head", ("groundwire audit head > audit-head",)),
        },
    )


def feedback_group() -> Group:
    """Return the group `feedback`."""
    return Group(
        "feedback",
        "List what callers have said of answers, and export answers that people have judged.",
        {
            feedback.list_: (
                "list",
                (
                    "groundwire feedback list",
                    "groundwire feedback list --rating down --route faq",
                    "groundwire feedback list --json | jq -r .comment",
                ),
            ),
            feedback.export: (
                "export",
                (
                    "groundwire feedback export cases.jsonl --since 30d",
                    "groundwire feedback export statements.json --format statements",
                    "groundwire feedback export questions.jsonl --format questions --route faq",
                ),
            ),
        },
    )
