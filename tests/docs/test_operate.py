"""The operator's guide: its queries find what it says, in the log and the metrics of a server under faults."""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml

from docs.site.generate.metrics import sample
from groundwire_server.domain.vocabulary import Action, Cause, Loss, NextStep
from groundwire_server.telemetry.metrics import CATALOG, Histogram
from tests.docs.operated import Operated, operate
from tests.docs.shown import DOCS, blocks

PAGE = DOCS / "how-to" / "operate.md"
BLOCKS = blocks(PAGE)
QUERIES = [(block.text, following.text) for block, following in pairwise(BLOCKS) if block.language == "sh"]
"""Each query over the log, with the block beneath it: what it prints."""
PROMQL = [query for block in BLOCKS if block.language == "promql" for query in re.split(r"\n(?! )", block.text.strip())]
LABELS = {
    f"{sample(metric)}{ending}": {label.replace(".", "_") for label in metric.labels}
    for metric in CATALOG
    for ending in (("_bucket", "_sum", "_count") if isinstance(metric, Histogram) else ("",))
}
"""The labels of every sample that Prometheus finds, by its name."""
NAME = re.compile(r"\b(?:groundwire|gen_ai|db|rpc)_\w+\b|\berror_type\b")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Operated:
    return asyncio.run(operate(tmp_path_factory.mktemp("operated")))


def lines(log: Path) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in log.read_text(encoding="utf-8").splitlines())


def alike(text: str) -> list[str]:
    """Lines without what differs each time: ids, numbers, and how wide a column is."""
    text = re.sub(r"\b[0-9a-f]{16,32}\b", "-", text)
    return [" ".join(re.sub(r"\d+(?:[.,]\d+)*", "0", line).split()) for line in text.splitlines()]


@pytest.mark.process
@pytest.mark.pages
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
@pytest.mark.parametrize("query", range(len(QUERIES)))
def test_a_query_over_the_log_prints_what_is_shown(server: Operated, query: int) -> None:
    command, shown = QUERIES[query]
    ran = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command.replace("FROM=18:44 TO=18:45", "FROM=00:00 TO=24:00")],
        cwd=server.log.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    printed = alike(ran.stdout)
    assert [line for line in alike(shown) if line not in [*printed, "…"]] == []


@pytest.mark.process
@pytest.mark.pages
@pytest.mark.slow
def test_the_counts_of_the_log_are_those_of_the_metrics(server: Operated) -> None:
    """However many lines were left out."""
    logged: dict[tuple[str, str], int] = {}
    for line in lines(server.log):
        if line["logger"] == "groundwire.decisions" and "cause" in line:
            key = (line["cause"], line["action"])
            logged[key] = logged.get(key, 0) + line.get("left_out", 1)
    counted = {
        (re.findall(r'groundwire_cause="(\w+)"', labels)[0], re.findall(r'groundwire_action="(\w+)"', labels)[0]): value
        for labels, value in re.findall(r"^groundwire_answers_total\{(.*)\} (\d+)\.0$", server.metrics, re.MULTILINE)
    }
    assert {cause for cause, _ in counted} >= {"MODEL_SLOW_START", "MODEL_UNAVAILABLE", "OUTPUT_MALFORMED"}
    assert any("left_out" in line for line in lines(server.log) if line["logger"] == "groundwire.decisions")
    assert logged == {key: int(value) for key, value in counted.items()}


@pytest.mark.process
@pytest.mark.pages
@pytest.mark.slow
def test_every_field_that_a_query_reads_is_in_the_log(server: Operated) -> None:
    """Without jq too."""
    there = {name for line in lines(server.log) for name in names_within(line)}
    read = {name for command, _ in QUERIES for name in re.findall(r"(?<![\w)\"])\.([a-z]\w*)", command)} - {"log"}
    assert len(read) > 10
    assert read <= there


def names_within(value: object) -> Iterator[str]:
    match value:
        case dict():
            for name, inner in value.items():
                yield name
                yield from names_within(inner)
        case list():
            for each in value:
                yield from names_within(each)
        case _:
            pass


@pytest.mark.parametrize("query", PROMQL)
def test_a_query_over_metrics_names_metrics_and_their_labels(query: str) -> None:
    named = set(NAME.findall(query))
    samples = named & LABELS.keys()
    labels = {label for each in samples for label in LABELS[each]}
    assert named - samples <= labels
    assert samples or re.search(r"\bup\b|\bprocess_\w+", query)


@pytest.mark.process
@pytest.mark.skipif(shutil.which("promtool") is None, reason="Prometheus is not installed")
def test_prometheus_can_read_every_query(tmp_path: Path) -> None:
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(PROMQL)]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "guide", "rules": rules}]}))
    checked = subprocess.run(
        ["promtool", "check", "rules", "rules.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert f"{len(PROMQL)} rules found" in checked.stdout


def test_every_word_of_the_contract_that_the_guide_uses_exists() -> None:
    known = {*Cause, *Action, *NextStep, *Loss, *(code.name for code in grpc.StatusCode), "SUBJECT_KEY"}
    used = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", PAGE.read_text(encoding="utf-8")))
    assert used <= known
