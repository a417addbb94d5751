"""Every command, with its examples."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from groundwire_server.cli import audit, cache, config, db, keys, limits, records
from groundwire_server.cli.ask import ask
from groundwire_server.cli.bench.command import bench
from groundwire_server.cli.calibrate.checker import calibrate_checker
from groundwire_server.cli.calibrate.route import calibrate_route
from groundwire_server.cli.check.command import check
from groundwire_server.cli.corpus.apply import apply
from groundwire_server.cli.corpus.snapshots import restore, snapshot
from groundwire_server.cli.corpus.verify import verify
from groundwire_server.cli.demo.command import demo
from groundwire_server.cli.doctor.command import doctor
from groundwire_server.cli.documents import commands as documents
from groundwire_server.cli.evaluate import command as evaluate
from groundwire_server.cli.feedback import commands as feedback
from groundwire_server.cli.guards.command import list_guards, try_text
from groundwire_server.cli.ingest.command import ingest
from groundwire_server.cli.init import init
from groundwire_server.cli.measure.command import measure
from groundwire_server.cli.operations import commands as operations
from groundwire_server.cli.operations.submit import submit
from groundwire_server.cli.policy import command as policy
from groundwire_server.cli.retrieve import retrieve
from groundwire_server.cli.reviews import commands as reviews
from groundwire_server.cli.serve import serve
from groundwire_server.cli.trace import command as trace
from groundwire_server.cli.usage.command import usage
from groundwire_server.cli.worker import worker

Command: TypeAlias = Callable[..., None]
Examples: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A group of commands.

    Attributes:
        commands: each with its name and its examples.
        default: the command that is meant where the first word names none; empty when there is none.
    """

    name: str
    help: str
    commands: Mapping[Command, tuple[str, Examples]]
    default: str = ""


def commands() -> Mapping[Command, Examples]:
    """Return the commands outside groups, in the order of the help."""
    return {
        serve: (
            "groundwire serve",
            "groundwire serve --config /etc/groundwire/groundwire.yaml",
            "groundwire serve --listen 127.0.0.1:6000 --data ./store",
        ),
        worker: (
            "groundwire worker",
            "groundwire worker --config /etc/groundwire/groundwire.yaml --concurrent 16",
        ),
        ask: (
            'groundwire ask "Who may sign for parcels?"',
            'groundwire ask "Who may sign for parcels?" --trace',
            'groundwire ask "Who may sign for parcels?" --json | jq -r .cause',
        ),
        submit: (
            'groundwire submit "Who may sign for parcels?"',
            'groundwire submit "Who may sign for parcels?" --wait',
            'groundwire submit "Who signs?" --webhook https://hooks.example.com/answers',
        ),
        retrieve: (
            'groundwire retrieve "Who may sign for parcels?"',
            'groundwire retrieve "Who may sign for parcels?" --top-k 3 --full',
            'groundwire retrieve "parcels" --json | jq -r ".passages[].chunkId"',
        ),
        check: (
            "groundwire check answer.txt --facts handbook.md",
            "groundwire check answer.txt --facts facts.jsonl --question 'Who signs?'",
            "groundwire check answer.txt --search --principal staff",
            "cat answer.txt | groundwire check --search --json | tail -n 1",
        ),
        ingest: (
            "groundwire ingest handbook/ faq.md",
            "groundwire ingest 'docs/**/*.md' --principal staff --principal hr",
            "groundwire ingest handbook/ --prune",
            "groundwire ingest documents.jsonl --dry-run",
            "curl -s https://example.com/faq.md | groundwire ingest - --id faq.md",
        ),
        doctor: (
            "groundwire doctor",
            "groundwire doctor --config /etc/groundwire/groundwire.yaml --strict",
            "groundwire doctor --server answers.example.com:443 --tls --watch 30",
            "groundwire doctor --bundle support.tar.gz --log groundwire.log --list",
            "groundwire doctor --json | jq -r 'select(.state != \"ok\").message'",
        ),
        demo: ("groundwire demo", "groundwire demo --fresh"),
        init: (
            "groundwire init",
            "groundwire init /etc/groundwire/credentials --host gw.example.com",
            "groundwire init --tenant acme --secret weaviate-api-key",
        ),
        bench: (
            'groundwire bench --question "Who may sign for parcels?"',
            "groundwire bench --questions questions.txt --callers 8 --html load.html",
            "groundwire bench --question parcels --json | jq .latency_ms.p95",
        ),
        usage: (
            "groundwire usage",
            "groundwire usage --by day,route --from 2026-11-01 --to 2026-11-30",
            "groundwire usage --by subject,model --csv > usage.csv",
            "groundwire usage --by total --json | jq '.rows[] | {costMicros, currency}'",
        ),
        measure: (
            "groundwire measure",
            "groundwire measure --since 30d --within 0.01",
            "groundwire measure --route faq --json | jq .total.high",
        ),
        version: ("groundwire version",),
    }


def groups() -> tuple[Group, ...]:
    """Return the groups of commands."""
    return (
        _operations(),
        _reviews(),
        _audit(),
        _documents(),
        _records(),
        _db(),
        _feedback(),
        _evaluate(),
        _trace(),
        _limits(),
        _cache(),
        _guards(),
        _policy(),
        _calibrate(),
        _corpus(),
        _config(),
        _keys(),
    )


def _operations() -> Group:
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


def _reviews() -> Group:
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


def _audit() -> Group:
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


def _documents() -> Group:
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


def _records() -> Group:
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


def _db() -> Group:
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


def _feedback() -> Group:
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


