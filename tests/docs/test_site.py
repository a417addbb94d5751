"""The site builds, asks nothing of another host, and its generated pages say what the code says."""

import os
import re
import subprocess
import sys
from enum import StrEnum
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from docs.site.generate import (
    commands,
    configuration,
    contract,
    deadlines,
    errors,
    logs,
    markdown,
    metrics,
    outcomes,
    traces,
)
from docs.site.generate.protos import sources
from groundwire_server.adapters.metrics.registry import MetricRegistry
from groundwire_server.cli.exits import ExitCode
from groundwire_server.domain.vocabulary import Action, Cause, NextStep, Reason, Stage
from groundwire_server.ports.metrics import Reading
from groundwire_server.telemetry import names
from groundwire_server.telemetry.decision import decision_fields
from groundwire_server.telemetry.metrics import CATALOG, Counter, Gauge, Histogram
from tests.docs.shown import DOCS, ROOT


class Loaded(HTMLParser):
    """What a page makes a browser load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        wanted = [given.get("src")] if tag != "link" else [given.get("href")]
        self.found += [address for address in wanted if address]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "-f", "docs/site/mkdocs.yml", "-d", str(folder)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.process
@pytest.mark.slow
def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    loaded = Loaded()
    for page in pages:
        loaded.feed(page.read_text(encoding="utf-8"))
    assert loaded.found
    assert [address for address in loaded.found if re.match(r"(https?:)?//", address)] == []
    styles = [path.read_text(encoding="utf-8") for path in site.rglob("*.css")]
    assert [found for style in styles for found in re.findall(r"url\(['\"]?(?:https?:)?//[^)]*", style)] == []


@pytest.mark.process
@pytest.mark.slow
def test_every_page_has_what_it_was_given(site: Path) -> None:
    assert "<svg" in (site / "concepts" / "path.html").read_text(encoding="utf-8")
    assert "shares-title" in (site / "concepts" / "deadlines.html").read_text(encoding="utf-8")
    assert "class ChatModel" in re.sub("<[^>]+>", "", (site / "how-to" / "own-model.html").read_text(encoding="utf-8"))


def test_every_command_and_exit_code_is_listed() -> None:
    page = commands.page()
    for name in ("serve", "ask", "ingest", "demo", "version"):
        assert f"\n## groundwire {name}\n" in page
    assert "| `--timeout SECONDS` |" in page
    assert "| `QUESTION` |" in page
    assert [(int(code), name) for code, name, said in commands.exit_codes() if said] == [
        (code.value, code.name) for code in ExitCode
    ]


def test_every_attribute_is_explained() -> None:
    listed = list(traces.attributes())
    assert [name.strip("`") for name, _ in listed] == [value for name, value in vars(names).items() if name.isupper()]
    assert [name for name, said in listed if not said] == []


def _one_reading(gauge: Gauge, _: MetricRegistry) -> list[Reading]:
    return [(("x",) * len(gauge.labels), 1.0)]


def test_every_metric_is_listed_as_prometheus_finds_it() -> None:
    registry = MetricRegistry()
    for metric in CATALOG:
        # A series appears with its first value.
        labels = ["x"] * len(metric.labels)
        match metric:
            case Counter():
                registry.add(metric, 1, *labels)
            case Histogram():
                registry.record(metric, 1, *labels)
            case Gauge():
                registry.watch(metric, registry, partial(_one_reading, metric))
    served = {
        (sample.name, frozenset(sample.labels) - {"le"})
        for family in registry.registry.collect()
        for sample in family.samples
    }
    page = metrics.page()
    for metric, (listed, kind, unit, label_list, about) in zip(CATALOG, metrics.rows(*CATALOG), strict=True):
        name = f"{metrics.sample(metric)}_count" if isinstance(metric, Histogram) else metrics.sample(metric)
        assert (name, frozenset(re.findall(r"`(\w+)`", label_list))) in served
        assert f"| {listed} | {kind} | {unit} | {label_list} | {about} |\n" in page
        assert (metric.name in listed, metric.kind in kind, unit, bool(about)) == (True, True, f"`{metric.unit}`", True)
        if isinstance(metric, Histogram):
            assert f"| `{metric.name}` | {', '.join(f'{bound:g}' for bound in metric.buckets)} |\n" in page


def test_every_field_of_the_decision_event_is_listed_with_its_attribute() -> None:
    page = logs.page()
    for field in decision_fields():
        assert field.about
        attribute = f"`{field.attribute}`" if field.attribute else ""
        assert f"| `{field.name}` | {markdown.prose(field.about)} | {attribute} |\n" in page


def test_the_stages_that_run_are_marked() -> None:
    marked = re.findall(r"^\| ● \| `groundwire\.(\w+)` \|", traces.page(), re.MULTILINE)
    listed = re.findall(r"^\| ●? ?\| `groundwire\.(\w+)` \|", traces.page(), re.MULTILINE)
    assert [stage.upper() for stage in listed] == [stage.value for stage in Stage]
    assert {"normalize", "retrieve", "select", "prompt", "generate", "validate", "decide"} <= set(marked) < set(listed)


def test_every_reason_has_its_status_and_its_example() -> None:
    assert len(list(errors.rows())) == len(Reason)
    page = errors.page()
    for reason in Reason:
        assert f'\n{{"reason": "{reason}", "domain": "groundwire.io"' in page


@pytest.mark.parametrize(("name", "words"), [("Cause", Cause), ("Action", Action), ("NextStep", NextStep)])
def test_every_word_of_an_outcome_is_listed(name: str, words: type[StrEnum]) -> None:
    listed = list(outcomes.words(name))
    assert [word.strip("`") for word, _ in listed] == [word.value for word in words]
    assert all(said for _, said in listed)


def test_the_results_that_this_version_produces_are_marked() -> None:
    assert re.findall(r"^\| ● \| \[(\w+)\]", outcomes.page(), re.MULTILINE) == [
        "answered",
        "abstained",
        "cached",
        "degraded",
        "queued",
        "in_review",
        "blocked",
        "failed_safe",
    ]


def test_every_element_of_the_contract_is_listed_with_its_limits() -> None:
    pages = contract.pages()
    for source in sources():
        for message in source.file.message_type:
            assert f"\n## {message.name}\n" in pages[source.name]
            for field in message.field:
                assert f"\n| `{field.name}` | " in pages[source.name]
    assert "`string.max_bytes: 3900000`" in pages["document"]
    assert "`duration.lte: 300s`" in pages["answer_service"]
    assert "map of string to [MetadataValue](filter.md#metadatavalue)" in pages["document"]
    assert "stream → stream" in pages["index"]
    assert "\nRule: after\\_sequence resumes a run" in pages["answer_service"]
    assert "\nIt changes nothing (`NO_SIDE_EFFECTS`).\n" in pages["retrieval_service"]


class CredentialKind(StrEnum):
    A = "a"
    B = "b"


class Inner(BaseModel):
    """What is within."""

    kind: CredentialKind = CredentialKind.A
    size: Annotated[int, Field(ge=1, le=2000)] = Field(5, description="How <large>.")


class Outer(BaseModel):
    """What is around."""

    name: str
    mode: Literal["x", "y"] = "x"
    inner: Inner = Inner()
    several: dict[str, Inner] = {}
    others: list[Inner] = []
    kinds: frozenset[CredentialKind] = frozenset({CredentialKind.B, CredentialKind.A})


def test_any_model_is_listed_with_the_models_within_it() -> None:
    text = "\n".join(configuration.sections(Outer))
    assert "| `name` | `text` | required |  |" in text
    assert "| `mode` | `x or y` | `x` |  |" in text
    assert "| `several` | `map of sections` | empty |  |" in text
    assert "## inner\nWhat is within." in text
    assert "| `kinds` | `list of a or b` | `[a, b]` |  |" in text
    assert "| `kind` | `a or b` | `a` |  |" in text
    assert "| `size` | `whole number`, from 1, to 2,000 | `5` | How &lt;large&gt;. |" in text


class Several(BaseModel):
    """Only in a map."""

    several: dict[str, Inner]


def test_the_name_in_a_path_is_not_taken_for_markup() -> None:
    assert "## several.&lt;name&gt;\nWhat is within." in "\n".join(configuration.sections(Several))


def test_the_plot_shows_whole_deadlines() -> None:
    for seconds in deadlines.DEADLINES:
        parts = deadlines.cut(seconds)
        shares = (parts.retrieve, parts.generate, parts.validate, parts.reserve)
        assert min(shares) > 0
        assert sum(shares) == pytest.approx(seconds)
        assert parts.validate == pytest.approx(0.030)


def test_text_is_not_taken_for_markup() -> None:
    assert markdown.prose("a_b *c* `d_e` <f>") == r"a\_b \*c\* `d_e` &lt;f&gt;"
    assert markdown.table(["a"], [["x | y"]]).endswith("| x \\| y |\n")


def test_records_of_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(path.name[:4]) for path in (DOCS / "decisions").glob("[0-9]*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
