"""What `policy explain` says of a row, against what the path does with it."""

from itertools import permutations
from pathlib import Path

import pytest

from groundwire_server.app.configuration.fallback_rules import route_policy
from groundwire_server.cli.policy.walk import Situation, walked
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.fallback import CHOOSABLE, ENDS, never_after
from groundwire_server.domain.vocabulary import Action, Cause
from tests.app.configuration.reading import loaded
from tests.doubles.generator import CUT_OFF, DONE, Move, draft
from tests.doubles.review_desk import RecordingDesk
from tests.doubles.sink import RecordingSink
from tests.pipeline.running import FIRST, path

CHECKED: list[Move] = [*draft((FIRST, ["p1"]))[:2], ", "]
LATE: list[Move] = [*draft((FIRST, ["p1"]), ("Lambda calculus was invented by Church.", ["p1"])), DONE]

BEFORE_TEXT: dict[Cause, list[Move]] = {
    Cause.MODEL_UNAVAILABLE: [Failure(Cause.MODEL_UNAVAILABLE)],
    Cause.PROMPT_TOO_LONG: [Failure(Cause.PROMPT_TOO_LONG)],
    Cause.CAPACITY_EXHAUSTED: [Failure(Cause.CAPACITY_EXHAUSTED)],
    Cause.OUTPUT_MALFORMED: ["Sure!", DONE],
    Cause.OUTPUT_EMPTY: [DONE],
    Cause.MODEL_ABSTAINED: [*draft(confidence="low"), DONE],
    Cause.UNSUPPORTED: [*draft(("Lambda calculus was invented by Church.", ["p1"])), DONE],
}
AFTER_TEXT: dict[Cause, list[Move]] = {
    Cause.MODEL_INTERRUPTED: [*CHECKED, Failure(Cause.MODEL_INTERRUPTED)],
    Cause.OUTPUT_CUT_OFF: [*CHECKED, CUT_OFF],
    Cause.UNSUPPORTED: LATE,
}
SITUATIONS = [(cause, False) for cause in BEFORE_TEXT] + [(cause, True) for cause in AFTER_TEXT]


@pytest.mark.slow
@pytest.mark.parametrize(("cause", "sent"), SITUATIONS)
async def test_the_path_does_what_is_explained_for_every_row_of_two_actions(
    tmp_path: Path, cause: Cause, sent: bool
) -> None:
    rows = _rows(cause)
    routes = "".join(
        f"  row-{number}: {{store: main, models: [model-1, model-2], fallbacks: {{{cause}: [{', '.join(row)}]}}}}\n"
        for number, row in enumerate(rows)
    )
    models = "models: {model-1: {kind: extractive}, model-2: {kind: extractive}}\n"
    configuration = loaded(tmp_path, f"{models}routes:\n  default: {{store: main, models: [model-1]}}\n{routes}")
    script = (AFTER_TEXT if sent else BEFORE_TEXT)[cause]
    for number, row in enumerate(rows):
        name = f"row-{number}"
        explained = walked(configuration.configuration, Situation(name, cause, 3.0, committed=sent, passages=1))
        policy = route_policy(configuration.configuration, name)
        made = await path(script, script, fallbacks=policy.fallbacks, queue=policy.queue, cache=policy.cache)
        outcome = await made.ask(RecordingSink() if sent else None)
        asked = ["model-1", *(model for step in explained for model in step.models)]
        calls = [f"model-{place}" for place, model in enumerate(made.models, 1) for _ in model.requests]
        (ends,) = [step.ends for step in explained if step.ends]
        assert (outcome.cause, outcome.action, calls) == (cause, ends, sorted(asked)), row


@pytest.mark.slow
@pytest.mark.parametrize("cause", BEFORE_TEXT)
async def test_the_path_does_what_is_explained_where_there_are_reviewers(tmp_path: Path, cause: Cause) -> None:
    possible = [each for each in sorted(CHOOSABLE - {Action.REVIEW}) if never_after(each, cause) is None]
    rows = [(Action.REVIEW,), *((Action.REVIEW, each) for each in possible)]
    rows += [(each, Action.REVIEW) for each in possible if each not in ENDS]
    routes = "".join(
        f"  row-{number}: {{store: main, models: [model-1, model-2], review: {{enabled: true}}, "
        f"fallbacks: {{{cause}: [{', '.join(row)}]}}}}\n"
        for number, row in enumerate(rows)
    )
    models = "models: {model-1: {kind: extractive}, model-2: {kind: extractive}}\n"
    configuration = loaded(tmp_path, f"{models}routes:\n  default: {{store: main, models: [model-1]}}\n{routes}")
    for number, row in enumerate(rows):
        name, desk = f"row-{number}", RecordingDesk()
        explained = walked(configuration.configuration, Situation(name, cause, 3.0, passages=1))
        policy, script = route_policy(configuration.configuration, name), BEFORE_TEXT[cause]
        made = await path(script, script, desk=desk, fallbacks=policy.fallbacks, review=policy.review)
        outcome = await made.ask(None)
        (ends,) = [step.ends for step in explained if step.ends]
        assert (outcome.cause, outcome.action) == (cause, ends), row
        assert len(desk.opened) == (ends == Action.REVIEW), row


def _rows(cause: Cause) -> list[tuple[Action, ...]]:
    """Every row of one action or two that starts on a route with two models and no reviewers."""
    possible = [each for each in sorted(CHOOSABLE - {Action.REVIEW}) if never_after(each, cause) is None]
    return [row for size in (1, 2) for row in permutations(possible, size) if not ENDS.intersection(row[:-1])]
