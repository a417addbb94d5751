"""Prompts, in messages of the contract."""

from collections.abc import Iterator

from groundwire.v1 import prompt_service_pb2
from groundwire_server.domain.prompts.finding import PromptFinding
from groundwire_server.domain.prompts.registry import PromptLabel, PromptVersion
from groundwire_server.edge.convert.times import fill_time
from groundwire_server.edge.convert.words import PROMPT_ORIGINS
from groundwire_server.edge.prompts import PromptCalls
from groundwire_server.ports.registry_records import PromptChange


def version_to_pb(
    calls: PromptCalls, version: PromptVersion, *, text: bool = False
) -> prompt_service_pb2.PromptVersion:
    """Return a version, with its text or without."""
    header = calls.header(version)
    message = prompt_service_pb2.PromptVersion(
        name=version.name,
        version=version.version,
        description=header.description,
        owner=header.owner,
        digest=version.digest,
        origin=PROMPT_ORIGINS[version.origin],
        author=version.author,
        text=version.text if text else "",
    )
    fill_time(message.create_time, version.created)
    return message


def label_to_pb(label: PromptLabel) -> prompt_service_pb2.PromptLabel:
    """Return a label."""
    message = prompt_service_pb2.PromptLabel(
        label=label.label,
        version=label.version,
        previous_version=label.previous,
        actor=label.actor,
        reason=label.reason,
    )
    fill_time(message.set_time, label.at)
    return message


def listed_to_pb(calls: PromptCalls, name: str = "") -> Iterator[prompt_service_pb2.ListedPrompt]:
    """Yield the prompts in the order of their names, or the one of a name."""
    registry = calls.registry
    for each in sorted({prompt for prompt, _ in registry.versions} if not name else {name}):
        versions = (registry.versions[each, number] for number in reversed(registry.numbers(each)))
        labels = (registry.labels[key] for key in sorted(registry.labels) if key[0] == each)
        yield prompt_service_pb2.ListedPrompt(
            name=each,
            versions=(version_to_pb(calls, version) for version in versions),
            labels=map(label_to_pb, labels),
            routes=_routes(calls, each),
        )


def _routes(calls: PromptCalls, name: str) -> Iterator[prompt_service_pb2.PromptRoute]:
    """Yield the routes that use a prompt."""
    for route, (prompt, wanted) in sorted(calls.routes.items()):
        version = calls.registry.resolved(prompt, wanted)
        if prompt == name and version is not None:
            yield prompt_service_pb2.PromptRoute(route=route, version=version.version)


def finding_to_pb(finding: PromptFinding) -> prompt_service_pb2.PromptFinding:
    """Return a finding."""
    return prompt_service_pb2.PromptFinding(line=finding.line, error=finding.error, message=finding.message)


def change_to_pb(change: PromptChange) -> prompt_service_pb2.PromptChange:
    """Return a change."""
    message = prompt_service_pb2.PromptChange(
        revision=change.revision,
        actor=change.actor,
        name=change.prompt,
        label=change.label,
        version=change.version,
        previous_version=change.previous,
        reason=change.reason,
        rolled_back=change.rolled_back,
    )
    fill_time(message.time, change.at)
    return message
