"""What models are asked about sentences: one template a version, `templates/<version>.jinja`."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from groundwire_server.adapters.prompts.built_in import read_version
from groundwire_server.adapters.prompts.environment import environment, macro
from groundwire_server.domain.entailment import CheckRequest, SentenceToCheck, SufficiencyRequest
from groundwire_server.domain.fencing.fence import Fence

_FOLDER: Final = Path(__file__).parent / "templates"


class CheckerPrompts:
    """One version of the template.

    Passages are handed out as `p1`, `p2`, … and statements as `s1`, `s2`, … in their order, each behind a fence with
    the mark of the request.

    Args:
        version: the newest if None.

    Attributes:
        version: of the template.
        hash: of its text.

    Raises:
        UnknownPromptError: with the versions that there are.
    """

    def __init__(self, version: str | None = None) -> None:
        self.version, text = read_version(_FOLDER, version, "checkers")
        self.hash = hashlib.sha256(text.encode()).hexdigest()
        self._module = environment().from_string(text).module

    @property
    def system(self) -> str:
        """What a judge is told first."""
        return self._made("system")

    @property
    def sufficiency(self) -> str:
        """The question whether the passages hold the answer."""
        return self._made("sufficiency")

    @property
    def statement_criteria(self) -> tuple[str, str]:
        """When a statement's answer is true, and when it is false."""
        return self._made("statement_true"), self._made("statement_false")

    @property
    def sufficiency_criteria(self) -> tuple[str, str]:
        """When the passages are sufficient, and when they are not."""
        return self._made("sufficiency_true"), self._made("sufficiency_false")

    def evidence(self, request: CheckRequest | SufficiencyRequest) -> str:
        """Return the passages with their handles, and the question."""
        fence = Fence(request.mark)
        shown = [(_handle(index), fence.neutral(text)) for index, text in enumerate(request.passages)]
        return self._made("evidence", request.mark, fence.line(request.question), shown)

    def statement(self, request: CheckRequest, sentence: SentenceToCheck) -> str:
        """Return the question about one sentence, for an endpoint that takes each by itself."""
        said = Fence(request.mark).neutral(sentence.text)
        return self._made("statement", request.mark, said, _handles(request, sentence))

    def statements(self, request: CheckRequest) -> str:
        """Return all that a judge is asked about the sentences of a request, by their ids."""
        fence = Fence(request.mark)
        rows = [
            (statement_id(index), fence.neutral(sentence.text), _handles(request, sentence))
            for index, sentence in enumerate(request.sentences)
        ]
        return f"{self.evidence(request)}\n\n{self._made('statements', request.mark, rows)}"

    def judged_sufficiency(self, request: SufficiencyRequest) -> str:
        """Return all that a judge is asked about the passages of a request; its answer has the first id."""
        return f"{self.evidence(request)}\n\n{self._made('judge_sufficiency')}"

    def _made(self, name: str, *arguments: object) -> str:
        return macro(self._module, name)(*arguments)


def statement_id(index: int) -> str:
    """Return the id of a request's sentence."""
    return f"s{index + 1}"


def _handles(request: CheckRequest, sentence: SentenceToCheck) -> Sequence[str]:
    return [_handle(index) for index in request.cited(sentence)]


def _handle(index: int) -> str:
    return f"p{index + 1}"
