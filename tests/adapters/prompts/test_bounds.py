"""Templates that are out of bounds are one clear line, whatever reads, compiles or renders them."""

import pytest

from groundwire_server.adapters.prompts.catalogue import compiler
from groundwire_server.adapters.prompts.lint import TemplateLint
from tests.doubles.prompts import template

PASSAGES = """{%% for id, title, text in passages %%}<passage-{{ mark }} id="{{ id }}">
%s
</passage-{{ mark }}>
{%% endfor %%}<question-{{ mark }}>{{ question }}</question-{{ mark }}>"""

NAMES = "description: A trial.\nvariables: {names: {type: list, default: [a, b]}, caller: {type: pairs}}"


def found(inner: str = "{{ text }}", before: str = "", more: str = "", header: str = NAMES) -> list[str]:
    """The errors of a template with something in its passages, before them, and beside its blocks."""
    text = template(user=f"Mark: {{{{ mark }}}}\n{before}{PASSAGES % inner}", more=more, header=header)
    findings = TemplateLint(compiler()).findings("answer", "9.9.9", text)
    return [each.message for each in findings if each.error]


ESCAPES = {
    "a-sign-by-its-number": ('</passage-{{ "\\ue000" }}> {{ text }} <passage-{{ "\\ue000" }}>', "", ""),
    "a-tag-of-a-choice": ('{{ "</passage-" if title else "</passage-" }}{{ mark }}> {{ text }}', "", ""),
    "a-tag-of-a-name": ("{{ tag }}-{{ mark }}> {{ text }}", '{% set tag = "/passage" %}', ""),
    "a-tag-of-a-macro": (
        '{{ close("passage") }} {{ text }}',
        "",
        "{% macro close(name) %}</{{ name }}-{{ mark }}>{% endmacro %}",
    ),
    "a-tag-in-capitals": ("</PASSAGE-{{ mark }}> {{ text }}", "", ""),
    "a-tag-of-a-branch": ("{% if title %}</passage-{% endif %}{{ mark }}> {{ text }}", "", ""),
    "a-name-that-python-takes-for-another": ("{{ text }}", "{% set \uff4dark = 'a' %}", ""),
    "half-a-character": ('{{ text }} {{ "\\ud800" }}', "", ""),
}


@pytest.mark.parametrize(("inner", "before", "more"), ESCAPES.values(), ids=ESCAPES)
def test_no_tag_is_closed_by_what_the_reading_does_not_see(inner: str, before: str, more: str) -> None:
    errors = found(inner, before, more)
    assert errors
    assert not any("in a trial" in each for each in errors)


DEEP = {
    "not": "{% if " + "not " * 250 + "turns %}x{% endif %}",
    "and": "{% if " + "turns and " * 5000 + "turns %}x{% endif %}",
    "filters": "{{ 'a'" + "|upper" * 250 + " }}",
    "choices": "{{ " + "'a' if turns else " * 250 + "'b' }}",
    "branches": "{% if turns %}x" + "{% elif turns %}y" * 5000 + "{% endif %}",
    "ifs": "{% if turns %}" * 150 + "x" + "{% endif %}" * 150,
    "a-number": "{{ 0x" + "f" * 10_000 + " }}",
}


@pytest.mark.parametrize("before", DEEP.values(), ids=DEEP)
def test_what_would_exhaust_a_compiler_is_an_error(before: str) -> None:
    assert len(found(before=before)) == 1
    assert len(found(more=f"{{% macro m() %}}{before}{{% endmacro %}}")) == 1


def test_what_cannot_be_rendered_is_an_error() -> None:
    macro = "{% macro m() %}{% for k, v in caller %}<context-{{ mark }}>{{ k }}</context-{{ mark }}>{% endfor %}"
    assert "in a macro" in found(before="{{ m() }}", more=macro + "{% endmacro %}")[0]
    assert "in a macro" in found(more="{% macro m(kwargs) %}{{ kwargs }}{% endmacro %}")[0]
    assert "`loop`" in found(before="{% for turn in turns if loop.first %}x{% endfor %}")[0]


def test_a_block_stands_once() -> None:
    assert "block `user` is there already" in found(more="{% block user %}{{ question }}{% endblock %}")[0]


def test_work_counts_what_shows_nothing() -> None:
    macro = "{% macro m() %}" + "{% if mark %}{% endif %}" * 2000 + "{% endmacro %}"
    assert "loops within loops" in found(before="{{ m() }}" * 9000, more=macro)[0]


def test_output_is_bounded_before_anything_is_rendered() -> None:
    macro = "{% macro m(list) %}{% for a in list %}" + "x" * 100_000 + "{% endfor %}{% endmacro %}"
    assert "may put out more" in found(before="{{ m(names) }}", more=macro)[0]
    long = f"description: A trial.\nvariables: {{names: {{type: text, default: {'x' * 100_000}}}}}"
    assert "may put out more" in found(before="{{ names }}" * 100, header=long)[0]
    many = f"description: A trial.\nvariables: {{names: {{type: list, default: [{'a,' * 500}]}}}}"
    assert "loops within loops" in found("{% for a in names %}x{% endfor %} {{ text }}", header=many)[0]


def test_many_errors_are_a_few_lines() -> None:
    errors = found(before="</a-{{ mark }}>" * 9000)
    assert len(errors) <= 3
    keys = "\n".join(f"k{number}: 1" for number in range(1000))
    assert len(errors := found(header=keys)) == 21
    assert errors[-1].startswith("has 980 more errors")
    assert max(map(len, found(before="{{ " + "k" * 9000 + " }}"))) <= 400
