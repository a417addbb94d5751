"""What is wrong with a template, or may be: read from its text, and seen in what it renders."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from jinja2 import TemplateError

from groundwire_server.adapters.prompts.front_matter import UnusableTemplateError
from groundwire_server.adapters.prompts.shapes import ShownDeparture, ShownPair, ShownPassage, ShownSupport, ShownTurn
from groundwire_server.adapters.prompts.template import ANSWER_FORM, CompiledTemplate, TemplateCompiler
from groundwire_server.domain.prompts.finding import PromptFinding
from groundwire_server.domain.prompts.variables import VariableType
from groundwire_server.domain.text.tokens import estimate_tokens

ROOM: Final = 200
"""Tokens that a prompt must leave for passages."""

_MARK: Final = "m4rk"
_SIGN: Final = "zqzq{}"
"""A text of others in a trial; the number tells them apart, and no template has it."""

Count = Callable[[str], int]
"""Returns the tokens of a text."""


class TemplateLint:
    """The PromptLint of templates.

    Args:
        templates: compiles them.
        counts: how tokens are counted, by model; by the estimate if there are none.
    """

    def __init__(self, templates: TemplateCompiler, counts: Mapping[str, Count] | None = None) -> None:
        self._templates = templates
        self._counts = counts or {"the estimate": estimate_tokens}

    def findings(self, name: str, version: str, text: str) -> Sequence[PromptFinding]:
        """Return what is wrong with a template, or may be, in the order of its lines; errors keep it from use."""
        try:
            template = self._templates.compiled(name, version, text)
        except UnusableTemplateError as unusable:
            return unusable.findings
        try:
            found = [*template.warnings, *_tried(template), *self._room(template)]
        except UnusableTemplateError as unusable:
            return unusable.findings
        return sorted(found, key=lambda each: (each.line, not each.error))

    def sizes(self, name: str, version: str, text: str) -> Mapping[str, int]:
        """Return the tokens of what a prompt says whatever it is rendered of, by model.

        Raises:
            UnusableTemplateError: when it cannot be used.
        """
        fixed = fixed_text(self._templates.compiled(name, version, text))
        return {model: count(fixed) for model, count in self._counts.items()}

    def _room(self, template: CompiledTemplate) -> Iterator[PromptFinding]:
        most = template.header.settings.max_tokens
        if most is None:
            return
        of_variables = sum(each.max_tokens or 0 for each in template.declared.values())
        fixed = fixed_text(template)
        model, tokens = max(((model, count(fixed)) for model, count in self._counts.items()), key=lambda each: each[1])
        if tokens + of_variables + ROOM > most:
            variables = f", its variables up to {of_variables}" if of_variables else ""
            yield PromptFinding(
                0,
                True,
                f"leaves no room for passages: its own text has {tokens} tokens by {model}{variables}, and "
                f"limits.max_tokens is {most}: raise it, or shorten the text",
            )


def fixed_text(template: CompiledTemplate) -> str:
    """Return what a prompt says over no passages, an empty question and no context.

    Raises:
        UnusableTemplateError: when it cannot be rendered.
    """
    values = {
        **_OF_ALL,
        **{name: _value(variable.type, ()) for name, variable in template.declared.items()},
        "question": "",
        "turns": [],
        "passages": [],
    }
    try:
        return template.rendered("system", **values) + template.rendered("user", **values)
    except TemplateError as failed:
        raise _unrendered(failed) from None


_OF_ALL: Final[Mapping[str, Any]] = {"mark": _MARK, "answer_form": ANSWER_FORM}


def _tried(template: CompiledTemplate) -> Iterator[PromptFinding]:
    """Yield an error where a text of others is seen outside its fence, or a block cannot be rendered."""
    for block, values in _trials(template):
        try:
            outside = template.rendered(block, **values)
        except TemplateError as failed:
            raise _unrendered(failed) from None
        while (shorter := _FENCED.sub("", outside)) != outside:
            outside = shorter
        if _SIGN.format("") in outside:
            yield PromptFinding(0, True, f"block `{block}` shows text of others outside its fence in a trial")
            return


def _unrendered(failed: TemplateError) -> UnusableTemplateError:
    return UnusableTemplateError((PromptFinding(0, True, f"a block cannot be rendered: {failed.message}"),))


_FENCED: Final = re.compile(rf"<([\w-]+)-{_MARK}(?: [^<>]*)?>(?:(?!<[\w-]+-{_MARK}).)*?</\1-{_MARK}>", re.DOTALL)


def _trials(template: CompiledTemplate) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each block with values of several shapes: none, one and several of each list, with and without a title."""
    for count in range(3):
        for title in ("", _SIGN.format(1)):
            signs = [_SIGN.format(number) for number in range(2, 2 + count)]
            # A variable that only the operator may fill has none of the others' signs.
            given = {
                name: _value(variable.type, ["word"] * count if name in template.bare else signs)
                for name, variable in template.declared.items()
            }
            wrong = {
                "wrong": "UNSUPPORTED",
                "problem": "a problem",
                "departures": [ShownDeparture(each, title) for each in signs],
            }
            yield "system", {**_OF_ALL, **given, **_asked(signs, title)}
            yield "user", {**_OF_ALL, **given, **_asked(signs, title)}
            yield "repair", {**_OF_ALL, **given, **wrong, "draft": _SIGN.format(0)}
            rests_on = ShownSupport("p1", _SIGN.format(9)) if title else ShownSupport()
            yield "correction", {**_OF_ALL, **given, **wrong, "sentence": _SIGN.format(0), "rests_on": rests_on}
            yield "continuation", {**_OF_ALL, **given, "segments": signs}


def _asked(signs: Sequence[str], title: str) -> Mapping[str, Any]:
    return {
        "question": _SIGN.format(0),
        "turns": [ShownTurn("user", each) for each in signs],
        "passages": [ShownPassage(f"p{place}", title, each) for place, each in enumerate(signs, 1)],
    }


def _value(of: VariableType, texts: Sequence[str]) -> str | list[str] | list[ShownPair]:
    match of:
        case VariableType.TEXT:
            return texts[0] if texts else ""
        case VariableType.LIST:
            return list(texts)
        case VariableType.PAIRS:
            return [ShownPair(text, text) for text in texts]
