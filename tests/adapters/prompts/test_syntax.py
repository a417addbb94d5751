"""What templates may not say: each is one line with its place."""

import pytest

from groundwire_server.adapters.prompts.catalogue import compiler
from groundwire_server.adapters.prompts.front_matter import UnusableTemplateError
from groundwire_server.domain.prompts.registry import MOST_BYTES
from tests.doubles.prompts import USER, template

TEMPLATES = compiler()


def errors(text: str) -> list[tuple[int, str]]:
    """The lines with what keeps a template from use."""
    try:
        TEMPLATES.compiled("answer", "1.0.0", text)
    except UnusableTemplateError as unusable:
        return [(each.line, each.message) for each in unusable.findings if each.error]
    return []


def user(text: str) -> str:
    """A template whose block `user` ends with this, in its line 11."""
    return template(user=f"{USER}\n{text}")


IN_USER = {
    # What reads what it should not.
    "attribute": ("{{ question.__class__ }}", "`question` has no `__class__`"),
    "attribute-of-attribute": (
        "{{ question.a.b }}",
        "`.b` is not allowed here: attributes are those of loop variables",
    ),
    "method": ("{{ question.format() }}", "a call is not allowed in a template"),
    "format": ("{{ '%s' % question }}", "formatting with `%` is not allowed in a template"),
    "subscript": ("{{ passages[0] }}", "a subscript is not allowed in a template"),
    "subclasses": ("{{ ''.__class__.__mro__ }}", "`.__mro__` is not allowed here"),
    "attr-filter": ("{{ question|attr('x') }}", "there is no filter `attr`; there are: capitalize, join, length"),
    "map-filter": ("{% for id, title, text in passages|map('x') %}{% endfor %}", "a loop goes over passages"),
    "globals": (
        "{{ cycler }}",
        "there is no variable `cycler`; there are: answer_form, mark, passages, question, turns",
    ),
    "near": ("{{ answer_from }}", "there is no variable `answer_from`; did you mean `answer_form`? there are:"),
    "self": ("{{ self.user() }}", "a call is not allowed in a template"),
    "super": ("{{ super() }}", "a call is not allowed in a template"),
    "caller": ("{{ caller() }}", "a call is not allowed in a template"),
    "namespace": ("{% set x = namespace(a=1) %}", "a call is not allowed in a template"),
    "field": ("{% for p in passages %}{{ p.document_id }}{% endfor %}", "`p` has no `document_id`; it has: id, title"),
    "tuple-method": ("{% for p in passages %}{{ p.index }}{% endfor %}", "`p` has no `index`; it has: id, title, text"),
    "loop-cycle": (
        "{% for p in passages %}{{ loop.cycle }}{% endfor %}",
        "`loop` has no `cycle`; it has: first, index",
    ),
    "loop-outside": ("{{ loop.index }}", "there is no variable `loop`"),
    "whole-list": ("{{ passages }}", "`passages` is not a text: show what is in it"),
    "whole-item": ("{% for p in passages %}{{ p }}{% endfor %}", "`passage` is not a text: show what is in it"),
    "draft-elsewhere": ("{{ draft }}", "there is no variable `draft`"),
    # What takes time or memory without bound.
    "range": ("{% for i in range(9) %}x{% endfor %}", "a loop goes over passages"),
    "recursive": ("{% for t in turns recursive %}x{% endfor %}", "a loop may not be recursive"),
    "loop-over-text": (
        "{% for c in question %}x{% endfor %}",
        "a loop goes over passages, turns, departures, segments",
    ),
    "loop-over-list": ("{% for c in [1, 2] %}x{% endfor %}", "a loop goes over passages"),
    "loop-over-fields": (
        "{% for p in passages %}{% for c in p %}x{% endfor %}{% endfor %}",
        "a loop goes over passages",
    ),
    "three-loops": (
        "{% for a in passages %}{% for b in passages %}{% for c in passages %}{% endfor %}{% endfor %}{% endfor %}",
        "block `user` has loops within loops that may be too long: take one out",
    ),
    "multiplied": ("{{ 'x' * 999999999 }}", "a multiplication is not allowed in a template"),
    "power": ("{{ 9 ** 9 ** 9 }}", "a power is not allowed in a template"),
    "joined": ("{% set a = question ~ question %}", "joining with `~` is not allowed in a template"),
    "added": ("{{ 1 + 1 }}", "an addition is not allowed in a template"),
    "dictionary": ("{{ {'a': 1} }}", "a dictionary is not allowed in a template"),
    "indent": ("{{ answer_form|indent(999999999) }}", "there is no filter `indent`"),
    "replace": ("{{ answer_form|replace('', 'xxxx') }}", "there is no filter `replace`"),
    "captured": ("{% set a %}x{% endset %}", "set with a body is not allowed in a block"),
    "filtered": ("{% filter upper %}x{% endfilter %}", "a filter block is not allowed in a block"),
    "with": ("{% with a = 1 %}{% endwith %}", "with is not allowed in a block"),
    "call-block": ("{% call differences() %}x{% endcall %}", "a call block is not allowed in a block"),
    "macro-within": ("{% macro a() %}{% endmacro %}", "a macro is not allowed in a block"),
    "tested": ("{% if question is defined %}x{% endif %}", "a test with `is` is not allowed in a template"),
    "set-twice": ("{% set question = 1 %}", "`question` is there already: choose another name"),
    "unpacked-wrongly": ("{% for a, b in passages %}x{% endfor %}", "each of `passages` has: id, title, text"),
    # What other templates are not for.
    "include": ("{% include 'answer/1.0.0.jinja' %}", "include is not allowed in a block"),
    "import": ("{% import 'x' as x %}", "import is not allowed in a block"),
    "from": ("{% from 'x' import y %}", "import is not allowed in a block"),
    # What shows text of others as instructions.
    "outside": (
        "{{ question }}",
        "`question` is text of others and stands outside a fence: put it between <question-{{ mark }}> and",
    ),
    "title-outside": (
        "{% for p in passages %}{{ p.title }}{% endfor %}",
        "`passage.title` is text of others and stands outside a fence: put it between <title-{{ mark }}> and",
    ),
    "in-a-branch": ("{% if answer_form %}{{ question }}{% endif %}", "`question` is text of others and stands outside"),
    "in-a-tag": (
        '<passage-{{ mark }} id="{{ question }}"></passage-{{ mark }}>',
        "`question` stands in a tag: put it between tags",
    ),
    "no-mark": ("<question>{{ question }}</question>", "`question` is text of others and stands outside a fence"),
    "open": ("<question-{{ mark }}>{{ question }}", "block `user` leaves the fence <question-…> open: close it"),
    "crossed": (
        "<turn-{{ mark }}><title-{{ mark }}>x</turn-{{ mark }}></title-{{ mark }}>",
        "</turn-…> closes what is not open: <title-…> is open",
    ),
    "closed-twice": ("</question-{{ mark }}>", "</question-…> closes what is not open: no fence is open"),
    "opened-by-a-branch": (
        "{% if turns %}<turn-{{ mark }}>{% endif %}x</turn-{{ mark }}>",
        "a branch or a loop leaves other fences open than it found: open and close in one",
    ),
    "tag-in-pieces": (
        "<turn-{{ mark }}{% if turns %}>{% endif %}",
        "a tag of a fence is cut off: write it from `<` to `>`, without a branch",
    ),
    "unusual-name": ("<wish-{{ mark }}>x</wish-{{ mark }}>", "texts of others may hold a tag <wish…>: name it"),
    "touching": (
        "<turn-{{ mark }}>{{ question }}{{ question }}</turn-{{ mark }}>",
        "`question` is text of others and stands directly beside something else",
    ),
    "bracketed": (
        "<turn-{{ mark }}>[{{ question }}]</turn-{{ mark }}>",
        "`question` is text of others and stands directly beside something else",
    ),
    "speaker": (
        "<turn-{{ mark }}>{{ question }}: x</turn-{{ mark }}>",
        "`question` is text of others and stands directly beside something else",
    ),
    "round-to-round": (
        "<turn-{{ mark }}>{% for t in turns %}{{ t.text }}{% endfor %}</turn-{{ mark }}>",
        "`turn.text` is text of others and stands directly beside something else",
    ),
    "changed": (
        "<turn-{{ mark }}>{{ question|upper }}</turn-{{ mark }}>",
        "`question` is text of others: `upper` would change it after it was made harmless",
    ),
    "compared": (
        "{% if question == 'x' %}x{% endif %}",
        "`question` is text of others: a condition may ask whether there is one, not what it says",
    ),
    "chosen": ("{{ question if turns else '' }}", "`… if … else …` is for the operator's texts"),
    # The value of `or` is one of the two, in a branch that no trial takes.
    "or": (
        "{% if answer_form == 'x' %}{{ question or 'x' }}{% endif %}",
        "`… or …` is for the operator's texts: write {% if %} for others",
    ),
    "and": ("{{ turns and question }}", "`… and …` is for the operator's texts"),
    "or-set": ("{% set x = question or 'x' %}{{ x }}", "`… or …` is for the operator's texts"),
    "or-compared": ("{% if (question or 'x') == 'x' %}x{% endif %}", "`… or …` is for the operator's texts"),
    "mark-and": ("</question-{{ mark and mark }}>", "`… and …` is for the operator's texts"),
    # What would fail when a prompt is rendered, or never hold.
    "length-of-a-number": ("{{ 5|length }}", "`length` is for a text or a list"),
    "length-of-nothing": ("{{ none|length }}", "`length` is for a text or a list"),
    "length-of-an-item": ("{% for t in turns %}{{ t|length }}{% endfor %}", "`length` is for a text or a list"),
    "upper-of-a-number": ("{{ 5|upper }}", "`upper` is for a text"),
    "text-below-number": (
        "{% if answer_form < 5 %}x{% endif %}",
        "a text is compared with a number: compare two texts, or two numbers",
    ),
    "number-as-a-text": (
        "{% for t in turns %}{% if loop.index == '1' %}x{% endif %}{% endfor %}",
        "a number is compared with a text",
    ),
    "truth-in-order": (
        "{% for t in turns %}{% if loop.first < loop.last %}x{% endif %}{% endfor %}",
        "only texts and numbers have an order",
    ),
    "with-nothing": ("{% if answer_form == none %}x{% endif %}", "a text is compared with nothing"),
    "maybe-nothing": (
        "{% if ('x' if turns) < 'y' %}x{% endif %}",
        "a value of several kinds is compared with a text",
    ),
    "in-a-number": ("{% if 'x' in 5 %}x{% endif %}", "`in` looks for a text in a text, not for a text in a number"),
    "whole-loop": ("{% for t in turns %}{{ loop }}{% endfor %}", "`loop` is not a text: show what is in it"),
    "mark-changed": ("{{ mark|upper }}", "`mark` is shown as it is, and nowhere else"),
    "mark-compared": ("{% if mark == 'x' %}x{% endif %}", "`mark` is shown as it is, and nowhere else"),
    "renamed": ("{% set x = question %}{{ x }}", "`question` is text of others and stands outside a fence"),
    "closed-by-a-literal": (
        "<turn-{{ mark }}>{{ '</turn-' }}{{ mark }}>{{ question }}",
        "a text within braces may not hold `<`",
    ),
}


