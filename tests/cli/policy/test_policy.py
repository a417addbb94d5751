"""`groundwire policy show`, `explain` and `diff`."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from groundwire_server.app.configuration.fallbacks import FALLBACKS
from groundwire_server.domain.vocabulary import Cause
from tests.cli.conftest import Ran

Command = Callable[..., Ran]

FILE = """providers:
  cloud: {kind: openai, base_url: "http://127.0.0.1:9/v1"}
models:
  large: {kind: openai, provider: cloud, model: large, price: {input: 3, output: 15}}
  small: {kind: openai, provider: cloud, model: small, price: {input: 1, output: 4}}
  extractive: {}
routes:
  default:
    store: main
    models: [large, small, extractive]
    routing:
      - {name: short, when: {question_chars: {max: 80}}, models: [small, extractive]}
  compliance:
    store: main
    models: [large]
    queue: {enabled: false}
    fallbacks:
      MODEL_TIMEOUT: [ABSTAIN]
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    file = tmp_path / "groundwire.yaml"
    file.write_text(FILE)
    return str(file)


def test_show_prints_the_table_with_what_is_passed_over(
    groundwire_command: Command, config: str, golden: Callable[[str, str], None]
) -> None:
    ran = groundwire_command("policy", "show", "--config", config)
    assert ran.code == 0, ran.err
    golden("policy-show", ran.out)


def test_what_is_shown_holds_every_cause_of_every_route(groundwire_command: Command, config: str) -> None:
    listed = json.loads(groundwire_command("policy", "show", "--config", config, "--json").out)
    assert {name: set(route["rows"]) for name, route in listed.items()} == {
        "default": set(FALLBACKS),
        "compliance": set(FALLBACKS),
    }
    row = listed["compliance"]["rows"]["MODEL_TIMEOUT"]
    assert row == {"actions": ["ABSTAIN"], "passed_over": {}, "built_in": False}
    one = json.loads(groundwire_command("policy", "show", "--config", config, "--route", "default", "--json").out)
    assert one == {"default": listed["default"]}


REVIEWED = """routes:
  default:
    store: main
    models: [extractive]
    screens: {answer: {use: [{guard: personal, action: FLAG}]}}
    review: {enabled: true, share: 0.05, min_confidence: MEDIUM, verified_only: true, guards: [personal]}
  compliance: {store: main, models: [extractive], review: {enabled: true, always: true}}
  looked_at: {store: main, models: [extractive], review: {enabled: true, sample_share: 0.1}}
"""


def test_show_says_which_answers_wait_for_a_reviewer(groundwire_command: Command, tmp_path: Path) -> None:
    file = tmp_path / "groundwire.yaml"
    file.write_text(REVIEWED)
    out = groundwire_command("policy", "show", "--config", str(file)).out
    default, compliance, looked_at = re.split("^route ", out, flags=re.MULTILINE)[1:]
    said = " ".join(default.split())
    assert (
        "a queue, reviewers wait for a reviewer: 5 % of the answers, answers of less confidence than MEDIUM, answers "
        "that are not verified, answers in which a guard found something (personal) the text of a stream waits for the "
        "end of the answer"
    ) in said
    assert "wait for a reviewer: all answers" in compliance
    assert "wait" not in looked_at.split("after")[0]
    assert "passed over: REVIEW" not in out
    listed = json.loads(groundwire_command("policy", "show", "--config", str(file), "--json").out)
    assert (listed["compliance"]["held_back"], listed["compliance"]["holds_streams"]) == (["all answers"], True)
    assert (listed["looked_at"]["held_back"], listed["looked_at"]["reviewers"]) == ([], True)


