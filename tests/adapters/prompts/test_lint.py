"""What is said of templates that can be used, and of those that cannot."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwire_server.adapters.prompts.built_in import built_in_versions
from groundwire_server.adapters.prompts.catalogue import compiler
from groundwire_server.adapters.prompts.front_matter import UnusableTemplateError
from groundwire_server.adapters.prompts.lint import ROOM, TemplateLint
from groundwire_server.adapters.prompts.template import MOST_WARNED
from groundwire_server.domain.prompts.registry import PromptVersion
from tests.doubles.prompts import USER, template

TEMPLATES = compiler()
LINT = TemplateLint(TEMPLATES)


def warnings(text: str) -> list[tuple[int, str]]:
    """The lines with what may be wrong; nothing is wrong."""
    found = LINT.findings("answer", "1.0.0", text)
    assert not any(each.error for each in found), found
    return [(each.line, each.message) for each in found]


@pytest.mark.parametrize("version", built_in_versions(), ids=lambda each: f"{each.name}/{each.version}")
def test_nothing_is_said_of_what_is_built_in(version: PromptVersion) -> None:
    assert LINT.findings(version.name, version.version, version.text) == []


def test_nothing_is_said_of_a_short_template() -> None:
    assert warnings(template()) == []


WARNED = {
    "unused": (
        template(header="description: x\nvariables:\n  tone: {}"),
        4,
        "`tone` is declared and never shown: show it, or take it out",
    ),
    "no-description": (template(header="owner: me"), 1, "has no description: add `description: …` to the front matter"),
    "no-mark": (
        template(user=USER.replace("Mark: {{ mark }}\n", "")),
        0,
        "never says its mark: show `Mark: {{ mark }}` in block `user`, so that tags can be told",
    ),
    "mark-in-system": (
        template("Mark: {{ mark }}"),
        4,
        "`mark` differs from call to call: in block `system` it keeps providers from caching",
    ),
    "not-seen": (
        template("Answer\u202e from the passages."),
        4,
        "holds a character that is not seen: remove it, so that all reads as it says",
    ),
    "passages-in-system": (
        template("{% if passages %}Quote them.{% endif %}"),
        4,
        "`passages` differs from call to call: in block `system` it keeps providers from caching",
    ),
}


@pytest.mark.parametrize(("text", "line", "says"), WARNED.values(), ids=WARNED)
def test_what_may_be_wrong_is_a_warning_with_its_place(text: str, line: int, says: str) -> None:
    assert warnings(text) == [(line, says)]


def test_of_many_lines_that_hide_something_the_first_are_warned_of() -> None:
    found = warnings(template("Answer.\u202e\n" * (MOST_WARNED + 1)))
    assert [line for line, _ in found] == list(range(4, 4 + MOST_WARNED))


def test_a_text_that_is_no_template_is_said_so_and_raises_nothing() -> None:
    (finding,) = LINT.findings("answer", "1.0.0", "---\ndescription: {")
    assert finding.error


def test_a_template_that_leaves_no_room_for_passages_is_an_error() -> None:
    text = template(
        "word " * 400, header="description: x\nlimits: {max_tokens: 600}\nvariables: {tone: {max_tokens: 50}}"
    )
    text = text.replace("{{ answer_form }}", "{{ answer_form }} {{ tone }}", 1)
    size = LINT.sizes("answer", "1.0.0", text)["the estimate"]
    (finding,) = LINT.findings("answer", "1.0.0", text)
    assert finding.message == (
        f"leaves no room for passages: its own text has {size} tokens by the estimate, its variables up to 50, and "
        "limits.max_tokens is 600: raise it, or shorten the text"
    )
    assert warnings(text.replace("600", str(size + 50 + ROOM))) == []


def test_sizes_are_told_for_each_model_and_the_largest_decides() -> None:
    lint = TemplateLint(TEMPLATES, {"small": lambda text: len(text) // 4, "large": len})
    text = template(header="description: x\nlimits: {max_tokens: 500}")
    sizes = lint.sizes("answer", "1.0.0", text)
    assert sizes["large"] // 4 == sizes["small"]
    (finding,) = lint.findings("answer", "1.0.0", template("word " * 80, header="limits: {max_tokens: 500}"))[:1]
    assert "by large" in finding.message


def test_a_variable_is_the_operators_alone_where_it_stands_outside_a_fence_or_is_looked_into() -> None:
    header = (
        "description: x\nvariables: {a: {}, b: {}, c: {type: list}, d: {type: pairs}, e: {}, f: {}, g: {type: list}}"
    )
    system = "{{ a }}{% if b == 'x' %}y{% endif %}{{ c|join(', ') }}{{ e|upper }}"
    user = (
        "\n<notes-context-{{ mark }}>\n{% for key, value in d %}{{ key }} = {{ value }}\n{% endfor %}"
        "{% if f %}{{ f }}\n{% endif %}{{ g|length }}\n</notes-context-{{ mark }}>"
    )
    compiled = TEMPLATES.compiled("answer", "1.0.0", template(system, USER + user, header))
    assert compiled.bare == {"a", "b", "c", "e"}


def test_a_variable_beside_something_else_in_a_fence_is_the_operators_alone() -> None:
    header = "description: x\nvariables: {d: {type: pairs}}"
    user = "\n<given-{{ mark }}>{% for key, value in d %}{{ key }}: {{ value }}\n{% endfor %}</given-{{ mark }}>"
    compiled = TEMPLATES.compiled("answer", "1.0.0", template(user=USER + user, header=header))
    assert compiled.bare == {"d"}


PIECES = st.lists(
    st.sampled_from(
        [
            *("{{ question }}", "{{ mark }}", "{{ t.text }}", "{{ t.speaker }}", "{{ shown(question) }}"),
            *("<turn-{{ mark }}>", "</turn-{{ mark }}>", "<given-{{ mark }}>", "</given-{{ mark }}>"),
            *("{% if turns %}", "{% else %}", "{% endif %}", "{% for t in turns %}", "{% endfor %}"),
            *("{{ question or 'x' }}", "{{ turns and answer_form }}", "{{ answer_form and 'x' }}", "{{ 5|length }}"),
            *("{% if question|length < 3 %}", "{% if answer_form == 5 %}", "{{ 'x' if turns }}", "{{ loop }}"),
            *("{{ passages|length }}", "\n", " ", "word", "<", ">", "-"),
        ]
    ),
    max_size=14,
).map("".join)


@settings(max_examples=400)
@given(PIECES)
def test_what_can_be_used_shows_no_text_of_others_outside_a_fence_on_any_way(text: str) -> None:
    more = "{% macro shown(what) %}<draft-{{ mark }}>{{ what }}</draft-{{ mark }}>{% endmacro %}"
    try:
        TEMPLATES.compiled("answer", "1.0.0", whole := template(user=f"{USER}\n{text}", more=more))
    except UnusableTemplateError:
        return
    # The trial renders it over texts of all shapes, and looks for what stands outside.
    assert warnings(whole) == []
