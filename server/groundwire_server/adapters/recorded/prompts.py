"""Prompts and guards within the process while a call is recorded: both reply at once."""

from collections.abc import Sequence

from groundwire_server.adapters.recorded.recorder import ExchangeRecorder
from groundwire_server.adapters.recorded.requests import screen_digest
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Prompt, PromptSettings
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Screen
from groundwire_server.ports.exchange import PortName, RenderedPrompt
from groundwire_server.ports.guard import LocalGuard, RemoteGuard, ScreenReply, ScreenRequest
from groundwire_server.ports.prompts import PromptInputs, Prompts, RewritePrompts


class RecordedPrompts:
    """The Prompts of a call that is recorded."""

    def __init__(self, inner: Prompts, recorder: ExchangeRecorder) -> None:
        self._inner = inner
        self._recorder = recorder

    def fingerprint(self, name: str, version: str) -> str:
        """Return a hash of all that decides a prompt but what it is rendered of."""
        return self._inner.fingerprint(name, version)

    def settings(self, name: str, version: str) -> PromptSettings:
        """Return what a prompt says of the call of its model, and of its own length."""
        return self._inner.settings(name, version)

    def render(self, name: str, version: str, inputs: PromptInputs) -> Prompt:
        """Render a prompt.

        Raises:
            Failure: PROMPT_TOO_LONG.
        """
        try:
            prompt = self._inner.render(name, version, inputs)
        except Failure:
            self._recorder.rendered(RenderedPrompt(version, None, inputs.context))
            raise
        self._recorder.rendered(RenderedPrompt(version, prompt, inputs.context))
        return prompt


class RecordedRewritePrompts:
    """The RewritePrompts of a call that is recorded."""

    def __init__(self, inner: RewritePrompts, recorder: ExchangeRecorder) -> None:
        self._inner = inner
        self._recorder = recorder

    @property
    def fingerprint(self) -> str:
        """A hash of all that decides a prompt beside the question."""
        return self._inner.fingerprint

    def render(self, question: Question, mark: str) -> Prompt:
        """Render the prompt for a question."""
        prompt = self._inner.render(question, mark)
        self._recorder.rewrite_rendered(prompt)
        return prompt


class RecordedLocalGuard:
    """A LocalGuard of a call that is recorded.

    Args:
        inner: the guard.
        screen: where it looks.
        name: its name in the configuration.
        recorder: of the call.
    """

    def __init__(self, inner: LocalGuard, screen: Screen, name: str, recorder: ExchangeRecorder) -> None:
        self._inner = inner
        self._screen = screen
        self._name = name
        self._recorder = recorder

    @property
    def by_word(self) -> bool:
        """Whether nothing that it finds has white space in it."""
        return self._inner.by_word

    @property
    def finds_data(self) -> bool:
        """Whether it finds data."""
        return self._inner.finds_data

    def find(self, text: str) -> Sequence[Finding]:
        """Return what it objects to."""
        findings = self._inner.find(text)
        self._recorder.found(self._screen, self._name, text, findings)
        return findings

    def about(self, rule: str) -> str:
        """Return what a rule of it looks for."""
        return self._inner.about(rule)


class RecordedRemoteGuard:
    """A RemoteGuard of a call that is recorded.

    Args:
        inner: the guard.
        name: its name in the configuration.
        recorder: of the call.
    """

    def __init__(self, inner: RemoteGuard, name: str, recorder: ExchangeRecorder) -> None:
        self._inner = inner
        self._name = name
        self._recorder = recorder

    @property
    def model(self) -> str:
        """The alias under which its usage is counted."""
        return self._inner.model

    async def screen(self, request: ScreenRequest, deadline: Deadline) -> ScreenReply:
        """Return what it objects to in each text.

        Raises:
            ChargedFailure: of the guard.
        """
        asked = self._inner.screen(request, deadline)
        return await self._recorder.ask(PortName.GUARD, asked, self._name, screen_digest(request))
