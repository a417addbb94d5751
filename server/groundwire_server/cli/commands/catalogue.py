"""Every command: those outside groups, and the groups, in the order of the help."""

from collections.abc import Mapping

from groundwire_server.cli.ask import ask
from groundwire_server.cli.bench.command import bench
from groundwire_server.cli.check.command import check
from groundwire_server.cli.commands import (
    answers,
    documents,
    experiments,
    prompts,
    quality,
    records,
    settings,
    tokens,
)
from groundwire_server.cli.commands.group import Command, Examples, Group
from groundwire_server.cli.demo.command import demo
from groundwire_server.cli.doctor.command import doctor
from groundwire_server.cli.ingest.command import ingest
from groundwire_server.cli.init import init
from groundwire_server.cli.measure.command import measure
from groundwire_server.cli.operations.submit import submit
from groundwire_server.cli.replay.command import replay
from groundwire_server.cli.retrieve import retrieve
from groundwire_server.cli.serve import serve
from groundwire_server.cli.usage.command import usage
from groundwire_server.cli.version import version
from groundwire_server.cli.worker import worker


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
            "groundwire usage --records --by tenant,model",
            "groundwire usage --records --tenant acme --config groundwire.yaml",
        ),
        measure: (
            "groundwire measure",
            "groundwire measure --since 30d --within 0.01",
            "groundwire measure --route faq --json | jq .total.high",
        ),
        replay: (
            "groundwire replay calls/",
            "groundwire replay 7f3a09c25b1e4d6688c0a1b2c3d4e5f6",
            "groundwire replay calls/ --with prompt=answer/candidate",
            "groundwire replay calls/ --with model=large --live --html replay.html",
            "groundwire replay calls/ --with route=settings.yaml --fail-if-changed",
        ),
        version: ("groundwire version",),
    }


def groups() -> tuple[Group, ...]:
    """Return the groups of commands."""
    return (
        answers.operations_group(),
        answers.reviews_group(),
        answers.audit_group(),
        documents.documents_group(),
        records.records_group(),
        records.recordings_group(),
        records.db_group(),
        answers.feedback_group(),
        prompts.prompts_group(),
        experiments.experiments_group(),
        tokens.tokens_group(),
        quality.evaluate_group(),
        quality.trace_group(),
        settings.limits_group(),
        records.cache_group(),
        settings.guards_group(),
        settings.policy_group(),
        quality.calibrate_group(),
        documents.corpus_group(),
        settings.config_group(),
        settings.keys_group(),
    )
