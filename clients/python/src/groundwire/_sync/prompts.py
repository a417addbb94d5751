# Generated from clients/python/src/groundwire/_async/prompts.py: change that, then `make generate`.
"""The calls about prompts."""

from collections.abc import Iterator

from groundwire._sync.connection import Connection
from groundwire.v1.prompt_service_pb2 import (
    GetPromptVersionRequest,
    ListPromptChangesRequest,
    ListPromptsRequest,
    ListPromptsResponse,
    PromptChange,
    PromptVersion,
    PushPromptVersionRequest,
    PushPromptVersionResponse,
    RollBackPromptRequest,
    RollBackPromptResponse,
    SetPromptLabelRequest,
    SetPromptLabelResponse,
)


class PromptCalls:
    """Calls about prompts, for operators of the tenant that manages them.

    Args:
        connection: to the server.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def prompts(self, name: str = "", *, timeout: float | None = None) -> ListPromptsResponse:
        """Return the prompts with their versions and labels, or the one of a name, as a process of the server has them.

        Args:
            name: of a prompt; empty returns all.
            timeout: seconds that the call may take.
        """
        request = ListPromptsRequest(name=name)
        return self._connection.call(self._connection.prompts.ListPrompts, request, timeout)

    def prompt_version(self, name: str, version: str = "", *, timeout: float | None = None) -> PromptVersion:
        """Return one version of a prompt with its text.

        Args:
            name: of the prompt.
            version: a number or a label; empty takes ``production``, or the newest where there is no such label.
            timeout: seconds that the call may take.
        """
        request = GetPromptVersionRequest(name=name, version=version)
        response = self._connection.call(self._connection.prompts.GetPromptVersion, request, timeout)
        return response.version

    def push_prompt(
        self,
        name: str,
        version: str,
        text: str,
        *,
        reason: str = "",
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> PushPromptVersionResponse:
        """Add a version of a prompt, which no route uses before a label points at it; return it with its findings.

        Args:
            name: of the prompt.
            version: three numbers, such as ``1.4.0``; the same text again returns the version that is there.
            text: the template, at most 256 KiB.
            reason: why, for the audit trail.
            validate_only: returns the findings, errors among them, and keeps nothing.
            timeout: seconds that the call may take.
        """
        request = PushPromptVersionRequest(
            name=name, version=version, text=text, reason=reason, validate_only=validate_only
        )
        return self._connection.call(self._connection.prompts.PushPromptVersion, request, timeout)

    def set_prompt_label(
        self,
        name: str,
        label: str,
        version: str,
        *,
        expected: str | None = None,
        reason: str = "",
        timeout: float | None = None,
    ) -> SetPromptLabelResponse:
        """Point a label at a version, such as ``production`` at a new one; every process uses it within two seconds.

        Args:
            name: of the prompt.
            label: the label, such as ``production`` or ``candidate``.
            version: the number to point at.
            expected: what it must point at now; empty if there must be no such label, None compares nothing.
            reason: why, for the audit trail.
            timeout: seconds that the call may take.
        """
        request = SetPromptLabelRequest(
            name=name, label=label, version=version, expected_version=expected, reason=reason
        )
        return self._connection.call(self._connection.prompts.SetPromptLabel, request, timeout)

    def roll_back_prompt(
        self,
        name: str,
        label: str = "production",
        *,
        expected: str | None = None,
        reason: str = "",
        timeout: float | None = None,
    ) -> RollBackPromptResponse:
        """Point a label at the version that it pointed at before; a second time goes back further.

        A call whose connection is lost is not sent again: it could go back twice.

        Args:
            name: of the prompt.
            label: the label.
            expected: what it must point at now; None compares nothing.
            reason: why, for the audit trail.
            timeout: seconds that the call may take.
        """
        request = RollBackPromptRequest(name=name, label=label, expected_version=expected, reason=reason)
        method = self._connection.prompts.RollBackPrompt
        return self._connection.call(method, request, timeout, repeatable=False)

    def prompt_changes(
        self, name: str = "", *, page_size: int = 100, timeout: float | None = None
    ) -> Iterator[PromptChange]:
        """Yield the versions that were pushed and the labels that were set, the newest first, page after page.

        Args:
            name: of a prompt; empty yields the changes of all.
            page_size: how many to fetch at once, at most 1000.
            timeout: seconds that each page may take.
        """
        request = ListPromptChangesRequest(name=name, page_size=page_size)
        for page in self._connection.pages(self._connection.prompts.ListPromptChanges, request, timeout):
            yield from page.changes
