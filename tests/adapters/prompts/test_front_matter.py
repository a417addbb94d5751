"""The front matter of a template."""

import pytest

from groundwire_server.adapters.prompts.front_matter import RESERVED, FrontMatter, UnusableTemplateError, split
from groundwire_server.domain.generation import PromptSettings
from groundwire_server.domain.prompts.variables import Variable, VariableType

WHOLE = """---
description: Answers for the help desk.
owner: help desk
form: answer
variables:
  tone: {default: friendly, max_tokens: 20}
  terms: {type: pairs, default: {VAT: value added tax}}
  notes: {type: list, required: true}
model: {temperature: 0.2, top_p: 0.9, max_output_tokens: 400}
limits: {max_tokens: 6000}
---
body
"""


def errors(header: str) -> list[tuple[int, str]]:
    """The lines with what is wrong."""
    with pytest.raises(UnusableTemplateError) as refused:
        split(f"---\n{header}\n---\nbody")
    return [(each.line, each.message) for each in refused.value.findings]


def test_all_of_it_is_read() -> None:
    parts = split(WHOLE)
    assert (parts.body, parts.offset) == ("body\n", 11)
    assert (parts.header.description, parts.header.owner) == ("Answers for the help desk.", "help desk")
    assert parts.header.declared == {
        "tone": Variable("tone", VariableType.TEXT, default="friendly", max_tokens=20),
        "terms": Variable("terms", VariableType.PAIRS, default=(("VAT", "value added tax"),)),
        "notes": Variable("notes", VariableType.LIST, required=True),
    }
    assert parts.header.settings == PromptSettings(0.2, 0.9, 400, 6000)
    assert parts.lines["variables", "terms"] == 7


@pytest.mark.parametrize("text", ["body", "", "----\nbody"])
def test_a_template_without_front_matter_is_a_body_alone(text: str) -> None:
    parts = split(text)
    assert (parts.header, parts.body, parts.offset) == (FrontMatter(), text, 0)


def test_empty_front_matter_and_other_line_ends_are_read() -> None:
    parts = split("---\r\n---\r\none\rtwo\r\n")
    assert (parts.header, parts.body, parts.offset) == (FrontMatter(), "one\ntwo\n", 2)


WRONG = {
    "unknown-key": ("descripton: x", 2, "descripton: unknown key; there are: description, form, limits, model"),
    "unknown-inner-key": ("model: {temprature: 1}", 2, "model.temprature: unknown key; there are: max_output_tokens"),
    "not-yaml": ("a: [", 2, "this is not YAML"),
    "bomb": ("a: &a [1]\nb: *a", 2, "anchors and aliases are not supported: write the value out"),
    "twice": ("owner: a\nowner: b", 3, "owner: is given twice, first in line 2"),
    "list": ("- a", 2, "the front matter must hold `key: value` lines"),
    "other-form": ("form: poem", 2, "form: must be 'answer'"),
    "long-description": (f"description: {'x' * 501}", 2, "description: must have at most 500 characters"),
    "type": ("variables:\n  a: {type: number}", 3, "variables.a.type: must be 'text', 'list' or 'pairs'"),
    "name": ("variables:\n  Tone: {}", 3, "variables.Tone: must be a name of lower-case letters"),
    "reserved": ("variables:\n  question: {}", 1, "variables.question: every template has a variable of this name"),
    "default-of-another-type": (
        "variables:\n  a: {type: list, default: x}",
        3,
        "variables.a: its default must be a list of texts, as its type says",
    ),
    "default-of-no-type": ("variables:\n  a: {default: 7}", 3, "variables.a.default: must be"),
    "default-with-nothing-in-it": (
        "variables:\n  str: {type: pairs, default: {a: null, b: 2}}",
        3,
        "variables.str.default: must be a text, a list of texts, or `key: text` lines",
    ),
    "tokens": ("limits: {max_tokens: 1}", 2, "limits.max_tokens: must be greater than or equal to 50"),
    "temperature": ("model: {temperature: 3}", 2, "model.temperature: must be less than or equal to 2"),
    "text-for-a-number": ('model: {temperature: "1"}', 2, "model.temperature: must be a valid number"),
    "many": ("variables: {" + ", ".join(f"a{n}: {{}}" for n in range(65)) + "}", 2, "variables: "),
}


@pytest.mark.parametrize(("header", "line", "says"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_a_line_with_its_place(header: str, line: int, says: str) -> None:
    found = errors(header)
    assert (line, True) in [(at, message.startswith(says)) for at, message in found], found


def test_a_default_of_no_type_is_one_line() -> None:
    assert errors("variables:\n  a: {default: [x, null, 007]}") == [
        (3, "variables.a.default: must be a text, a list of texts, or `key: text` lines")
    ]


def test_a_byte_order_mark_is_left_out() -> None:
    assert split(f"\ufeff{WHOLE}") == split(WHOLE)


@pytest.mark.parametrize("text", ["---\ndescription: x\n{% block system %}", "--- \nbody"])
def test_front_matter_that_does_not_end_is_one_error(text: str) -> None:
    with pytest.raises(UnusableTemplateError) as refused:
        split(text)
    (finding,) = refused.value.findings
    assert (finding.line, finding.message) == (1, "the front matter does not end: close it with a line `---`")


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_no_variable_takes_the_name_of_one_that_is_there(name: str) -> None:
    assert errors(f"variables:\n  {name}: {{}}")
