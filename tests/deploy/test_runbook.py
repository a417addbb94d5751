"""Each alert has a page that says what it means, where to look and what to do; what a page names is there."""

import re
from pathlib import Path

import pytest

from tests.deploy.promql import BOARDS, RUNBOOK, alerts, board, shown
from tests.deploy.stack import ROOT

ALERTS = alerts()
PAGES = [page for page in RUNBOOK if page.stem != "index"]
PANELS = {board(path)["title"]: {panel["title"] for panel in board(path)["panels"]} for path in BOARDS}
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_how_urgent_it_is_and_has_a_page(name: str) -> None:
    rule = ALERTS[name]
    severity = rule["labels"]["severity"]
    assert severity in {"critical", "warning"}
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    page = ROOT / rule["annotations"]["runbook_url"]
    text = page.read_text(encoding="utf-8")
    assert f"`{name}`" in text
    assert severity in text.split("## ")[0]
    title = text.splitlines()[0].removeprefix("# ")
    row = f"| `{name}` | {severity} | [{title}]({page.name}) |"
    assert row in (page.parent / "index.md").read_text(encoding="utf-8").splitlines()


def test_every_page_is_some_alerts() -> None:
    assert {rule["annotations"]["runbook_url"] for rule in ALERTS.values()} == {
        page.relative_to(ROOT).as_posix() for page in PAGES
    }


@each_page
def test_a_page_says_where_to_look_and_what_to_do(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Where to look", "What to do"]
    assert shown(page)
    assert re.search(r"^groundwire (doctor|trace find)|^docker compose logs", text, re.MULTILINE)
    assert set(re.findall(r"Groundwire[A-Z]\w+", text)) <= set(ALERTS)


@each_page
def test_the_boards_and_panels_that_a_page_names_exist(page: Path) -> None:
    for sentence in re.findall(r"[Bb]oard “[^.:;|\n]*", page.read_text(encoding="utf-8").replace("groundwire: ", "")):
        title, *panels = re.findall("“([^”]*)”", sentence)
        assert set(panels) <= PANELS[f"groundwire: {title}"]
