"""Prompts as files: `<folder>/<name>/<version>.jinja`, each with the macros that `_MACROS` names."""

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from jinja2 import Template

from groundwire_server.adapters.prompts.environment import environment, macro
from groundwire_server.domain.answer import CheckedSegment
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.fencing.fence import Fence
from groundwire_server.domain.fencing.leak import PromptWords
from groundwire_server.domain.generation import BegunReply, Draft, Prompt
from groundwire_server.domain.prompts.context import NO_CONTEXT, PromptContext
from groundwire_server.domain.prompts.registry import UnknownPromptError
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Confidence

BUILT_IN = Path(__file__).parent / "templates"


_NO_TEXT: Final = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
"""What stands in a template and not in a prompt."""

_MACROS = ("system", "user", "repair", "correction", "continuation")


class FilePrompts:
    """Compiles every template once, when it is made; rendering touches no file."""

    def __init__(self, folder: Path) -> None:
        sandbox = environment()
        self._templates: dict[str, dict[str, Template]] = {}
        self._words: dict[Template, PromptWords] = {}
        self._fingerprints: dict[Template, str] = {}
        for path in sorted(folder.glob("*/*.jinja")):
            text = path.read_text(encoding="utf-8")
            template = sandbox.from_string(text)
            self._words[template] = PromptWords(_NO_TEXT.sub(" ", text))
            self._fingerprints[template] = fingerprint_of(path.parent.name, path.stem, text)
            missing = [name for name in _MACROS if not hasattr(template.module, name)]
            if missing:
                raise UnknownPromptError(f"prompt {path.parent.name}/{path.stem} lacks the macro {missing[0]!r}")
            self._templates.setdefault(path.parent.name, {})[path.stem] = template
        self._newest = {name: max(versions, key=version_order) for name, versions in self._templates.items()}

    def check(self, name: str, version: str) -> None:
        """Make sure that a route's prompt exists.

        Raises:
            UnknownPromptError: with the names or versions that there are.
        """
        if name not in self._templates:
            raise UnknownPromptError(f"there is no prompt {name!r}; there are: {', '.join(sorted(self._templates))}")
        if version and version not in self._templates[name]:
            versions = ", ".join(sorted(self._templates[name], key=version_order))
            raise UnknownPromptError(f"prompt {name!r} has no version {version!r}; it has: {versions}")

    def fingerprint(self, name: str, version: str) -> str:
        """Return a hash of a prompt's name, its version and its template."""
        return self._fingerprints[self._templates[name][version or self._newest[name]]]

    def render(
        self,
        name: str,
        version: str,
        question: Question,
        passages: Sequence[Passage],
        mark: str,
        repair_of: Draft | None = None,
        released: Sequence[CheckedSegment] = (),
        confidence: Confidence | None = None,
        context: PromptContext = NO_CONTEXT,
    ) -> Prompt:
        """Render a prompt; passages are handed out as `p1`, `p2`, … in their order."""
        version = version or self._newest[name]
        handles = {f"p{number}": passage for number, passage in enumerate(passages, start=1)}
        template = self._templates[name][version]
        module = template.module
        turns = question.turns
        fence = Fence(
            mark,
            [
                question.text,
                *(turn.text for turn in turns),
                *(text for passage in passages for text in (passage.title, passage.text)),
            ],
        )
        # Plain tuples: the sandbox looks at every attribute that a template asks for.
        shown = [
            (handle, fence.line(passage.title), fence.neutral(passage.text)) for handle, passage in handles.items()
        ]
        said = [("user" if turn.by_user else "assistant", fence.neutral(turn.text)) for turn in turns]
        user = macro(module, "user")(mark, fence.line(question.text), said, shown)
        given = [_written(segment, handles, fence) for segment in released]
        begun = None
        if repair_of is not None and released:
            rests_on = _rests_on(repair_of, handles, fence)
            correction = macro(module, "correction")(mark, *_wrong(repair_of, fence), rests_on)
            opening = f'{{"confidence": "{(confidence or Confidence.MEDIUM).lower()}", "segments": ['
            begun = BegunReply(opening + ", ".join(given), correction, opening)
        elif repair_of is not None:
            user += "\n\n" + macro(module, "repair")(mark, *_wrong(repair_of, fence))
        elif released:
            user += "\n\n" + macro(module, "continuation")(mark, given)
        return Prompt(
            name=name,
            version=version,
            system=macro(module, "system")(),
            user=user,
            question=question.searched,
            unknown=question.unknown,
            handles=handles,
            begun=begun,
            mark=mark,
            originals=fence.originals,
            words=self._words[template],
        )


def _wrong(draft: Draft, fence: Fence) -> tuple[str, str, list[tuple[str, str]]]:
    """What could not be used, its cause, and what it says beside what the passages say in its place."""
    refused = draft.refused
    departures = () if refused is None else refused.departures
    differences = [(fence.neutral(each.said), fence.neutral(each.passage_words)) for each in departures]
    return fence.neutral(draft.text), draft.cause.value, differences


def _rests_on(draft: Draft, handles: Mapping[str, Passage], fence: Fence) -> tuple[str, str] | None:
    """The handle and the text of the passage that a sentence should rest on; None where none is known."""
    passage = None if draft.refused is None else draft.refused.passage
    if passage is None:
        return None
    found = ((handle, each) for handle, each in handles.items() if each.chunk_id == passage.chunk_id)
    return next(((handle, fence.neutral(each.text)) for handle, each in found), None)


def _written(segment: CheckedSegment, handles: Mapping[str, Passage], fence: Fence) -> str:
    """A segment as a model would have written it over these passages."""
    cited = [citation.passage for citation in segment.citations]
    cites = [handle for handle, passage in handles.items() if passage in cited]
    return json.dumps({"text": fence.neutral(segment.unmasked.removeprefix(" ")), "cites": cites}, ensure_ascii=False)


def read_version(folder: Path, version: str | None, whose: str) -> tuple[str, str]:
    """Return a version of a template, and its text.

    Args:
        folder: holds one file a version, `<version>.jinja`.
        version: the newest if None.
        whose: names what the template is for, in the plural.

    Raises:
        UnknownPromptError: with the versions that there are.
    """
    files = {file.stem: file for file in folder.glob("*.jinja")}
    known = sorted(files, key=version_order)
    version = version or known[-1]
    if version not in files:
        raise UnknownPromptError(f"{whose} have no prompt {version!r}; they have: {', '.join(known)}")
    return version, files[version].read_text(encoding="utf-8")


def fingerprint_of(name: str, version: str, text: str) -> str:
    """Return a hash of a template with its name and its version."""
    return sha256(json.dumps([name, version, text]).encode()).hexdigest()


def version_order(version: str) -> tuple[int, ...]:
    """Return what versions are ordered by."""
    return tuple(int(part) for part in version.split("."))
