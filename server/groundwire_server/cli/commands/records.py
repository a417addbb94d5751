"""Groups of commands on what a server keeps of its calls: records, recordings, their database, and earlier answers."""

from groundwire_server.cli import cache, db, records
from groundwire_server.cli.commands.group import Group
from groundwire_server.cli.recordings import commands as recordings


def records_group() -> Group:
    """Return the group `records`."""
    return Group(
        "records",
        "Erase queued questions and kept answers.",
        {
            records.erase: (
                "erase",
                (
                    "groundwire records erase --subject search-page",
                    "groundwire records erase --end-user visitor-4711 --yes --json > receipt.json",
                ),
            )
        },
    )


def recordings_group() -> Group:
    """Return the group `recordings`."""
    return Group(
        "recordings",
        "List, read, export and delete recorded calls.",
        {
            recordings.list_: (
                "list",
                (
                    "groundwire recordings list --route faq",
                    "groundwire recordings list --request-id order-4711 --json | jq -r .name",
                ),
            ),
            recordings.get: (
                "get",
                (
                    "groundwire recordings get 7f3a09c25b1e4d6688c0a1b2c3d4e5f6 -o a.jsonl",
                    "groundwire recordings get 7f3a09c25b1e4d6688c0a1b2c3d4e5f6 | tail -n 1",
                ),
            ),
            recordings.export: (
                "export",
                (
                    "groundwire recordings export calls/ --route faq --limit 200",
                    "groundwire recordings export calls/ && groundwire eval calls/",
                ),
            ),
            recordings.delete: (
                "delete",
                ("groundwire recordings delete 7f3a09c25b1e4d6688c0a1b2c3d4e5f6",),
            ),
        },
    )


def db_group() -> Group:
    """Return the group `db`."""
    return Group(
        "db",
        "Upgrade and check the database of records.",
        {
            db.upgrade: (
                "upgrade",
                (
                    "groundwire db upgrade",
                    "groundwire db upgrade --dry-run --config /etc/groundwire/groundwire.yaml",
                ),
            ),
            db.current: ("current", ("groundwire db current", "groundwire db current || groundwire db upgrade")),
            db.check: ("check", ("groundwire db check --config /etc/groundwire/groundwire.yaml",)),
        },
    )


def cache_group() -> Group:
    """Return the group `cache`."""
    return Group(
        "cache",
        "Remove earlier answers that may stand in for new ones.",
        {
            cache.clear: (
                "clear",
                (
                    "groundwire cache clear --document handbook",
                    "groundwire cache clear --route faq",
                    "groundwire cache clear --all",
                ),
            )
        },
    )
