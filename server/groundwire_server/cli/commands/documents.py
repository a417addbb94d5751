"""Groups of commands on documents, and on the stores that hold them."""

from groundwire_server.cli.commands.group import Group
from groundwire_server.cli.corpus.apply import apply
from groundwire_server.cli.corpus.snapshots import restore, snapshot
from groundwire_server.cli.corpus.verify import verify
from groundwire_server.cli.documents import commands as documents


def documents_group() -> Group:
    """Return the group `documents`."""
    return Group(
        "documents",
        "List, show, export, delete and erase stored documents, and review those in quarantine.",
        {
            documents.list_: (
                "list",
                (
                    "groundwire documents list",
                    "groundwire documents list | cut -f 1",
                    "groundwire documents list --filter team=hr --order newest",
                    "groundwire documents list --json",
                ),
            ),
            documents.get: (
                "get",
                ("groundwire documents get faq.md", "groundwire documents get faq.md --text > faq.md"),
            ),
            documents.export: (
                "export",
                (
                    "groundwire documents export --output documents.jsonl",
                    "groundwire documents export --filter team=hr | gzip > hr.jsonl.gz",
                    "groundwire documents export | groundwire ingest - --jsonl --server b:6000",
                ),
            ),
            documents.delete: (
                "delete",
                (
                    "groundwire documents delete faq.md",
                    "groundwire documents delete faq.md old.md --yes --allow-missing",
                ),
            ),
            documents.purge: (
                "purge",
                (
                    "groundwire documents purge --filter draft=true --dry-run",
                    "groundwire documents purge --filter team=hr --filter 'year<2020'",
                ),
            ),
            documents.erase: (
                "erase",
                (
                    "groundwire documents erase --document mail-4711 --dry-run",
                    "groundwire documents erase --source file:///hr/ --prefix",
                    "groundwire documents erase --entire-tenant --yes --json > receipt.json",
                ),
            ),
            documents.quarantined: (
                "quarantined",
                (
                    "groundwire documents quarantined",
                    "groundwire documents quarantined mail-4711",
                    "groundwire documents quarantined --filter team=hr --json",
                ),
            ),
            documents.release: (
                "release",
                ("groundwire documents release mail-4711", "groundwire documents release mail-4711 --yes"),
            ),
        },
    )


def corpus_group() -> Group:
    """Return the group `corpus`."""
    return Group(
        "corpus",
        "Compare documents with their files; copy and restore embedded stores; update the schema of Weaviate stores.",
        {
            verify: (
                "verify",
                (
                    "groundwire corpus verify handbook/",
                    "groundwire corpus verify handbook/ --principal staff --strict",
                    "groundwire corpus verify handbook/ --json | jq -r '.differences[].name'",
                ),
            ),
            snapshot: (
                "snapshot",
                (
                    "groundwire corpus snapshot /backup/store-monday.sqlite3",
                    "groundwire corpus snapshot latest.sqlite3 --force --store main",
                ),
            ),
            restore: (
                "restore",
                (
                    "groundwire corpus restore /backup/store-monday.sqlite3",
                    "groundwire corpus restore latest.sqlite3 --yes --config server.yaml",
                ),
            ),
            apply: (
                "apply",
                (
                    "groundwire corpus apply --dry-run",
                    "groundwire corpus apply --config /etc/groundwire/groundwire.yaml --yes",
                    "groundwire corpus apply --store main --delete-documents",
                ),
            ),
        },
    )