@pytest.mark.parametrize(("text", "says"), IN_USER.values(), ids=IN_USER)
def test_what_a_block_may_not_say_is_one_line_with_its_place(text: str, says: str) -> None:
    found = errors(user(text))
    line = 6 if says.startswith("block ") else 11
    assert (line, True) in [(at, message.startswith(says)) for at, message in found], found
    assert not any("\n" in message for _, message in found)


WHOLE = {
    "no-blocks": ("text", 1, "stands outside of the blocks, so that no prompt has it: move it"),
    "empty": ("", 0, "has no block `system`: write {% block system %} … {% endblock %}"),
    "unknown-block": (
        template(more="{% block sytem %}{% endblock %}"),
        11,
        "there is no block `sytem`; there are: system",
    ),
    "extends": (
        "{% extends 'answer/1.0.0.jinja' %}",
        1,
        "extends is not allowed at the top, where blocks and macros stand",
    ),
    "loop-at-the-top": ("{% for x in y %}{% endfor %}", 1, "for is not allowed at the top"),
    "no-syntax": (template(user="{{ question"), 6, "this is not a template: "),
    "unclosed": ("{% block system %}", 1, "this is not a template: "),
    "private-use": (template("a \ue000 b"), 4, "holds a character that no text has: remove it"),
    "nul": (template("a \0 b"), 4, "holds a character that no text has: remove it"),
    "calls-itself": (
        template(more="{% macro a() %}{{ a() }}{% endmacro %}"),
        11,
        "macro `a` calls itself, or another that calls it: write it out",
    ),
    "call-each-other": (
        template(more="{% macro a() %}{{ b() }}{% endmacro %}\n{% macro b() %}{{ a() }}{% endmacro %}"),
        11,
        "macro `a` calls itself, or another that calls it: write it out",
    ),
    "macro-twice": (
        template(more="{% macro a() %}{% endmacro %}{% macro a() %}{% endmacro %}"),
        11,
        "macro `a` is there",
    ),
    "macro-as-variable": (
        template(more="{% macro turns() %}{% endmacro %}"),
        11,
        "macro `turns` has the name of a variable",
    ),
    "macro-arguments": (
        template("{{ a(1) }}", more="{% macro a() %}{% endmacro %}"),
        4,
        "macro `a` takes: nothing",
    ),
    "macro-defaults": (
        template("{{ a() }}", more="{% macro a(b=1) %}{% endmacro %}"),
        4,
        "a macro takes its arguments one by one, and has no defaults",
    ),
    "macro-as-the-loop": (
        template(more="{% macro loop() %}{% endmacro %}"),
        11,
        "macro `loop` has the name of a variable",
    ),
    "macro-as-an-argument": (
        template("{{ a('x') }}", more="{% macro a(b) %}{{ b() }}{% endmacro %}{% macro b() %}{% endmacro %}"),
        11,
        "`b` of macro `a` has the name of a macro: choose another",
    ),
    "call-in-a-long-circle": (
        template(
            more="".join(f"{{% macro m{n}() %}}{{{{ m{(n + 1) % 3000}() }}}}{{% endmacro %}}" for n in range(3000))
        ),
        11,
        "macro `m0` calls itself, or another that calls it: write it out",
    ),
    "deep-fences": (
        template(user=USER + "<turn-{{ mark }}>" * 5000 + "</turn-{{ mark }}>" * 5000),
        10,
        "more than 16 fences within each other",
    ),
    "system-shows-others": (
        template("<question-{{ mark }}>{{ question }}</question-{{ mark }}>"),
        4,
        "`question` is text",
    ),
    "no-passages": (
        template(user="<question-{{ mark }}>{{ question }}</question-{{ mark }}>"),
        6,
        "block `user` leaves no",
    ),
    "passages-without-text": (
        template(user=USER.replace("{{ text }}", "")),
        6,
        "block `user` leaves no room for passages: loop over `passages` and show the text of each",
    ),
    "no-question": (template(user=USER.replace("{{ question }}", "")), 6, "block `user` does not show `question`"),
    "no-form": (
        "{% block system %}Answer.{% endblock %}{% block user %}" + USER + "{% endblock %}",
        0,
        "does not say the form of the reply: show {{ answer_form }} in the block `system`, outside of branches",
    ),
    "form-in-a-branch": (
        "{% block system %}{% if turns %}{{ answer_form }}{% endif %}{% endblock %}{% block user %}"
        + USER
        + "{% endblock %}",
        0,
        "does not say the form of the reply",
    ),
    "other-form": (
        '{% block system %}{"segments": [{"text": "", "cites": []}], "confidence": ""}{% endblock %}{% block user %}'
        + USER
        + "{% endblock %}",
        0,
        "says another form of the reply than is read, which has confidence first",
    ),
    "huge": (template("x" * (MOST_BYTES + 1)), 0, "is larger than 256 KiB: shorten it"),
    "huge-in-bytes": (template("é" * (MOST_BYTES // 2)), 0, "is larger than 256 KiB: shorten it"),
}


@pytest.mark.parametrize(("text", "line", "says"), WHOLE.values(), ids=WHOLE)
def test_what_no_template_is_is_one_line_with_its_place(text: str, line: int, says: str) -> None:
    found = errors(text)
    assert (line, True) in [(at, message.startswith(says)) for at, message in found], found


ALLOWED = {
    "attributes": "{% for p in passages %}<turn-{{ mark }} by='{{ p.id }}'>{{ p.text }}</turn-{{ mark }}>{% endfor %}",
    "counted": "{{ passages|length }} passages{% if passages|length > 3 %}, many{% endif %}.",
    "loop": "{% for p in turns %}{{ loop.index }} of {{ loop.length }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "filtered": "{% for t in turns if t.speaker == 'user' %}x{% else %}none{% endfor %}",
    "branches": "{% if turns and not passages %}a{% elif question %}b{% else %}c{% endif %}",
    "set": "{% set form = answer_form %}{{ form }}",
    "macro": "{{ shown(question) }}",
    "two-loops": "{% for p in passages %}{% for t in turns %}{{ loop.index }} {% endfor %}{% endfor %}",
    "nested-fences": "<context-{{ mark }}>\n<given-{{ mark }}>{{ question }}</given-{{ mark }}>\n</context-{{ mark }}>",
    "comments": "{# {{ question }} #}{% raw %}{{ raw }}{% endraw %}",
    "chosen": "{{ 'a' if turns else 'b' }}",
}


@pytest.mark.parametrize("text", ALLOWED.values(), ids=ALLOWED)
def test_what_a_block_may_say(text: str) -> None:
    more = "{% macro shown(what) %}<turn-{{ mark }}>{{ what }}</turn-{{ mark }}>{% endmacro %}"
    assert errors(template(user=f"{USER}\n{text}", more=more)) == []


BOMBS = {
    "macros-that-double": "".join(
        f"{{% macro m{n}() %}}" + f"{{{{ m{n + 1}() }}}}" * 20 + "{% endmacro %}" for n in range(14)
    )
    + "{% macro m14() %}x{% endmacro %}{% block system %}{{ m0() }}{% endblock %}",
    "loops-without-output": template(user="{% for a in passages %}" * 15 + "{% endfor %}" * 15),
    "branches-within-branches": template(user="{% if turns %}" * 2000 + "{% endif %}" * 2000),
    "parentheses": template("{{ " + "(" * 50_000 + "1" + ")" * 50_000 + " }}"),
    "negations": template("{% if " + "not " * 50_000 + "turns %}{% endif %}"),
    "disjunctions": template("{% if " + " or ".join(["turns"] * 20_000) + " %}{% endif %}"),
    "attributes": template("{{ question" + ".a" * 50_000 + " }}"),
    "lists": template("{{ " + "[" * 50_000 + "]" * 50_000 + " }}"),
    "long-number": template("{{ " + "9" * 100_000 + " }}"),
    "power-tower": template("{{ 9**9**9**9 }}"),
    "unclosed-comment": template("{#" * 50_000),
    "braces": template("{" * 200_000),
    "many-outputs": template("{{mark}}" * 25_000),
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_what_would_take_time_or_memory_without_bound_is_refused(text: str) -> None:
    assert errors(text)


SHOWN = {
    "or": "{% if turns or passages %}x{% endif %}",
    "and-of-the-operators": "{{ answer_form and 'x' }}",
    "truths": "{% for t in turns %}{% if loop.first == loop.last %}x{% endif %}{% endfor %}",
    "numbers": "{% if turns|length > 3 and 1 < passages|length <= 5 %}x{% endif %}",
    "texts": "{% if 'x' in answer_form and answer_form != 'x' %}x{% endif %}",
    "no-else": "{{ 'x' if turns }}",
    "fences-within-each-other": "<turn-{{ mark }}>" * 16 + "</turn-{{ mark }}>" * 16,
}


@pytest.mark.parametrize("text", SHOWN.values(), ids=SHOWN)
def test_what_is_always_well_is_not_refused(text: str) -> None:
    assert errors(user(text)) == []
