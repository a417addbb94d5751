"""A call with something changed: recorded outputs count for the prompts that they were written for, and no others."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from groundwire_server.app.replay import ReplayChanges, replay
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Prompt, PromptSettings
from groundwire_server.domain.outcome import Answered
from groundwire_server.domain.vocabulary import Action, Cause
from groundwire_server.pipeline.routes import Ports
from groundwire_server.ports.exchange import RecordedExchange
from groundwire_server.ports.prompts import PromptInputs
from tests.app.replaying.recorded import GOOD, recorded
from tests.doubles.generator import DONE, Move, ScriptedGenerator, draft
from tests.pipeline.running import FIRST, THIRD, path
from tests.pipeline.samples import ALICE, ask

LIVE: list[Move] = [*draft((THIRD, ["p1"])), DONE]


@dataclass
class OtherPrompts:
    """Prompts in other words than those that were recorded, over the same passages."""

    recorded: Sequence[Prompt]
    asked: list[str] = field(default_factory=list)

    def fingerprint(self, name: str, version: str) -> str:
        return f"{name}/{version}"

    def settings(self, name: str, version: str) -> PromptSettings:
        return self.recorded[0].settings

    def render(self, name: str, version: str, inputs: PromptInputs) -> Prompt:
        self.asked.append(version)
        return replace(self.recorded[0], version=version, system="Be brief.")


async def live_ports(*scripts: list[Move]) -> Ports:
    """Parts of the route as they are now."""
    made = await path(*scripts)
    inquiry = made.routes.inquiry(ask(), ALICE, 0.0, Deadline(1.0))
    return made.routes.ports(inquiry)


def prompts_of(exchange: RecordedExchange) -> list[Prompt]:
    return [each.prompt for each in exchange.prompts if each.prompt is not None]


async def test_another_threshold_is_tried_on_the_recorded_output() -> None:
    _, exchange = await recorded(GOOD)
    policy = replace(exchange.policy, allowed_confidence=frozenset())
    replayed = await replay(exchange, ReplayChanges(policy))
    assert replayed.outcome is not None
    assert (replayed.outcome.cause, replayed.outcome.action) == (Cause.CONFIDENCE_NOT_ALLOWED, Action.ABSTAIN)
    assert "outcome.cause" in replayed.differences


async def test_the_same_policy_changes_nothing() -> None:
    _, exchange = await recorded([Failure(Cause.MODEL_UNAVAILABLE)], GOOD)
    replayed = await replay(exchange, ReplayChanges(exchange.policy))
    assert replayed.outcome is not None
    assert replayed.differences == ()


async def test_another_prompt_has_no_recorded_output() -> None:
    _, exchange = await recorded(GOOD)
    prompts = OtherPrompts(prompts_of(exchange))
    policy = replace(exchange.policy, prompt_version="9.0.0")
    replayed = await replay(exchange, ReplayChanges(policy, prompts))
    assert replayed.outcome is None
    assert replayed.unrecorded == "GENERATOR model-1"
    assert prompts.asked == ["9.0.0"]
    assert [prompt.system for prompt in replayed.prompts] == ["Be brief."]


async def test_a_live_model_writes_for_another_prompt() -> None:
    _, exchange = await recorded(GOOD)
    prompts = OtherPrompts(prompts_of(exchange))
    policy = replace(exchange.policy, prompt_version="9.0.0")
    changes = ReplayChanges(policy, prompts, await live_ports(LIVE))
    replayed = await replay(exchange, changes)
    assert replayed.outcome is not None
    assert isinstance(replayed.outcome.result, Answered)
    assert replayed.outcome.result.answer.text == THIRD
    assert replayed.outcome.report.prompt_version == "9.0.0"


async def test_a_model_that_was_not_asked_then_is_asked_now() -> None:
    _, exchange = await recorded(GOOD)
    policy = replace(exchange.policy, models=("model-2",))
    changes = ReplayChanges(policy, live=await live_ports(GOOD, LIVE))
    replayed = await replay(exchange, changes)
    assert replayed.outcome is not None
    assert replayed.outcome.report.model == "model-2"
    assert replayed.outcome.answer is not None
    assert replayed.outcome.answer.text == THIRD


async def test_a_live_model_that_fails_ends_as_the_route_says() -> None:
    _, exchange = await recorded(GOOD)
    policy = replace(exchange.policy, models=("model-2",))
    changes = ReplayChanges(policy, live=await live_ports(GOOD, [Failure(Cause.MODEL_REFUSED)]))
    replayed = await replay(exchange, changes)
    assert replayed.outcome is not None
    assert replayed.outcome.cause is Cause.MODEL_REFUSED
    assert replayed.outcome.action is Action.PASSAGES_ONLY


async def test_what_the_recording_has_is_not_asked_of_a_live_model() -> None:
    outcome, exchange = await recorded(GOOD)
    untouched = ScriptedGenerator(LIVE)
    live = replace(await live_ports(GOOD), generators={"model-1": untouched})
    replayed = await replay(exchange, ReplayChanges(exchange.policy, live=live))
    assert replayed.outcome is not None
    assert outcome.answer is not None
    assert replayed.outcome.answer == outcome.answer
    assert FIRST in outcome.answer.text
    assert untouched.requests == []
