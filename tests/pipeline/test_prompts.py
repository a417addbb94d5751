"""What the prompt of a route decides of the call of its model."""

import pytest

from groundwire_server.domain.generation import NO_SETTINGS, PromptSettings
from groundwire_server.domain.prompts.registry import PromptLabel
from tests.doubles.generator import ScriptedGenerator
from tests.doubles.prompts import catalogue, template, version
from tests.pipeline.running import path

LABELS = (PromptLabel("answer", "candidate", "1.0.0"),)


@pytest.mark.parametrize(("wanted", "expected"), [("", "1.1.0"), ("1.0.0", "1.0.0"), ("candidate", "1.0.0")])
async def test_a_route_is_answered_with_the_version_that_it_names_and_the_report_says_which(
    wanted: str, expected: str
) -> None:
    prompts = catalogue(version("1.0.0"), version("1.1.0"), labels=LABELS)
    made = await path(ScriptedGenerator(), prompts=prompts, prompt_version=wanted)
    outcome = await made.ask(None)
    (request,) = made.models[0].requests
    assert request.prompt.system.startswith(f"Answer as {expected} does.")
    assert outcome.report is not None
    assert (outcome.report.prompt_name, outcome.report.prompt_version) == ("answer", expected)


@pytest.mark.parametrize(("own", "asked"), [(300, 300), (800, 500), (None, 500)])
async def test_a_model_stops_at_the_prompts_own_limit_and_never_behind_the_routes(own: int | None, asked: int) -> None:
    header = "model: {}" if own is None else f"model: {{temperature: 0.5, max_output_tokens: {own}}}"
    made = await path(
        ScriptedGenerator(), prompts=catalogue(version("1.0.0", template(header=header))), output_tokens=500
    )
    await made.ask(None)
    (request,) = made.models[0].requests
    assert request.max_output_tokens == asked
    assert request.prompt.settings == (NO_SETTINGS if own is None else PromptSettings(0.5, None, own))
