"""The prompts of a registry, as the pipeline renders them."""

import json
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from groundwire_server.adapters.prompts.built_in import built_in_versions
from groundwire_server.adapters.prompts.front_matter import UnusableTemplateError
from groundwire_server.adapters.prompts.shapes import ShownDeparture, ShownPair, ShownPassage, ShownSupport, ShownTurn
from groundwire_server.adapters.prompts.template import ANSWER_FORM, CompiledTemplate, TemplateCompiler
from groundwire_server.domain.answer import CheckedSegment
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.fencing.fence import Fence
from groundwire_server.domain.generation import BegunReply, Draft, Prompt, PromptSettings
from groundwire_server.domain.prompts.context import ContextValue, PromptContext
from groundwire_server.domain.prompts.registry import PromptRegistry, UnknownPromptError, joined
from groundwire_server.domain.prompts.variables import Variable
from groundwire_server.domain.vocabulary import Cause, Confidence
from groundwire_server.ports.prompts import PromptInputs

USUAL: Final = ("answer", "1.2.0")
"""The version whose blocks stand in for those that a template leaves out; another would change what they render."""

PROBLEMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        Cause.OUTPUT_MALFORMED: "it is not one JSON object of the shape asked for",
        Cause.OUTPUT_CUT_OFF: "it was cut off before its end: write less",
        Cause.OUTPUT_TOO_LONG: "it is too long: write less",
        Cause.CITATION_MISSING: "a segment cites no passage",
        Cause.CITATION_UNKNOWN: "a segment cites an id that no passage above has",
        Cause.QUOTE_NOT_FOUND: "a passage that is cited does not hold what the segment says",
        Cause.UNSUPPORTED: "the passages cited do not support what a segment says",
        Cause.CONTRADICTED: "the passages cited say otherwise than a segment",
        Cause.NOT_VERIFIED: "a segment is not in the words of a passage: write whole sentences of the passages, word "
        "for word",
        Cause.PROMPT_LEAKED: "it has words of these messages that no passage has: write what the passages say",
    }
)
"""What is wrong with a draft, in words that say what to do; any other cause is named as it is."""


def compiler() -> TemplateCompiler:
    """Return a compiler that lends the blocks of the version that is built in."""
    usual = next(each for each in built_in_versions() if (each.name, each.version) == USUAL)
    return TemplateCompiler(usual.name, usual.version, usual.text)


def built_in_prompts(templates: TemplateCompiler | None = None) -> "PromptCatalogue":
    """Return the prompts that come with the server, and no others.

    Args:
        templates: compiles them; one of their own if None.
    """
    return PromptCatalogue(joined(built_in_versions()), templates or compiler())


class PromptCatalogue:
    """The versions of one registry; each is compiled when it is first asked for, and rendering touches no file.

    Args:
        registry: all versions, and the labels that point at them.
        templates: compiles them; several catalogues may have one.
    """

    def __init__(self, registry: PromptRegistry, templates: TemplateCompiler) -> None:
        self._registry = registry
        self._templates = templates
        self._found: dict[tuple[str, str], tuple[str, CompiledTemplate]] = {}

    def check(self, name: str, version: str) -> CompiledTemplate:
        """Return the template of a prompt that a route names, which then renders without a delay.

        Raises:
            UnknownPromptError: when there is none of this name and number or label, or it cannot be used.
        """
        return self._template(name, version)[1]

    def fingerprint(self, name: str, version: str) -> str:
        """Return a hash of all that decides a prompt but what it is rendered of."""
        return self._template(name, version)[1].fingerprint

    def settings(self, name: str, version: str) -> PromptSettings:
        """Return what a prompt says of the call of its model."""
        return self._template(name, version)[1].header.settings

    def variables(self, name: str, version: str) -> Mapping[str, Variable]:
        """Return the variables that a prompt declares, by name."""
        return self._template(name, version)[1].declared

    def render(self, name: str, version: str, inputs: PromptInputs) -> Prompt:
        """Render a prompt; passages are handed out as `p1`, `p2`, … in their order.

        Raises:
            Failure: PROMPT_TOO_LONG, when it is longer than any prompt may be.
        """
        number, template = self._template(name, version)
        question, repair_of, released, context = inputs.question, inputs.repair_of, inputs.released, inputs.context
        handles = {f"p{place}": passage for place, passage in enumerate(inputs.passages, start=1)}
        turns = question.turns
        fence = Fence(
            inputs.mark,
            [
                question.text,
                *(turn.text for turn in turns),
                *(text for passage in inputs.passages for text in (passage.title, passage.text)),
                *(text for value in context.untrusted.values() for text in _texts(value)),
            ],
        )
        given = _given(template, context, fence, inputs.mark)
        about = {
            **given,
            "question": fence.line(question.text),
            "turns": [ShownTurn("user" if turn.by_user else "assistant", fence.neutral(turn.text)) for turn in turns],
            "passages": [
                ShownPassage(handle, fence.line(passage.title), fence.neutral(passage.text))
                for handle, passage in handles.items()
            ],
        }
        user = template.rendered("user", **about)
        written = [_written(segment, handles, fence) for segment in released]
        begun = None
        if repair_of is not None and released:
            rests_on = _rests_on(repair_of, handles, fence)
            said = fence.neutral(repair_of.text)
            correction = template.rendered(
                "correction", **given, sentence=said, **_wrong(repair_of, fence), rests_on=rests_on
            )
            opening = f'{{"confidence": "{(inputs.confidence or Confidence.MEDIUM).lower()}", "segments": ['
            begun = BegunReply(opening + ", ".join(written), correction, opening)
        elif repair_of is not None:
            said = fence.neutral(repair_of.text)
            user += "\n\n" + template.rendered("repair", **given, draft=said, **_wrong(repair_of, fence))
        elif released:
            user += "\n\n" + template.rendered("continuation", **given, segments=written)
        system = template.rendered("system", **about)
        return Prompt(
            name=name,
            version=number,
            system=system,
            user=user,
            question=question.searched,
            unknown=question.unknown,
            handles=handles,
            begun=begun,
            mark=inputs.mark,
            originals=fence.originals,
            words=template.words | context.words,
            prefix=_prefix(template, system, about, context.varying),
            settings=template.header.settings,
        )

    def _template(self, name: str, wanted: str) -> tuple[str, CompiledTemplate]:
        found = self._found.get((name, wanted))
        if found is None:
            version = self._registry.required(name, wanted)
            try:
                template = self._templates.compiled(version.name, version.version, version.text)
            except UnusableTemplateError as unusable:
                first = unusable.findings[0]
                place = f"line {first.line}: " if first.line else ""
                raise UnknownPromptError(
                    f"prompt {name}/{version.version} cannot be used: {place}{first.message}"
                ) from None
            found = self._found[name, wanted] = version.version, template
        return found


