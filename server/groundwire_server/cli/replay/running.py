"""Replaying recorded calls, as they were or with changes."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Final

from pydantic import ValidationError

from groundwire_server.app.configuration.limit_rules import priced_models
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.evaluation import InProcessService, in_process
from groundwire_server.app.parts.prompts import offline_prompts
from groundwire_server.app.replay import ReplayChanges, Replayed, replay
from groundwire_server.cli.replay.changes import AskedChanges
from groundwire_server.cli.replay.reading import ReplayableCall
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.prompts.registry import PromptVersion
from groundwire_server.evaluation.outcomes import recorded_outcome
from groundwire_server.evaluation.replayed import ReplayedCall
from groundwire_server.ports.exchange import PortName, RecordedExchange
from groundwire_server.ports.prompts import Prompts

_OUTCOME_ALONE: Final = "its recording has the outcome alone, not what models and stores returned"

_ASKED_LIVE: Final = frozenset(
    {
        *(PortName.GENERATOR, PortName.REWRITER, PortName.RERANKER, PortName.CHECKER, PortName.SUFFICIENCY),
        *(PortName.GUARD, PortName.NEIGHBOURS),
    }
)
"""Ports that a replay can ask anew: what the others return belongs to the time of the call."""

_NO_OUTCOME: Final = "its outcome has a number that no outcome has: the recording was changed"


async def replays_as_they_were(calls: Iterable[ReplayableCall]) -> AsyncIterator[ReplayedCall]:
    """Yield what recorded calls come to with all that came back for them."""
    for call in calls:
        if call.exchange is None:
            yield _outcome_alone(call)
            continue
        yield _compared(call, await replay(call.exchange))


async def replays_with(
    calls: Iterable[ReplayableCall], changes: AskedChanges, configuration: Configuration, *, live: bool
) -> AsyncIterator[ReplayedCall]:
    """Yield what recorded calls come to with changes.

    Args:
        calls: recorded ones.
        changes: what is otherwise.
        configuration: has the prompts and, for calls that are asked live, the models, stores and guards.
        live: whether these are asked what no recording has an answer to.

    Raises:
        CommandError: when a call's route is not there, or cannot have the settings.
        SetupError: when a part of the configuration cannot be used.
    """
    prompts = offline_prompts(configuration)
    async with AsyncExitStack() as opened:
        services: dict[str, InProcessService] = {}
        for call in calls:
            if call.exchange is None:
                yield _outcome_alone(call)
                continue
            route = call.exchange.policy.route
            if live and route not in services:
                changed = _with_route(configuration, route, changes)
                services[route] = await opened.enter_async_context(in_process(changed, call.exchange.caller))
            change = _change(call.exchange, changes, configuration, prompts, services.get(route))
            yield _compared(call, await replay(call.exchange, change))


async def replays_of_prompts(
    calls: Sequence[ReplayableCall],
    first: PromptVersion,
    second: PromptVersion,
    configuration: Configuration,
    *,
    live: bool,
) -> AsyncIterator[ReplayedCall]:
    """Yield what recorded calls come to with one version of a prompt, beside what they come to with another.

    Args:
        calls: recorded ones.
        first: the version whose outcome is the one before.
        second: the version whose outcome is the one after.
        configuration: as for `replays_with`.
        live: as for `replays_with`.

    Raises:
        CommandError: as `replays_with`.
        SetupError: as `replays_with`.
    """
    one = [each async for each in replays_with(calls, AskedChanges(first), configuration, live=live)]
    other = [each async for each in replays_with(calls, AskedChanges(second), configuration, live=live)]
    for before, after in zip(one, other, strict=True):
        if before.after is None:
            yield before
        else:
            yield replace(after, before=before.after, places=())


def _change(
    exchange: RecordedExchange,
    changes: AskedChanges,
    configuration: Configuration,
    prompts: Prompts,
    service: InProcessService | None,
) -> ReplayChanges:
    route = None if service is None else service.snapshot.routes.route(exchange.caller.tenant, exchange.policy.route)
    policy = _policy(exchange.policy, changes, configuration)
    return ReplayChanges(policy, prompts, None if route is None else route.ports)


def _policy(recorded: Policy, changes: AskedChanges, configuration: Configuration) -> Policy:
    """Return the policy of a replay: the recorded one, but for what is otherwise."""
    if changes.settings:
        changed = changes.route(recorded.route, configuration)
        return changed.policy(recorded.route, priced_models(configuration), configuration.records.retention)
    policy = recorded
    if changes.prompt is not None:
        policy = replace(policy, prompt=changes.prompt.name, prompt_version=changes.prompt.version)
    return replace(policy, models=(changes.model,), routing=()) if changes.model else policy


def _with_route(configuration: Configuration, name: str, changes: AskedChanges) -> Configuration:
    routes = {**configuration.routes, name: changes.route(name, configuration)}
    return configuration.model_copy(update={"routes": routes})


def _outcome_alone(call: ReplayableCall) -> ReplayedCall:
    return ReplayedCall(call.name, call.question, call.outcome, missing=_OUTCOME_ALONE)


def _compared(call: ReplayableCall, replayed: Replayed) -> ReplayedCall:
    try:
        after = None if replayed.outcome is None else recorded_outcome(replayed.outcome)
    except ValidationError:
        return ReplayedCall(call.name, call.question, call.outcome, missing=_NO_OUTCOME)
    return ReplayedCall(
        call.name,
        call.question,
        call.outcome,
        after,
        _missing(replayed),
        replayed.differences,
        replayed.other_rules,
    )


def _missing(replayed: Replayed) -> str:
    """Return why there is no outcome; nothing where there is one."""
    if replayed.refused:
        return f"the call itself fails: {replayed.refused}"
    port, _, name = replayed.unrecorded.partition(" ")
    if not port:
        return ""
    missing = f"nothing is recorded of {port.lower().replace('_', ' ')} {name}".strip()
    return f"{missing}, which can be asked with --live" if port in _ASKED_LIVE else missing
