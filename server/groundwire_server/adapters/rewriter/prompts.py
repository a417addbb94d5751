"""What a model is asked that rewrites a question: one template a version, `templates/<version>.jinja`."""

from pathlib import Path
from typing import Final

from groundwire_server.adapters.prompts.built_in import read_version
from groundwire_server.adapters.prompts.environment import environment, macro
from groundwire_server.domain.fencing.fence import Fence
from groundwire_server.domain.generation import Prompt
from groundwire_server.domain.prompts.registry import digest_of
from groundwire_server.domain.question import Question

_FOLDER: Final = Path(__file__).parent / "templates"
_NAME: Final = "rewrite"
_TURNS: Final = 8
_LONGEST_TURN: Final = 1000
"""Characters of a turn that the model is shown: what a follow-up refers to stands at the beginning of an answer."""


class TemplateRewritePrompts:
    """The RewritePrompts of one version of the template.

    Args:
        version: the newest if None.

    Raises:
        UnknownPromptError: with the versions that there are.
    """

    def __init__(self, version: str | None = None) -> None:
        self._version, text = read_version(_FOLDER, version, "rewritings")
        self._fingerprint = digest_of(_NAME, self._version, text)
        self._module = environment().from_string(text).module

    @property
    def fingerprint(self) -> str:
        """A hash of the template, its name and its version."""
        return self._fingerprint

    def render(self, question: Question, mark: str) -> Prompt:
        """Return the prompt for a question with its last turns."""
        shown = [(turn.by_user, turn.text[:_LONGEST_TURN]) for turn in question.turns[-_TURNS:]]
        fence = Fence(mark, [question.text, *(text for _, text in shown)])
        turns = [("user" if by_user else "assistant", fence.neutral(text)) for by_user, text in shown]
        user = macro(self._module, "user")(mark, fence.line(question.text), turns)
        return Prompt(
            _NAME,
            self._version,
            macro(self._module, "system")(),
            user,
            question.text,
            {},
            mark=mark,
            originals=fence.originals,
        )
