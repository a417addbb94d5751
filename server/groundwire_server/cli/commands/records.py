"""Groups of commands on what a server keeps of its calls: records, their database, and earlier answers."""

from groundwire_server.cli import cache, db, records
from groundwire_server.cli.commands.group import Group


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
