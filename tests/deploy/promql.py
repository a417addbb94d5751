"""Which metrics and labels a query in PromQL names, and the queries of boards, rules and the runbook.

Whether a query is valid is for Prometheus to say; what it names is compared here, where no Prometheus is needed.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tests.deploy.stack import ROOT
from tests.docs.shown import blocks

BOARDS: Final = sorted((ROOT / "deploy" / "grafana" / "boards").glob("*.json"))
RULES: Final = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yaml"))
RUNBOOK: Final = sorted((ROOT / "docs" / "runbook").glob("*.md"))

_TOKEN: Final = re.compile(
    r'"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[a-zA-Z_:][\w:]*|[0-9.]+[a-z]*|[=!]~|[=!<>]=|[-+*/%^=<>(){},]', re.ASCII
)
_GROUPINGS: Final = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_WORDS: Final = {"and", "or", "unless", "bool", "offset"} | _GROUPINGS
_AGGREGATIONS: Final = {"sum", "min", "max", "avg", "count", "topk", "bottomk", "quantile", "group", "stddev"}
_VARIABLES: Final = {"$__rate_interval": "1m", "$__range": "6h", "$route": ".*"}
"""What Grafana puts in the place of a variable."""


@dataclass(frozen=True)
class Asked:
    """A query, and where it stands.

    Attributes:
        place: the file, and the title of the panel or the name of the rule.
        expr: in PromQL, with Grafana's variables filled in.
        legend: what a panel calls each series.
        columns: the labels that a table shows.
    """

    place: str
    expr: str
    legend: str = ""
    columns: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Named:
    """What a query names.

    Attributes:
        selectors: each metric, with the labels of its matchers.
        groupings: the labels that it groups by or joins on.
    """

    selectors: tuple[tuple[str, frozenset[str]], ...]
    groupings: frozenset[str]


def named(expr: str) -> Named:
    """Return what a query names."""
    tokens = [*_TOKEN.findall(expr), ""]
    selectors: list[tuple[str, frozenset[str]]] = []
    groupings: set[str] = set()
    place = 0
    while tokens[place]:
        token, following = tokens[place], tokens[place + 1]
        place += 1
        if token in _GROUPINGS and following == "(":
            end = tokens.index(")", place)
            groupings |= set(tokens[place + 1 : end]) - {","}
            place = end + 1
        elif re.match("[a-zA-Z_:]", token) and token not in _WORDS | _AGGREGATIONS and following != "(":
            labels: list[str] = []
            if following == "{":
                end = tokens.index("}", place)
                labels = [tokens[at] for at in range(place, end) if tokens[at + 1] in {"=", "!=", "=~", "!~"}]
                place = end + 1
            selectors.append((token, frozenset(labels)))
    return Named(tuple(selectors), frozenset(groupings))


def filled(expr: str) -> str:
    """Return a board's query with values for Grafana's variables."""
    for variable, value in _VARIABLES.items():
        expr = expr.replace(variable, value)
    return expr


def board(path: Path) -> dict[str, Any]:
    """Return a board."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def rules(path: Path) -> Iterator[dict[str, Any]]:
    """Return the rules of a file."""
    for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
        yield from group["rules"]


def alerts() -> dict[str, dict[str, Any]]:
    """Return every alert by its name."""
    return {rule["alert"]: rule for path in RULES for rule in rules(path) if "alert" in rule}


def shown(page: Path) -> list[str]:
    """Return the queries that a page of the runbook shows: one a line."""
    return [line for block in blocks(page) if block.language == "promql" for line in block.text.splitlines()]


def queries() -> Iterator[Asked]:
    """Return every query of every board, rule and page of the runbook."""
    for path in BOARDS:
        for panel in board(path)["panels"]:
            columns = frozenset(
                label
                for each in panel.get("transformations", ())
                for label in each["options"]["renameByName"]
                if label != "Value"
            )
            for target in panel["targets"]:
                legend = target["legendFormat"]
                yield Asked(f"{path.name}: {panel['title']}", filled(target["expr"]), legend, columns)
    for path in RULES:
        for rule in rules(path):
            yield Asked(f"{path.name}: {rule.get('alert') or rule['record']}", rule["expr"])
    for page in RUNBOOK:
        for expr in shown(page):
            yield Asked(f"{page.name}: {expr}", expr)
