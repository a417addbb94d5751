"""The boards: what Grafana would read of them. No Grafana is started."""

import json
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.deploy.promql import BOARDS, board
from tests.deploy.stack import ROOT

MOST_PANELS = 12
SOURCES = ROOT / "deploy" / "grafana" / "provisioning" / "datasources" / "datasources.yaml"
UNITS = {value for name, value in vars(units).items() if name[0].isupper() and isinstance(value, str)}
each_board = pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)


def found(content: Any, key: str) -> list[Any]:
    """Every value of a key, however deep."""
    if isinstance(content, dict):
        own = [value for name, value in content.items() if name == key]
        return own + [each for value in content.values() for each in found(value, key)]
    return [each for value in content for each in found(value, key)] if isinstance(content, list) else []


@pytest.mark.process
def test_the_files_are_what_their_source_makes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.grafana", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_there_is_a_board_for_each_question() -> None:
    assert {path.stem.removeprefix("groundwire-") for path in BOARDS} == {
        "overview",
        "answers",
        "models",
        "retrieval",
        "cache",
        "queue",
        "reviews",
        "experiments",
        "tenants",
    }
    assert len({board(path)["uid"] for path in BOARDS}) == len(BOARDS)
    assert all(board(path)["uid"] == path.stem for path in BOARDS)


@each_board
def test_the_schema_of_grafana_knows_every_key(path: Path) -> None:
    register_default_plugins()
    content = board(path)
    # What the schema does not know is not read, and so it is missing from what is written again.
    assert json.loads(json.dumps(Dashboard.from_json(content), cls=JSONEncoder)) == content


def test_a_key_that_the_schema_does_not_know_would_be_noticed() -> None:
    register_default_plugins()
    content = board(BOARDS[0])
    content["panels"][0]["discription"] = "a typing error"
    assert json.loads(json.dumps(Dashboard.from_json(content), cls=JSONEncoder)) != content


@each_board
def test_every_panel_says_what_it_shows_and_in_which_unit(path: Path) -> None:
    panels = board(path)["panels"]
    assert 0 < len(panels) <= MOST_PANELS
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]
        assert panel["targets"], panel["title"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


@each_board
def test_no_panels_overlap_or_leave_the_grid(path: Path) -> None:
    taken = [
        {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        for at in (panel["gridPos"] for panel in board(path)["panels"])
    ]
    assert all(first.isdisjoint(second) for first, second in combinations(taken, 2))
    assert all(x < 24 for each in taken for x, _ in each)
    # Nor are there holes: each row is full.
    rows = {y for each in taken for _, y in each}
    assert sum(map(len, taken)) == 24 * len(rows)


@each_board
def test_datasources_exist_and_exemplars_lead_to_traces(path: Path) -> None:
    sources = {each["uid"]: each for each in yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["datasources"]}
    content = board(path)
    assert {source["uid"] for source in found(content, "datasource")} == {"prometheus"}
    assert {source["type"] for source in found(content, "datasource")} == {sources["prometheus"]["type"]}
    for destination in sources["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]:
        assert destination == {"name": "trace_id", "datasourceUid": sources["jaeger"]["uid"]}


def test_exemplars_are_shown_of_those_distributions_that_keep_them() -> None:
    targets = [target for path in BOARDS for each in found(board(path), "targets") for target in each]
    assert {re.findall(r"\w+_bucket", target["expr"])[0] for target in targets if target["exemplar"]} == {
        "groundwire_answer_duration_seconds_bucket",
        "gen_ai_client_operation_duration_seconds_bucket",
        "db_client_operation_duration_seconds_bucket",
    }


@each_board
def test_the_variables_that_are_used_are_the_ones_that_exist(path: Path) -> None:
    content = board(path)
    used = {name for expr in found(content, "expr") for name in re.findall(r"\$(\w+)", expr)}
    declared = {variable["name"] for variable in content["templating"].get("list", ())}
    assert used - {"__rate_interval", "__range"} == declared