def test_explain_ends_with_a_reviewer_where_there_is_one(groundwire_command: Command, tmp_path: Path) -> None:
    file = tmp_path / "groundwire.yaml"
    file.write_text(REVIEWED)
    ran = groundwire_command("policy", "explain", "--config", str(file), "--cause", "REVIEW_REQUIRED")
    assert "1. REVIEW   ends the call" in ran.out
    expired = groundwire_command("policy", "explain", "--config", str(file), "--cause", "REVIEW_EXPIRED").out
    assert "1. ABSTAIN  ends the call" in expired


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        (
            ("--cause", "MODEL_TIMEOUT", "--remaining", "800ms", "--queue"),
            [
                "1. NEXT_MODEL     asks small, then extractive; goes on if that fails in the same way",
                "2. CACHED_ANSWER  passed over: no earlier answer stands in",
                "3. PASSAGES_ONLY  ends the call",
                "4. FAIL_SAFE      not reached",
            ],
        ),
        (
            ("--cause", "model-timeout", "--remaining", "50ms", "--stand-in"),
            [
                "1. NEXT_MODEL     passed over: too little time is left",
                "2. CACHED_ANSWER  ends the call",
                "3. PASSAGES_ONLY  not reached",
                "4. FAIL_SAFE      not reached",
            ],
        ),
        (
            ("--cause", "BUDGET_EXHAUSTED"),
            [
                "1. NEXT_MODEL     asks extractive; goes on if that fails in the same way",
                "2. CACHED_ANSWER  passed over: no earlier answer stands in",
                "3. QUEUE          passed over: the caller does not allow it",
                "4. FAIL_SAFE      ends the call",
            ],
        ),
        (
            ("--cause", "UNSUPPORTED", "--passages", "0"),
            [
                "1. REPAIR         passed over: no passage has been found by then",
                "2. NEXT_MODEL     passed over: no passage has been found by then",
                "3. CACHED_ANSWER  passed over: no earlier answer stands in",
                "4. PASSAGES_ONLY  passed over: there is no passage that may be shown",
                "5. FAIL_SAFE      ends the call",
            ],
        ),
        (
            ("--cause", "MODEL_INTERRUPTED", "--sent"),
            [
                "1. NEXT_MODEL     asks small, then extractive; goes on if that fails in the same way",
                "2. CACHED_ANSWER  passed over: text has left that cannot be taken back",
                "3. PASSAGES_ONLY  ends the call as CUT_SHORT",
                "4. FAIL_SAFE      not reached",
            ],
        ),
        (
            ("--cause", "UNSUPPORTED", "--sent"),
            [
                "1. REPAIR         asks large; goes on if that fails in the same way",
                "2. NEXT_MODEL     asks small, then extractive; goes on if that fails in the same way",
                "3. CACHED_ANSWER  passed over: text has left that cannot be taken back",
                "4. PASSAGES_ONLY  ends the call as CUT_SHORT",
            ],
        ),
        (
            ("--cause", "PROMPT_TOO_LONG", "--passages", "1", "--route", "compliance"),
            [
                "1. SHORTER_PROMPT  passed over: there are not two passages, of which half could be left out",
                "2. NEXT_MODEL      passed over: the route asks one model alone",
                "3. PASSAGES_ONLY   ends the call",
            ],
        ),
        (("--cause", "ANSWER_FORBIDDEN"), ["1. BLOCK  ends the call"]),
        (
            ("--cause", "STORE_UNAVAILABLE"),
            ["1. CACHED_ANSWER  passed over: no earlier answer stands in", "2. FAIL_SAFE      ends the call"],
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_failure_is_walked_through_as_the_pipeline_would(
    groundwire_command: Command,
    config: str,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    lines: list[str],
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    ran = groundwire_command("policy", "explain", *options, "--config", config)
    assert ran.code == 0, ran.err
    assert [line.strip() for line in ran.out.splitlines()[2:]] == lines


@pytest.mark.parametrize("cause", FALLBACKS)
def test_every_cause_can_be_explained_and_ends(groundwire_command: Command, config: str, cause: Cause) -> None:
    walked = json.loads(groundwire_command("policy", "explain", "--cause", cause, "--config", config, "--json").out)
    assert sum(step["ends_with"] is not None for step in walked["steps"]) == 1


def test_two_routes_are_compared_setting_by_setting(groundwire_command: Command, config: str) -> None:
    ran = groundwire_command("policy", "diff", "default", "compliance", "--config", config)
    settings = [line for line in ran.out.splitlines() if line.startswith("  ") and line[2] != " "]
    assert ran.out.splitlines()[0] == "default, compliance"
    assert [line.partition(":")[0].strip() for line in settings] == [
        "models",
        "routing",
        "queue.enabled",
        "fallbacks.MODEL_TIMEOUT",
    ]
    assert settings[0] == "  models: large, small, extractive -> large"
    assert ran.out.endswith("FAIL_SAFE\n                           -> ABSTAIN\n")


def test_two_files_are_compared_route_by_route(groundwire_command: Command, config: str, tmp_path: Path) -> None:
    other = tmp_path / "new.yaml"
    other.write_text(FILE.replace("[ABSTAIN]", "[FAIL_SAFE]").replace("  default:", "  faq:"))
    found = json.loads(groundwire_command("policy", "diff", config, str(other), "--json").out)
    assert {
        "route": "compliance",
        "setting": "fallbacks.MODEL_TIMEOUT",
        "first": ["ABSTAIN"],
        "second": ["FAIL_SAFE"],
    } in found
    assert {each["route"] for each in found} == {"compliance", "default", "faq"}
    assert {(each["first"], each["second"]) for each in found if each["setting"] == "store"} == {
        ("main", None),
        (None, "main"),
    }
    assert groundwire_command("policy", "diff", config, config).out == "nothing differs\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("explain", "--cause", "MODEL_TIMOUT"),
            "--cause MODEL_TIMOUT: there is no failure of this name; did you mean MODEL_TIMEOUT? there are: ",
        ),
        (("explain", "--cause", "ANSWER_VALIDATED"), "--cause ANSWER_VALIDATED: there is no failure of this name; "),
        (("explain", "--cause", "INTERNAL", "--remaining", "0s"), "--remaining 0s: give a time above 0 and up to 365d"),
        (("show", "--route", "fax"), "there is no route fax; there are: compliance, default"),
        (("diff", "default", "fax"), "there is no route fax; there are: compliance, default"),
    ],
)
def test_what_is_wrong_is_one_line(
    groundwire_command: Command, config: str, arguments: tuple[str, ...], line: str
) -> None:
    ran = groundwire_command("policy", *arguments, "--config", config)
    assert ran.code == 2
    assert ran.err.startswith(f"groundwire: {line}")
    assert len(ran.err.splitlines()) == 1


def test_a_file_is_not_compared_with_a_route(groundwire_command: Command, config: str) -> None:
    ran = groundwire_command("policy", "diff", config, "default")
    assert (ran.code, ran.err) == (
        2,
        "groundwire: default is not a file, and the other is: name two files, or two routes\n",
    )
    both = groundwire_command("policy", "diff", config, config, "--config", config)
    assert (both.code, both.err) == (
        2,
        "groundwire: --config is for routes, and two files are named: leave it out\n",
    )
