"""The figures of guards that the documentation publishes."""

import json
from typing import Any

from bench.guards.published import DETECTION, FIGURES, PAGE, filled, kept

RATE = {"value": 0.25, "low": 0.1, "high": 0.5, "count": 20}
ROW = {"screen": "question", "guard": "injection", "version": "1", "category": "jailbreak", "elsewhere": RATE}
PLACES = """Rates:

<!-- rates of guards: python -m bench.guards.published -->
old
<!-- end -->

Release:

<!-- release of guards: python -m bench.guards.published -->
<!-- end -->

Detection:

<!-- detection of guards: python -m bench.guards.published -->
<!-- end -->
"""


def rates(missed: dict[str, Any], alarms: dict[str, Any]) -> dict[str, Any]:
    both = {"missed": missed, "false_alarms": alarms}
    return {
        "measures": {"guards": {"by_category": [{**ROW, **both}], "by_language": [], **both}},
        "slices": {"question": {"guards": both}, "de": {"guards": both}},
        "items": {"text:secret": {}},
    }


def test_a_result_becomes_a_table_without_its_texts() -> None:
    none = {"value": None, "low": None, "high": None, "count": 0}
    facts = kept(rates(RATE, none), "| the model |\n| obeys |")
    page = filled(PLACES, facts, None)

    assert "secret" not in json.dumps(facts)
    assert "| **question** | all | any | 20 | 25% | 10% to 50% | 0 | – |  |\n" in page
    assert "| | `injection` | `jailbreak` | 20 | 25% | 10% to 50% | 0 | – |  |\n" in page
    assert "| the model |\n| obeys |\n\n<!-- end -->" in page
    assert "old" not in page
    assert "Detection:" in page


def test_what_was_not_measured_stays_as_it_is() -> None:
    rows = [
        {"group": "planted documents", "kind": "all", "flagged": 3, "count": 4},
        {"group": "planted documents", "kind": "role_marker", "flagged": 0, "count": 1},
        {"group": "ordinary passages", "kind": "SQuAD 2.0", "flagged": 2, "count": 294},
    ]
    detection = {"rows": rows}
    page = filled(PLACES, None, detection)

    assert "\nold\n" in page
    assert "| planted documents | 4 | 75% | 30% to 95% |\n" in page
    assert "| ordinary passages: SQuAD 2.0 | 294 | 0.7% | 0.2% to 2.4% |\n" in page
    assert "role" not in page
    assert filled(page, None, detection) == page


def test_the_page_shows_the_figures_that_are_kept() -> None:
    facts = [json.loads(file.read_text()) if file.exists() else None for file in (FIGURES, DETECTION)]
    page = PAGE.read_text(encoding="utf-8")
    assert filled(page, *facts) == page
