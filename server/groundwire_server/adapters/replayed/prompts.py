"""Prompts and guards of a call that is replayed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from groundwire_server.adapters.recorded.requests import screen_digest
from groundwire_server.adapters.replayed.tape import LivePart, Tape
from groundwire_server.adapters.replayed.timeline import UnrecordedError
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import NO_SETTINGS, Prompt, PromptSettings
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.prompts.context import PromptContext
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.exchange import PlacedGuardPart, PortName, RenderedPrompt
from groundwire_server.ports.guard import LocalGuard, RemoteGuard, ScreenReply, ScreenRequest
from groundwire_server.ports.prompts import PromptInputs, Prompts, RewritePrompts


class ReplayedPrompts:
    """Prompts as they were rendered, in their order; with other templates, as these render them now.

    Args:
        rendered: as they were rendered.
        templates: render in their place; None keeps to what was recorded.
        renewed: whether texts were replaced since then: the passages of a prompt are those that it is asked for now.

    Attributes:
        prompts: all that have been asked for, in order.
    """

    def __init__(
        self, rendered: Sequence[RenderedPrompt], templates: Prompts | None = None, *, renewed: bool = False
    ) -> None:
        self._rendered = rendered
        self._templates = templates
        self._renewed = renewed
        self.prompts: list[Prompt] = []

    def fingerprint(self, name: str, version: str) -> str:
        """Return a name for a prompt: nothing is kept by it in a replay."""
        return f"{name}/{version}"

    def settings(self, name: str, version: str) -> PromptSettings:
        """Return what a prompt says of the call of its model: the recorded one, unless another is rendered."""
        if self._templates is not None:
            return self._templates.settings(name, version)
        return next((each.prompt.settings for each in self._rendered if each.prompt is not None), NO_SETTINGS)

    def render(self, name: str, version: str, inputs: PromptInputs) -> Prompt:
        """Return a prompt.

        Raises:
            Failure: PROMPT_TOO_LONG.
            UnrecordedError: for one more, or one over other passages, than was rendered.
        """
        if self._templates is None:
            prompt = self._recorded(inputs.passages)
        else:
            inputs = replace(inputs, context=self._with_recorded(inputs.context))
            prompt = self._templates.render(name, version, inputs)
        self.prompts.append(prompt)
        return prompt

    def _recorded(self, passages: Sequence[Passage]) -> Prompt:
        place = len(self.prompts)
        if place >= len(self._rendered):
            raise UnrecordedError(PortName.PROMPT)
        prompt = self._rendered[place].prompt
        if prompt is None:
            raise Failure(Cause.PROMPT_TOO_LONG)
        if self._renewed:
            if [each.chunk_id for each in prompt.handles.values()] != [each.chunk_id for each in passages]:
                raise UnrecordedError(PortName.PROMPT)
            return replace(prompt, handles=dict(zip(prompt.handles, passages, strict=True)))
        if list(prompt.handles.values()) != list(passages):
            raise UnrecordedError(PortName.PROMPT)
        return prompt

    def _with_recorded(self, context: PromptContext) -> PromptContext:
        """Return a context with the values that there were then, such as the date and a tenant's glossary."""
        if not self._rendered:
            return context
        then = self._rendered[0].context
        trusted, untrusted = {**context.trusted, **then.trusted}, {**context.untrusted, **then.untrusted}
        return replace(then, trusted=trusted, untrusted=untrusted)


class ReplayedRewritePrompts:
    """Prompts of the model that rewrites questions, as they were rendered.

    Args:
        rendered: as they were rendered.
        templates: render in their place; None keeps to what was recorded.
    """

    def __init__(self, rendered: Sequence[Prompt], templates: RewritePrompts | None = None) -> None:
        self._rendered = list(rendered)
        self._templates = templates
        self.fingerprint = ""

    def render(self, question: Question, mark: str) -> Prompt:
        """Return a prompt.

        Raises:
            UnrecordedError: for one more than was rendered.
        """
        if self._templates is not None:
            return self._templates.render(question, mark)
        if not self._rendered:
            raise UnrecordedError(PortName.PROMPT)
        return self._rendered.pop(0)


class ReplayedLocalGuard:
    """A LocalGuard that finds what was found.

    Args:
        part: what is known of it.
        found: what was found in texts; nothing was in others.
        guard: looks at texts itself; None keeps to what was recorded.
    """

    def __init__(
        self, part: PlacedGuardPart, found: Mapping[str, Sequence[Finding]], guard: LocalGuard | None = None
    ) -> None:
        self._found = found
        self._guard = guard
        self.by_word = part.by_word
        self.finds_data = part.finds_data

    def find(self, text: str) -> Sequence[Finding]:
        """Return what it objects to."""
        return self._found.get(text, ()) if self._guard is None else self._guard.find(text)

    def about(self, rule: str) -> str:
        """Return what a rule of it looks for."""
        return "" if self._guard is None else self._guard.about(rule)


class ReplayedRemoteGuard:
    """A RemoteGuard that says what it said.

    Args:
        tape: has what was recorded.
        name: its name in the configuration.
        model: the alias under which its usage is counted.
        live: the guard itself; None asks none.
    """

    def __init__(self, tape: Tape, name: str, model: str, live: LivePart[RemoteGuard] | None = None) -> None:
        self._tape = tape
        self._name = name
        self._live = live
        self.model = model

    async def screen(self, request: ScreenRequest, deadline: Deadline) -> ScreenReply:
        """Return what it objects to in each text.

        Raises:
            ChargedFailure: that came back then.
            UnrecordedError: for other texts, where no guard is asked.
        """
        played = self._tape.take(PortName.GUARD, self._name, screen_digest(request))
        if played is not None:
            reply: ScreenReply = await played.charged_value(request.allowance)
            return reply
        if self._live is None:
            raise UnrecordedError(PortName.GUARD, self._name)
        return await self._live.ask(lambda guard, there: guard.screen(request, there(deadline)))