def _given(template: CompiledTemplate, context: PromptContext, fence: Fence, mark: str) -> Mapping[str, Any]:
    """Return the variables that every block has: the operator's as they are, those of others as in a fence."""
    given: dict[str, Any] = {"mark": mark, "answer_form": ANSWER_FORM}
    for name, variable in template.declared.items():
        if name in context.trusted:
            given[name] = _shown(context.trusted[name])
        elif name in context.untrusted:
            given[name] = _shown(context.untrusted[name], fence)
        else:
            given[name] = _shown(variable.absent)
    return given


def _prefix(template: CompiledTemplate, system: str, about: Mapping[str, Any], varying: Collection[str]) -> int | None:
    """Return how much of the instructions does not depend on the question, up to a line's end; None for all of it."""
    names = template.declared.keys() & varying
    if not names:
        return None
    absent = {name: _shown(template.declared[name].absent) for name in names}
    without = template.rendered("system", **{**about, **absent})
    if system.startswith(without):
        return len(without)
    pairs = enumerate(zip(system, without, strict=False))
    end = next((place for place, (one, other) in pairs if one != other), len(system))
    return system.rfind("\n", 0, end) + 1


def _shown(value: ContextValue, fence: Fence | None = None) -> str | list[str] | list[ShownPair]:
    def text(of: str) -> str:
        return of if fence is None else fence.neutral(of)

    if isinstance(value, str):
        return text(value)
    return [text(each) if isinstance(each, str) else ShownPair(*map(text, each)) for each in value]  # type: ignore[return-value]  # all are of one kind


def _texts(value: ContextValue) -> Sequence[str]:
    if isinstance(value, str):
        return (value,)
    return [text for each in value for text in ((each,) if isinstance(each, str) else each)]


def _wrong(draft: Draft, fence: Fence) -> Mapping[str, Any]:
    """Return what is wrong with a draft, and what it says beside what the passages say in its place."""
    departures = () if draft.refused is None else draft.refused.departures
    return {
        "wrong": draft.cause.value,
        "problem": PROBLEMS.get(draft.cause, draft.cause.value),
        "departures": [
            ShownDeparture(fence.neutral(each.said), fence.neutral(each.passage_words)) for each in departures
        ],
    }


def _rests_on(draft: Draft, handles: Mapping[str, Passage], fence: Fence) -> ShownSupport:
    """Return the passage that a sentence should rest on; an empty one where none is known."""
    passage = None if draft.refused is None else draft.refused.passage
    if passage is None:
        return ShownSupport()
    found = ((handle, each) for handle, each in handles.items() if each.chunk_id == passage.chunk_id)
    return next((ShownSupport(handle, fence.neutral(each.text)) for handle, each in found), ShownSupport())


def _written(segment: CheckedSegment, handles: Mapping[str, Passage], fence: Fence) -> str:
    """Return a segment as a model would have written it over these passages."""
    cited = [citation.passage for citation in segment.citations]
    cites = [handle for handle, passage in handles.items() if passage in cited]
    return json.dumps({"text": fence.neutral(segment.unmasked.removeprefix(" ")), "cites": cites}, ensure_ascii=False)
