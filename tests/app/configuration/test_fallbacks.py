"""Rows that an operator writes: what could never be taken is refused, with what to do."""

from pathlib import Path

import pytest

from groundwire_server.app.configuration.fallbacks import FALLBACKS
from groundwire_server.domain.vocabulary import Action, Cause
from tests.app.configuration.reading import errors, loaded

FILE = """providers: {away: {kind: openai, base_url: "http://127.0.0.1:9/v1"}}
models:
  large: {kind: openai, provider: away, model: large, price: {input: 1, output: 2}}
  dear: {kind: openai, provider: away, model: dear, price: {input: 1, output: 2}}
  extractive: {}
routes: {default: {store: main, models: [%s], fallbacks: {%s}}}
"""
PLACE = "groundwire.yaml:6: routes.default.fallbacks"
TWO, ONE = "large, extractive", "large"


@pytest.mark.parametrize(
    ("models", "row", "says"),
    [
        (TWO, "MODEL_TIMEOUT: [REPAIR]", "the model has written nothing that could be repaired; leave it out"),
        (TWO, "OUTPUT_EMPTY: [REPAIR, ABSTAIN]", "the model has written nothing that could be repaired; leave it out"),
        (TWO, "NO_EVIDENCE: [PASSAGES_ONLY]", "no passage has been found by then; leave it out"),
        (TWO, "MODEL_TIMEOUT: [BLOCK]", "no guard has forbidden anything; leave it out"),
        (
            TWO,
            "QUESTION_FORBIDDEN: [CACHED_ANSWER]",
            "the question must be screened, and allowed, before an earlier answer is looked up; leave it out",
        ),
        (TWO, "UNSUPPORTED: [QUEUE]", "waiting does not help: the same would happen later; leave it out"),
        (
            TWO,
            "UNSUPPORTED: [REVIEW]",
            "the route has no reviewers; set review.enabled of the route, and records.enabled, or leave it out",
        ),
        (
            TWO,
            "REVIEW_EXPIRED: [NEXT_MODEL]",
            "the question is not answered again once its review has ended; leave it out",
        ),
        (ONE, "MODEL_TIMEOUT: [NEXT_MODEL]", "the route asks one model alone; name another in models, or leave it out"),
        (
            "large, dear",
            "BUDGET_EXHAUSTED: [NEXT_MODEL]",
            "every other model of the route has a price; add a model without a price, or leave it out",
        ),
    ],
)
def test_an_action_that_could_never_be_taken_is_one_line(tmp_path: Path, models: str, row: str, says: str) -> None:
    cause, actions = row.split(": ")
    action = actions.strip("[]").partition(",")[0]
    assert errors(tmp_path, FILE % (models, row)) == [f"{PLACE}.{cause}: {action} could never be taken: {says}"]


@pytest.mark.parametrize("last", ["ABSTAIN", "FAIL_SAFE"])
def test_nothing_stands_behind_what_is_always_possible(tmp_path: Path, last: str) -> None:
    (line,) = errors(tmp_path, FILE % (TWO, f"MODEL_TIMEOUT: [NEXT_MODEL, {last}, PASSAGES_ONLY]"))
    assert line == f"{PLACE}.MODEL_TIMEOUT: nothing follows {last}: put it last, or leave out what stands after it"


def test_what_is_built_in_holds_for_routes_without_all_that_it_names(tmp_path: Path) -> None:
    configuration = loaded(tmp_path, FILE % (ONE, "MODEL_TIMEOUT: [CACHED_ANSWER, ABSTAIN]")).configuration
    rows = configuration.routes["default"].policy("default").fallbacks
    assert rows == {**FALLBACKS, Cause.MODEL_TIMEOUT: (Action.CACHED_ANSWER, Action.ABSTAIN)}


def test_a_row_that_says_what_is_built_in_is_taken_as_it_is(tmp_path: Path) -> None:
    row = ", ".join(FALLBACKS[Cause.MODEL_TIMEOUT])
    assert errors(tmp_path, FILE % (ONE, f"MODEL_TIMEOUT: [{row}]")) == []
