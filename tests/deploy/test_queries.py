"""Every query of the boards, the rules and the runbook asks for what a server really emits.

Names are compared with the page of metrics of a server that has met everything. Where Prometheus is on PATH
(`apt-get install prometheus`, or its release) it scrapes that server and runs every query; elsewhere those tests are
skipped.
"""

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from groundwire_server.adapters.metrics.registry import prometheus_name
from groundwire_server.edge.interceptors.context import SERVER_ERRORS
from groundwire_server.telemetry.metrics import CATALOG, Metric
from tests.deploy.emitting import Emitting, emitting
from tests.deploy.promql import BOARDS, RULES, Asked, board, named, queries, rules
from tests.deploy.stack import ROOT
from tests.redis_server import needs_redis

pytestmark = [needs_redis, pytest.mark.process, pytest.mark.slow]

PROMETHEUS = shutil.which("prometheus")
installed = pytest.mark.skipif(PROMETHEUS is None, reason="prometheus is not on PATH: apt-get install prometheus")
OF_PROMETHEUS = {"ALERTS": frozenset({"alertname", "alertstate", "severity"}), "up": frozenset({"job", "instance"})}
"""Series that Prometheus itself makes."""
TARGET = frozenset({"job", "instance"})
"""The labels that Prometheus adds to every sample."""
QUERIES = list(queries())
OF_PANELS = [asked for asked in QUERIES if asked.place.split(":")[0].endswith(".json")]
NOTHING_TO_SHOW = {
    "groundwire-cache.json: Why answers were stale",
    "groundwire-retrieval.json: Why calls of stores failed",
}
"""Panels of what the embedded store does not do here."""
SECONDS = 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Emitting]:
    async with emitting(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def known(server: Emitting) -> dict[str, frozenset[str]]:
    """Every metric that a query may name, with its labels."""
    recorded = {rule["record"]: named(rule["expr"]).groupings for path in RULES for rule in rules(path)
                if "record" in rule}  # fmt: skip
    return {**server.samples, **OF_PROMETHEUS, **recorded}


@pytest.mark.parametrize("metric", CATALOG, ids=lambda metric: metric.name)
def test_the_server_emits_every_metric(metric: Metric, server: Emitting) -> None:
    suffix = {"counter": "_total", "histogram": "_bucket", "gauge": ""}[metric.kind]
    labels = {label.replace(".", "_") for label in metric.labels}
    assert server.samples[prometheus_name(metric) + suffix] - {"le"} == labels


@pytest.mark.parametrize("asked", QUERIES, ids=lambda asked: asked.place)
def test_a_query_names_what_exists(asked: Asked, known: dict[str, frozenset[str]]) -> None:
    query = named(asked.expr)
    assert query.selectors
    for metric, labels in query.selectors:
        assert metric in known
        assert labels <= known[metric] | TARGET, metric
    assert query.groupings <= TARGET.union(*(known[metric] for metric, _ in query.selectors))
    # Only what a query groups by is left in its result.
    assert set(re.findall(r"{{(\w+)}}", asked.legend)) <= query.groupings
    assert asked.columns <= query.groupings


def test_the_variable_of_the_boards_has_the_values_of_a_label(server: Emitting) -> None:
    variables = [variable for path in BOARDS for variable in board(path)["templating"].get("list", ())]
    for variable in variables:
        metric, label = re.findall(r"label_values\((\w+), (\w+)\)", variable["query"]["query"])[0]
        assert label in server.samples[metric]


def test_the_statuses_that_count_as_failures_are_the_servers_own() -> None:
    counted = {
        status
        for asked in QUERIES
        for matched in re.findall(r'rpc_response_status_code=~"([A-Z_|]+)"', asked.expr)
        for status in matched.split("|")
    }
    assert counted == {status.name for status in SERVER_ERRORS} - {"UNIMPLEMENTED"}


class Prometheus:
    """A Prometheus that scrapes one server, with our rules."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def get(self, path: str, **asked: str) -> Any:
        """Return the data that a question is answered with."""
        with urllib.request.urlopen(f"{self._url}/api/v1/{path}?{urllib.parse.urlencode(asked)}") as response:
            answer = json.load(response)
        assert answer["status"] == "success"
        return answer["data"]

    def eventually(self, path: str, **asked: str) -> Any:
        """Return it once it is not empty."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            try:
                data = self.get(path, **asked)
            except OSError:
                data = None
            found = data.get("result", data) if isinstance(data, dict) else data
            if found:
                return found
            time.sleep(0.1)
        raise AssertionError(f"{path} {asked}: nothing within {SECONDS} s")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prometheus(server: Emitting, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Prometheus]:
    folder = tmp_path_factory.mktemp("prometheus")
    configuration = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    configuration["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    configuration["rule_files"] = [str(path) for path in RULES]
    configuration["scrape_configs"] = [{"job_name": "groundwire", "static_configs": [{"targets": [server.target]}]}]
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(configuration))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with started(folder, file, port) as log:
        running = Prometheus(port)
        try:
            running.eventually("query", query="groundwire_answers_total")
        except AssertionError:
            pytest.fail(log.read_text())
        # What happens between two scrapes is what rates are made of.
        await server.again()
        running.eventually("query", query='rate(groundwire_answers_total{groundwire_outcome="FailedSafe"}[1m]) > 0')
        yield running


@contextmanager
def started(folder: Path, file: Path, port: int) -> Iterator[Path]:
    assert PROMETHEUS is not None
    log = folder / "prometheus.log"
    with log.open("w") as written:
        process = subprocess.Popen(
            [
                PROMETHEUS,
                f"--config.file={file}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--enable-feature=exemplar-storage",
            ],
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        yield log
    finally:
        process.terminate()
        process.wait(SECONDS)


@installed
@pytest.mark.parametrize("asked", QUERIES, ids=lambda asked: asked.place)
def test_prometheus_runs_a_query(asked: Asked, prometheus: Prometheus) -> None:
    prometheus.get("query", query=asked.expr)


@installed
@pytest.mark.parametrize("asked", OF_PANELS, ids=lambda asked: asked.place)
def test_a_panel_has_something_to_show(asked: Asked, prometheus: Prometheus) -> None:
    found = prometheus.get("query", query=asked.expr)["result"]
    shows = any(series["value"][1] != "NaN" for series in found)
    assert shows is (asked.place not in NOTHING_TO_SHOW)


@installed
def test_prometheus_evaluates_every_rule(prometheus: Prometheus) -> None:
    until = time.monotonic() + SECONDS
    wanted = sum(len(list(rules(path))) for path in RULES)
    states: list[str] = []
    while time.monotonic() < until and not (len(states) == wanted and "unknown" not in states):
        groups = prometheus.get("rules")["groups"]
        states = [rule["health"] for group in groups for rule in group["rules"]]
        time.sleep(0.1)
    assert states == ["ok"] * wanted


@installed
def test_prometheus_keeps_exemplars_that_lead_to_traces(prometheus: Prometheus) -> None:
    now = time.time()
    for metric in ("groundwire_answer_duration", "gen_ai_client_operation_duration", "db_client_operation_duration"):
        found = prometheus.eventually(
            "query_exemplars", query=f"{metric}_seconds_bucket", start=f"{now - 600:.0f}", end=f"{now + 600:.0f}"
        )
        traces = [each["labels"]["trace_id"] for series in found for each in series["exemplars"]]
        assert all(re.fullmatch("[0-9a-f]{32}", trace) for trace in traces)
