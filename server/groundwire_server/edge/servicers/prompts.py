"""PromptService."""

import asyncio
from typing import Any, Final

import grpc.aio

from groundwire.v1 import prompt_service_pb2
from groundwire.v1.prompt_service_pb2_grpc import PromptServiceServicer
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.prompts.registry import PromptLabel, PromptOrigin, PromptVersion
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.call import current_call
from groundwire_server.edge.convert.prompt import (
    change_to_pb,
    finding_to_pb,
    label_to_pb,
    listed_to_pb,
    version_to_pb,
)
from groundwire_server.edge.managing import changed
from groundwire_server.edge.paging import PageTokens, page_size
from groundwire_server.edge.prompts import PromptCalls
from groundwire_server.edge.snapshot import CurrentSnapshot

_REVISION_DIGITS: Final = 18
"""As many as fit into a column of the database, whatever they are."""


class PromptRegistryCalls(PromptServiceServicer):
    """Shows and changes prompts.

    A change is checked against what the records hold when it comes, and this process uses it before it replies.
    """

    def __init__(self, current: CurrentSnapshot) -> None:
        self._current = current

    async def ListPrompts(
        self, request: prompt_service_pb2.ListPromptsRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> prompt_service_pb2.ListPromptsResponse:
        """Return the prompts that are in force on this process."""
        calls = self._calls
        if request.name and not calls.registry.numbers(request.name):
            raise _not_found(request.name)
        # Reading the front matter of many versions for the first time takes a while: calls go on meanwhile.
        listed = await asyncio.to_thread(lambda: list(listed_to_pb(calls, request.name)))
        return prompt_service_pb2.ListPromptsResponse(prompts=listed, revision=calls.registry.revision)

    async def GetPromptVersion(
        self, request: prompt_service_pb2.GetPromptVersionRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> prompt_service_pb2.GetPromptVersionResponse:
        """Return one version with its text; another process may have kept it a moment ago."""
        calls = await self._fresh()
        found = calls.registry.resolved(request.name, request.version)
        if found is None:
            raise _not_found(f"{request.name}/{request.version}" if request.version else request.name)
        return prompt_service_pb2.GetPromptVersionResponse(version=version_to_pb(calls, found, text=True))

    async def PushPromptVersion(
        self, request: prompt_service_pb2.PushPromptVersionRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> prompt_service_pb2.PushPromptVersionResponse:
        """Add a version."""
        calls, author = await self._fresh(), current_call().caller.subject
        version = PromptVersion(request.name, request.version, request.text, PromptOrigin.RECORDS, author)
        kept, findings = await calls.changes.push(version, request.reason, validate_only=request.validate_only)
        if not request.validate_only:
            calls = await self._fresh()
            kept = calls.registry.versions.get((kept.name, kept.version), kept)
        return prompt_service_pb2.PushPromptVersionResponse(
            version=version_to_pb(calls, kept), findings=map(finding_to_pb, findings)
        )

    async def SetPromptLabel(
        self, request: prompt_service_pb2.SetPromptLabelRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> prompt_service_pb2.SetPromptLabelResponse:
        """Point a label at a version."""
        actor = current_call().caller.subject
        label = PromptLabel(request.name, request.label, request.version, actor=actor, reason=request.reason)
        expected = request.expected_version if request.HasField("expected_version") else None
        kept, revision = await changed(
            self._fresh, lambda calls: calls.changes.set_label(label, expected), _label_changed(request.label)
        )
        await self._calls.refresh()
        return prompt_service_pb2.SetPromptLabelResponse(label=label_to_pb(kept), revision=revision)

    async def RollBackPrompt(
        self, request: prompt_service_pb2.RollBackPromptRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> prompt_service_pb2.RollBackPromptResponse:
        """Point a label at what it pointed at before."""
        actor = current_call().caller.subject
        label = PromptLabel(request.name, request.label, "", actor=actor, reason=request.reason)
        expected = request.expected_version if request.HasField("expected_version") else None
        kept, revision = await changed(
            self._fresh, lambda calls: calls.changes.roll_back(label, expected), _label_changed(request.label)
        )
        await self._calls.refresh()
        return prompt_service_pb2.RollBackPromptResponse(label=label_to_pb(kept), revision=revision)

    async def ListPromptChanges(
        self, request: prompt_service_pb2.ListPromptChangesRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> prompt_service_pb2.ListPromptChangesResponse:
        """Return a page of changes."""
        records = self._calls.records
        tokens = PageTokens("prompt changes", request.name)
        before, size = tokens.read(request.page_token, _revision), page_size(request.page_size)
        found = await records.changes(request.name, before, size + 1)
        page, following = tokens.cut(found, size, lambda change: [str(change.revision)])
        return prompt_service_pb2.ListPromptChangesResponse(
            changes=map(change_to_pb, page),
            next_page_token=following,
        )

    @property
    def _calls(self) -> PromptCalls:
        return self._current.snapshot.prompt_calls(current_call().caller)

    async def _fresh(self) -> PromptCalls:
        """Return what calls need, by what the records hold now."""
        await self._calls.refresh()
        return self._calls


def _revision(text: str) -> int:
    """Return the revision that a page token holds.

    Raises:
        ValueError: for any other text.
    """
    if not text.isdecimal() or len(text) > _REVISION_DIGITS:
        raise ValueError("not a revision")
    return int(text)


def _label_changed(label: str) -> Rejection:
    return Rejection(Reason.PROMPT_LABEL_CHANGED, metadata={"label": label})


def _not_found(named: str) -> Rejection:
    return Rejection(Reason.PROMPT_NOT_FOUND, metadata={"prompt": named})