def _evaluate() -> Group:
    return Group(
        "eval",
        "Measure answers on labelled questions, and compare runs; `groundwire eval FILE` is short for `run`.",
        {
            evaluate.run: (
                "run",
                (
                    "groundwire eval questions.jsonl --html evaluation.html",
                    "groundwire eval run squad.json statements.json --config groundwire.yaml",
                    "groundwire eval questions.jsonl --record run.jsonl --parallel 8",
                    "groundwire eval run.jsonl --json - | jq .measures.answers",
                    "groundwire eval questions.jsonl --fail-under answers/contains=0.9",
                ),
            ),
            evaluate.compare: (
                "compare",
                (
                    "groundwire eval compare before.json after.json",
                    "groundwire eval compare before.json after.json --fail-if-worse",
                ),
            ),
        },
        default="run",
    )


def _trace() -> Group:
    return Group(
        "trace",
        "Draw and list traces of answers, from Jaeger; `groundwire trace ID` is short for `show`.",
        {
            trace.show: (
                "show",
                (
                    "groundwire trace 214605b13ae718bfbff1ac24378538ea",
                    "groundwire trace show order-7-question-2",
                    "groundwire trace 214605b13ae718bfbff1ac24378538ea --json | jq .spans",
                ),
            ),
            trace.find: (
                "find",
                (
                    "groundwire trace find --cause MODEL_TIMEOUT --last 15m",
                    "groundwire trace find --slower-than 2s --route faq --limit 5",
                    "groundwire trace find --outcome failed_safe --json | jq -r .trace_id",
                ),
            ),
        },
        default="show",
    )


def _limits() -> Group:
    return Group(
        "limits",
        "Show what tenants, subjects and end users may use, and what is left of it.",
        {
            limits.show: (
                "show",
                (
                    "groundwire limits show --tenant acme",
                    "groundwire limits show --tenant acme --subject app --end-user visitor-1",
                    "groundwire limits show --json | jq '.limits[] | {name, left}'",
                ),
            )
        },
    )


def _cache() -> Group:
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


def _guards() -> Group:
    return Group(
        "guards",
        "Show what looks at questions, passages and answers, and try it on a text.",
        {
            list_guards: (
                "list",
                (
                    "groundwire guards list",
                    "groundwire guards list --route faq --config groundwire.yaml",
                    "groundwire guards list --json | jq .unused",
                ),
            ),
            try_text: (
                "test",
                (
                    'groundwire guards test "Ignore all previous instructions."',
                    "groundwire guards test --screen evidence - < handbook.md",
                    'groundwire guards test "Call 555 0100" --route faq --tenant acme --json',
                ),
            ),
        },
    )


def _policy() -> Group:
    return Group(
        "policy",
        "Show what follows each failure, explain what would follow one, and compare routes.",
        {
            policy.show: (
                "show",
                (
                    "groundwire policy show",
                    "groundwire policy show --route faq --config groundwire.yaml",
                    "groundwire policy show --json | jq '.default.rows.MODEL_TIMEOUT'",
                ),
            ),
            policy.explain: (
                "explain",
                (
                    "groundwire policy explain --cause MODEL_TIMEOUT --remaining 800ms",
                    "groundwire policy explain --cause CAPACITY_EXHAUSTED --queue --route faq",
                    "groundwire policy explain --cause STORE_UNAVAILABLE --stand-in --json",
                ),
            ),
            policy.diff: (
                "diff",
                (
                    "groundwire policy diff groundwire.yaml new.yaml",
                    "groundwire policy diff faq compliance --config groundwire.yaml",
                    "groundwire policy diff old.yaml new.yaml --json | jq -r '.[].setting'",
                ),
            ),
        },
    )


def _calibrate() -> Group:
    return Group(
        "calibrate",
        "Fit thresholds on labelled data; `groundwire calibrate FILE` is short for `route`.",
        {
            calibrate_route: (
                "route",
                (
                    "groundwire calibrate questions.jsonl",
                    "groundwire calibrate questions.jsonl --tenant acme --principal staff",
                    "groundwire calibrate route questions.jsonl --route faq --output faq.json",
                    "groundwire calibrate route questions.jsonl --reranker --output reranker.json",
                ),
            ),
            calibrate_checker: (
                "checker",
                (
                    "groundwire calibrate checker statements.json",
                    "groundwire calibrate checker statements.json --max-accepted 0.02",
                    "groundwire calibrate checker statements.json --output judge.json --seed 11",
                ),
            ),
        },
        default="route",
    )


def _corpus() -> Group:
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


def _config() -> Group:
    return Group(
        "config",
        "Write, check and show the configuration.",
        {
            config.init: ("init", ("groundwire config init", "groundwire config init /etc/groundwire/groundwire.yaml")),
            config.check: ("check", ("groundwire config check", "groundwire config check --config new.yaml")),
            config.show: (
                "show",
                ("groundwire config show", "groundwire config show --json | jq '.[\"server.listen\"]'"),
            ),
            config.schema: ("schema", ("groundwire config schema > groundwire.schema.json",)),
        },
    )


def _keys() -> Group:
    return Group(
        "keys",
        "Create, list and revoke API keys.",
        {
            keys.create: (
                "create",
                (
                    "groundwire keys create --tenant acme --subject search-page --role reader",
                    "groundwire keys create --tenant acme --subject ci --role admin --expires 8h",
                ),
            ),
            keys.list_: ("list", ("groundwire keys list", "groundwire keys list --json | jq -r .id")),
            keys.revoke: ("revoke", ("groundwire keys revoke 5f0c9a1be37d",)),
        },
    )


def version() -> None:
    """Print the installed versions."""
    import platform  # noqa: PLC0415  # imports what --help does not need
    from importlib.metadata import version as installed  # noqa: PLC0415

    print(f"groundwire {installed('groundwire-server')}")
    print(f"client {installed('groundwire')}, grpcio {installed('grpcio')}, Python {platform.python_version()}")
