"""A groundwire server whose prompts change at run time, by a script."""

# ruff: noqa: N802 - gRPC names methods like the contract does

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from google.rpc import code_pb2

from groundwire.v1 import prompt_service_pb2 as prompts
from groundwire.v1 import prompt_service_pb2_grpc as prompts_grpc
from tests.doubles.service import Failure, FakeService, serving

CHANGED = Failure(
    code_pb2.ABORTED,
    "The label points elsewhere than you expect, or at nothing earlier; read it again.",
    "PROMPT_LABEL_CHANGED",
)
UNKNOWN = Failure(code_pb2.NOT_FOUND, "There is no such prompt, version or label.", "PROMPT_NOT_FOUND")
INVALID = Failure(code_pb2.INVALID_ARGUMENT, "text: line 3: unknown variable `who`", "PROMPT_INVALID")


def version(number: str, **others: Any) -> prompts.PromptVersion:
    """A version that was pushed, without its text."""
    made = prompts.PromptVersion(
        name="answer", version=number, origin=prompts.PROMPT_ORIGIN_RECORDS, author="ana", **others
    )
    made.create_time.FromJsonString("2026-11-27T15:00:00Z")
    return made


def change(revision: int, number: str, **others: Any) -> prompts.PromptChange:
    """A change."""
    made = prompts.PromptChange(revision=revision, name="answer", version=number, actor="ana", **others)
    made.time.FromJsonString("2026-11-27T15:00:00Z")
    return made


class ScriptedPromptService(FakeService):
    """Keeps versions and one label, and remembers what is asked of it.

    Attributes:
        versions: of the prompt `answer`, the newest first.
        label: production.
        texts: of versions, by their numbers.
        built_in: the numbers of versions that come with the server.
        findings: of each push.
        changes: the newest first.
        failures: what a call of a method ends with.
    """

    def __init__(self) -> None:
        super().__init__()
        self.versions = [version("1.4.0", description="Shorter", owner="search team"), version("1.3.0")]
        self.label = prompts.PromptLabel(label="production", version="1.3.0", previous_version="1.2.0")
        self.texts: dict[str, str] = {}
        self.built_in: set[str] = set()
        self.findings: list[prompts.PromptFinding] = []
        self.changes = [change(number, "1.3.0", label="production") for number in range(5, 0, -1)]
        self.failures: dict[str, Failure] = {}

    def ListPrompts(self, request: prompts.ListPromptsRequest, context: Any) -> prompts.ListPromptsResponse:
        self._answer("ListPrompts", request, context)
        routes = [prompts.PromptRoute(route="default", version=self.label.version)]
        listed = prompts.ListedPrompt(name="answer", versions=self.versions, labels=[self.label], routes=routes)
        return prompts.ListPromptsResponse(prompts=[listed], revision=7)

    def GetPromptVersion(
        self, request: prompts.GetPromptVersionRequest, context: Any
    ) -> prompts.GetPromptVersionResponse:
        self._answer("GetPromptVersion", request, context)
        wanted = {"": "1.3.0", "production": "1.3.0"}.get(request.version, request.version)
        found = next((each for each in self.versions if each.version == wanted), None)
        if found is None:
            self._fail(UNKNOWN, context)
        full = prompts.PromptVersion(text=self.texts.get(wanted, f"text of {wanted}\n"))
        full.MergeFrom(found)
        return prompts.GetPromptVersionResponse(version=full)

    def PushPromptVersion(
        self, request: prompts.PushPromptVersionRequest, context: Any
    ) -> prompts.PushPromptVersionResponse:
        self._answer("PushPromptVersion", request, context)
        kept = prompts.PromptVersion(name=request.name, version=request.version, origin=prompts.PROMPT_ORIGIN_RECORDS)
        if request.version in self.built_in:
            kept.origin = prompts.PROMPT_ORIGIN_BUILT_IN
        elif request.version in self.texts or not request.validate_only:
            kept = version(request.version)
        return prompts.PushPromptVersionResponse(version=kept, findings=self.findings)

    def SetPromptLabel(self, request: prompts.SetPromptLabelRequest, context: Any) -> prompts.SetPromptLabelResponse:
        self._answer("SetPromptLabel", request, context)
        return prompts.SetPromptLabelResponse(label=self._moved(request.label, request.version), revision=8)

    def RollBackPrompt(self, request: prompts.RollBackPromptRequest, context: Any) -> prompts.RollBackPromptResponse:
        self._answer("RollBackPrompt", request, context)
        return prompts.RollBackPromptResponse(label=self._moved(request.label, self.label.previous_version), revision=9)

    def ListPromptChanges(
        self, request: prompts.ListPromptChangesRequest, context: Any
    ) -> prompts.ListPromptChangesResponse:
        self._answer("ListPromptChanges", request, context)
        begin = int(request.page_token or 0)
        end = begin + request.page_size
        token = str(end) if end < len(self.changes) else ""
        return prompts.ListPromptChangesResponse(changes=self.changes[begin:end], next_page_token=token)

    def add_to(self, server: grpc.Server) -> None:
        """Add the service that only this server has."""
        service: Any = self
        prompts_grpc.add_PromptServiceServicer_to_server(service, server)

    def _answer(self, method: str, request: Any, context: Any) -> None:
        self._remember(method, request, context)
        if method in self.failures:
            self._fail(self.failures[method], context)

    def _moved(self, label: str, number: str) -> prompts.PromptLabel:
        self.label = prompts.PromptLabel(label=label, version=number, previous_version=self.label.version, actor="ana")
        return self.label


@contextmanager
def serving_prompts(service: ScriptedPromptService) -> Iterator[str]:
    """Serve on a free port of this machine and give its address."""
    with serving(service, also=service.add_to) as address:
        yield address
