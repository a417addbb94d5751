"""Reviews of a route, and the answers that are kept for feedback: what they come to, and what they need."""

from pathlib import Path

import pytest

from groundwire_server.app.configuration.fallback_rules import route_policy
from groundwire_server.domain.review_policy import DAY, ReviewPolicy
from groundwire_server.domain.vocabulary import Confidence
from tests.app.configuration.reading import errors, loaded

ROUTE = "routes:\n  default:\n    models: [extractive]\n    store: main\n"


def policy(folder: Path, text: str) -> ReviewPolicy | None:
    return route_policy(loaded(folder, text).configuration, "default").review


def test_a_route_has_no_reviewers_unless_it_says_so(tmp_path: Path) -> None:
    assert policy(tmp_path, ROUTE) is None
    assert policy(tmp_path, f"{ROUTE}    review: {{enabled: false, always: true}}\n") is None


def test_the_keys_of_a_route_are_what_the_pipeline_follows(tmp_path: Path) -> None:
    text = f"""{ROUTE}    screens: {{answer: {{use: [{{guard: personal, action: FLAG}}]}}}}
    feedback: {{keep_share: 0.2, keep_days: 3}}
    review:
      enabled: true
      always: true
      share: 0.5
      min_confidence: HIGH
      verified_only: true
      guards: [personal]
      sample_share: 0.1
      block_share: 1
      appeals: true
      answer_within_seconds: 60
      sample_within_days: 2
      expected_within_seconds: 30
      second_person: true
      allow_unsupported: true
      seed_cache: true
      keep_days: 5
"""
    assert policy(tmp_path, text) == ReviewPolicy(
        always=True,
        share=0.5,
        min_confidence=Confidence.HIGH,
        verified_only=True,
        guards=frozenset({"personal"}),
        sample_share=0.1,
        block_share=1.0,
        appeals=True,
        answer_within=60.0,
        sample_within=2 * DAY,
        expected_within=30.0,
        second_person=True,
        allow_unsupported=True,
        seed_cache=True,
        keep=5 * DAY,
        keep_share=0.2,
        keep_answers=3 * DAY,
    )


def test_retention_says_how_long_where_the_route_does_not(tmp_path: Path) -> None:
    retention = "records: {retention: {review_days: 7, feedback_days: 8}}\n"
    found = policy(tmp_path, f"{retention}{ROUTE}    review: {{enabled: true}}\n    feedback: {{keep_share: 1}}\n")
    assert found is not None
    assert (found.keep, found.keep_answers) == (7 * DAY, 8 * DAY)


def test_answers_are_kept_for_feedback_without_reviewers(tmp_path: Path) -> None:
    loaded_policy = route_policy(
        loaded(tmp_path, f"{ROUTE}    feedback: {{keep_share: 0.5}}\n").configuration, "default"
    )
    assert loaded_policy.review is not None
    assert (loaded_policy.review.keep_share, loaded_policy.reviewers, loaded_policy.holds_back) == (0.5, False, False)


PERSONAL = "screens: {answer: {use: [{guard: personal}]}}"
NO_SUCH_GUARD = (
    "no screen of the route has a guard of this name; did you mean personal? "
    "there are: injection, instructions, personal"
)
WITHOUT = f"records: {{enabled: false}}\nqueue: {{enabled: false}}\n{ROUTE}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{WITHOUT}    review: {{enabled: true}}\n",
         "7: routes.default.review.enabled: reviews are kept in records: set records.enabled"),
        (f"{ROUTE}    review: {{always: true}}\n",
         ("5: routes.default.review.enabled: no answer is reviewed without it: set true, or false to keep these "
          "settings for later")),
        (f"{WITHOUT}    feedback: {{keep_share: 0.1}}\n",
         "7: routes.default.feedback.keep_share: answers are kept in records: set records.enabled"),
        (f"{ROUTE}    review: {{enabled: true, guards: [personel]}}\n    {PERSONAL}\n",
         f"5: routes.default.review.guards: {NO_SUCH_GUARD}"),
        (f"{ROUTE}    review: {{enabled: true, answer_within_seconds: 60, expected_within_seconds: 90}}\n",
         "5: routes.default.review.expected_within_seconds: must be at most answer_within_seconds"),
        (f"{ROUTE}    review: {{enabled: true, always: true}}\n    mode: PROVISIONAL\n",
         "6: routes.default.mode: with PROVISIONAL text leaves before a reviewer has seen it: use CHECKED"),
        (f"{ROUTE}    review: {{enabled: true, share: 1.5}}\n", "5: routes.default.review.share: must be at most 1"),
        (f"{ROUTE}    review: {{enabled: true, sample_share: -1}}\n",
         "5: routes.default.review.sample_share: must be at least 0"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    assert errors(tmp_path, text) == [f"groundwire.yaml:{line}"]


def test_a_route_whose_reviewers_only_look_afterwards_may_be_provisional(tmp_path: Path) -> None:
    text = f"{ROUTE}    review: {{enabled: true, sample_share: 1}}\n    mode: PROVISIONAL\n"
    assert errors(tmp_path, text) == []


def test_without_reviewers_nothing_is_asked_of_the_rest_of_the_section(tmp_path: Path) -> None:
    review = "    review: {enabled: false, guards: [nobody], always: true}\n    mode: PROVISIONAL\n"
    assert errors(tmp_path, ROUTE + review) == []
