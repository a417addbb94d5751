"""No two questions or callers have one key; what changes no answer changes no key."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import Place
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.experiments.experiment import Assignment
from groundwire_server.domain.filters import AllOf, AnyOf, Contains, Equals, IsNull, Not, Range
from groundwire_server.domain.inquiry import Inquiry, RunRequest
from groundwire_server.domain.prompts.context import ContextBlock, ContextSource
from groundwire_server.domain.prompts.texts import ContextTexts, TenantTexts
from groundwire_server.domain.question import Question, Turn
from groundwire_server.domain.vocabulary import CacheKey, Priority, StreamMode
from groundwire_server.pipeline.caching.canonical import canonical
from groundwire_server.pipeline.caching.key import KEYED_ON, LEFT_OUT, answer_key
from tests.pipeline.samples import policy

POLICY = policy()

# Few texts, with what a careless join would confuse: pairs that agree in most things are then not rare.
TEXTS = st.sampled_from(
    ["a", "b", "ab", "ba", "", " ", "\0", "a\0b", "a,b", "1", "True", "user", "('a',)", "\ud800", "ä"]
)
NUMBERS = st.sampled_from([0, 1, 1.0, 0.5, -1.0])
LEAVES = st.one_of(
    st.builds(Equals, TEXTS, st.one_of(TEXTS, st.sampled_from([1.0, 0.0]), st.booleans())),
    st.builds(Range, TEXTS, *[st.one_of(st.none(), NUMBERS)] * 4),
    st.builds(Contains, TEXTS, st.tuples(TEXTS), st.booleans()),
    st.builds(IsNull, TEXTS, st.booleans()),
)
FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(AllOf, st.lists(inner, max_size=2).map(tuple)),
        st.builds(AnyOf, st.lists(inner, max_size=2).map(tuple)),
    ),
    max_leaves=4,
)
PASSAGES = st.builds(
    Passage,
    chunk_id=TEXTS,
    text=TEXTS,
    title=TEXTS,
    source_uri=TEXTS,
    metadata=st.dictionaries(TEXTS, st.one_of(TEXTS, NUMBERS, st.booleans(), st.lists(TEXTS, max_size=2).map(tuple))),
    place=st.builds(Place, st.lists(TEXTS, max_size=2).map(tuple)),
)
QUESTIONS = st.builds(
    Question,
    route=st.just("default"),
    text=TEXTS,
    request_id=st.just("request-1"),
    turns=st.lists(st.builds(Turn, st.booleans(), TEXTS), max_size=3).map(tuple),
    top_k=st.one_of(st.none(), st.integers(1, 3)),
    filter=st.one_of(st.none(), FILTERS),
    provided=st.lists(PASSAGES, max_size=2).map(tuple),
    alpha=st.one_of(st.none(), NUMBERS),
    task=TEXTS,
    context=st.lists(st.tuples(TEXTS, TEXTS), max_size=2).map(tuple),
    standalone=TEXTS,
    unknown=st.one_of(st.none(), st.frozensets(TEXTS, max_size=2)),
)
CALLERS = st.builds(Caller, TEXTS, st.just("alice"), st.frozensets(TEXTS, max_size=3))
INQUIRIES = st.builds(
    lambda question, caller, route, arm: Inquiry(
        question, caller, replace(POLICY, route=route), 0.0, Deadline(9.0), assignments=(Assignment("e", arm),)
    ),
    QUESTIONS,
    CALLERS,
    st.sampled_from(["default", "a", "b"]),
    TEXTS,
)


def said(inquiry: Inquiry) -> object:
    """All that tells one question from another, read without the code under test: `repr` tells 1 from 1.0 and True."""
    question, caller = inquiry.question, inquiry.caller
    shown = {each.name: getattr(question, each.name) for each in fields(question) if each.name not in LEFT_OUT}
    metadata = [sorted(map(repr, each.metadata.items())) for each in question.provided]
    shown["provided"] = [replace(each, metadata={}) for each in question.provided]
    shown["unknown"] = None if question.unknown is None else sorted(question.unknown)
    return (
        caller.tenant,
        sorted(caller.principals),
        inquiry.policy.route,
        inquiry.experiment_arm,
        repr(shown),
        metadata,
    )


@given(one=INQUIRIES, other=INQUIRIES)
def test_two_inquiries_have_one_key_only_where_they_are_the_same(one: Inquiry, other: Inquiry) -> None:
    assert (answer_key(one) == answer_key(other)) is (said(one) == said(other))


IN_KEY = [each.name for each in fields(Question) if each.name not in LEFT_OUT]


@pytest.mark.parametrize("taken", IN_KEY)
@given(one=INQUIRIES, other=INQUIRIES)
def test_an_inquiry_that_differs_in_one_field_has_another_key(taken: str, one: Inquiry, other: Inquiry) -> None:
    changed = replace(one, question=replace(one.question, **{taken: getattr(other.question, taken)}))
    assert (answer_key(one) == answer_key(changed)) is (said(one) == said(changed))


@given(inquiry=INQUIRIES, data=st.data())
def test_text_that_moves_from_one_field_to_another_changes_the_key(inquiry: Inquiry, data: st.DataObject) -> None:
    question = inquiry.question
    moves: dict[str, Callable[[str], Inquiry]] = {
        "text": lambda text: replace(inquiry, question=replace(question, text=text, task="", turns=())),
        "task": lambda text: replace(inquiry, question=replace(question, text="", task=text, turns=())),
        "turn of the user": lambda text: replace(
            inquiry, question=replace(question, text="", task="", turns=(Turn(True, text),))
        ),
        "turn of the assistant": lambda text: replace(
            inquiry, question=replace(question, text="", task="", turns=(Turn(False, text),))
        ),
        "two turns": lambda text: replace(
            inquiry, question=replace(question, text="", task="", turns=(Turn(True, text[:1]), Turn(True, text[1:])))
        ),
        "arm": lambda text: replace(
            inquiry, question=replace(question, text="", task="", turns=()), assignments=(Assignment("e", text),)
        ),
    }
    text = data.draw(TEXTS.filter(bool))
    keys = {answer_key(move(text)) for move in moves.values()}
    assert len(keys) == len(moves)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.floats(allow_nan=False), TEXTS, st.binary(max_size=2)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text("ab", max_size=2), inner, max_size=2),
        st.frozensets(st.one_of(TEXTS, st.integers(0, 2)), max_size=3),
    ),
    max_leaves=6,
)


def shape(value: Any) -> object:
    """A value with its types, in an order of its own."""
    if isinstance(value, tuple):
        return ["tuple", *map(shape, value)]
    if isinstance(value, dict):
        return ["dict", *sorted((repr(key), shape(item)) for key, item in value.items())]
    if isinstance(value, frozenset):
        return ["set", *sorted(repr(each) for each in value)]
    return [type(value).__name__, repr(value)]


@given(one=VALUES, other=VALUES)
def test_only_equal_values_of_equal_types_have_one_form(one: object, other: object) -> None:
    assert (canonical(one) == canonical(other)) is (shape(one) == shape(other))


LOOK_ALIKES = [
    *(None, True, 1, 1.0, "1", b"1", "True", (1,), ("1",), frozenset({1}), frozenset({"1"}), {"1": 1}, {1: "1"}),
    *(False, 0, 0.0, -0.0, "", b"", (), frozenset(), {}, ((),), (None,), ("",)),
    *(
        ("ab", ""),
        ("", "ab"),
        ("a", "b"),
        ("ab",),
        ("a,b",),
        ("a\0b",),
        "ab",
        (("a",), "b"),
        ("a", ("b",)),
        (("a", "b"),),
    ),
    *(
        {"a": "b"},
        (("a", "b"), ()),
        {"ab": ""},
        frozenset({"a", "b"}),
        frozenset({"ab"}),
        ["a", ["b", "c"]],
        [["a", "b"], "c"],
    ),
    *(IsNull("a", True), IsNull("a", False), Turn(True, "a"), (True, "a"), {"by_user": True, "text": "a"}),
    *(AllOf((IsNull("a", True),)), AnyOf((IsNull("a", True),)), Not(IsNull("a", True))),
    *(CacheKey.ROUTE, CacheKey.ROUTE.value, Priority.BACKGROUND, Priority.BACKGROUND.value),
]
"""Values that a careless form takes for each other: each has one of its own."""


def test_values_that_look_alike_have_forms_of_their_own() -> None:
    forms = [canonical(each) for each in LOOK_ALIKES]
    alike = {form: [LOOK_ALIKES[at] for at, other in enumerate(forms) if other == form] for form in forms}
    assert [each for each in alike.values() if len(each) > 1] == []


SIMPLE = st.one_of(TEXTS.filter(str.isascii), st.integers(-2, 2), st.booleans(), st.none())


@given(first=TEXTS.filter(str.isascii), second=SIMPLE, third=SIMPLE)
def test_no_text_passes_for_itself_and_what_follows(first: str, second: object, third: object) -> None:
    """Somebody who knows the form writes that of the next values into a text."""
    smuggled = first + canonical(second).decode("latin-1")
    assert canonical((first, second)) != canonical((smuggled,))
    assert canonical((first, second, third)) != canonical((smuggled, third))


def test_the_order_of_a_mapping_and_of_a_set_is_none() -> None:
    assert canonical({"a": 1, "b": 2}) == canonical({"b": 2, "a": 1})
    assert canonical(frozenset("abcdefgh")) == canonical(frozenset("hgfedcba"))


def test_a_value_that_nobody_has_decided_on_has_no_form() -> None:
    with pytest.raises(TypeError, match="no canonical form for object"):
        canonical(object())


ASKED = Inquiry(
    Question("default", "What is a lambda?", "request-1", end_user_id="u1"),
    Caller("acme", "alice", frozenset({"staff"}), frozenset({Role.READER})),
    POLICY,
    0.0,
    Deadline(9.0),
)


@pytest.mark.parametrize(
    "changes",
    [
        {"request_id": "request-2"},
        {"allow_queue": True},
        {"mode": StreamMode.PROVISIONAL},
        {"priority": Priority.BACKGROUND},
        {"end_user_id": "u2"},
        {"route": "elsewhere"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_changes_no_answer_is_in_no_key(changes: dict[str, Any]) -> None:
    assert answer_key(replace(ASKED, question=replace(ASKED.question, **changes))) == answer_key(ASKED)


OTHERWISE: dict[str, Any] = {
    "text": "What is a function?",
    "turns": (Turn(True, "Hello."),),
    "top_k": 7,
    "filter": IsNull("year", True),
    "provided": (Passage("1", "A lambda is a function."),),
    "alpha": 0.25,
    "standalone": "What is a lambda expression?",
    "task": "definition",
    "context": (("plan", "pro"),),
    "unknown": frozenset({"lambda"}),
}


@pytest.mark.parametrize("name", IN_KEY)
def test_each_other_field_of_a_question_is_in_its_key(name: str) -> None:
    other = replace(ASKED, question=replace(ASKED.question, **{name: OTHERWISE[name]}))
    assert answer_key(other) != answer_key(ASKED)


@pytest.mark.parametrize(
    "other",
    [
        replace(ASKED, caller=replace(ASKED.caller, tenant="globex")),
        replace(ASKED, caller=replace(ASKED.caller, principals=frozenset({"staff", "board"}))),
        replace(ASKED, caller=replace(ASKED.caller, principals=frozenset())),
        replace(ASKED, policy=replace(POLICY, route="elsewhere")),
        replace(ASKED, assignments=(Assignment("e", "b"),)),
    ],
    ids=["tenant", "more principals", "no principals", "route", "arm"],
)
def test_callers_with_other_rights_or_another_route_have_other_keys(other: Inquiry) -> None:
    assert answer_key(other) != answer_key(ASKED)


def test_every_field_that_is_left_out_says_why_and_exists() -> None:
    assert set(LEFT_OUT) < {each.name for each in fields(Question)}
    assert all(LEFT_OUT.values())


@pytest.mark.parametrize(
    "other",
    [
        replace(ASKED, caller=replace(ASKED.caller, subject="bob", roles=frozenset())),
        replace(ASKED, arrived=5.0, deadline=Deadline(7.0), run=RunRequest(b"fingerprint")),
    ],
    ids=["subject and roles", "time and run"],
)
def test_callers_with_the_same_rights_share_a_key(other: Inquiry) -> None:
    assert answer_key(other) == answer_key(ASKED)


BLOCKS = (ContextBlock("date", ContextSource.DATE, 10), ContextBlock("instructions", ContextSource.INSTRUCTIONS, 100))
DATED = replace(ASKED, policy=replace(POLICY, context=BLOCKS), dates=("2026-11-27 (Friday)",))


def test_an_answer_of_another_day_has_another_key_where_the_prompt_shows_the_date() -> None:
    assert answer_key(replace(DATED, dates=("2026-11-28 (Saturday)",))) != answer_key(DATED)


def test_a_change_of_a_tenants_texts_changes_the_keys_of_its_answers_alone() -> None:
    texts = ContextTexts(tenants={"acme": TenantTexts("Be brief.")})
    changed = ContextTexts(tenants={"acme": TenantTexts("Be long.")})
    globex = replace(DATED, caller=replace(DATED.caller, tenant="globex"))
    assert answer_key(DATED, changed) != answer_key(DATED, texts)
    assert answer_key(globex, changed) == answer_key(globex, texts)
    assert answer_key(ASKED, changed) == answer_key(ASKED, texts), "its prompts have no context"


def test_every_field_of_an_inquiry_and_a_caller_was_decided_on() -> None:
    """A field that is added belongs into the key, or into the ones that change no answer."""
    in_key = {"question", "caller", "policy", "dates", "assignments"}
    assert {each.name for each in fields(Inquiry)} == in_key | {"arrived", "deadline", "run", "claim"}
    caller_in_key = {"tenant", "principals"}
    assert {each.name for each in fields(Caller)} == caller_in_key | {"subject", "roles", "credential"}


def test_what_a_key_agrees_on_is_named_in_the_contracts_words() -> None:
    assert set(KEYED_ON) == {
        CacheKey.ROUTE,
        CacheKey.PRINCIPALS,
        CacheKey.EXPERIMENT_ARM,
        CacheKey.QUESTION,
        CacheKey.TURNS,
        CacheKey.SEARCH,
        CacheKey.PROVIDED,
        CacheKey.CONTEXT,
    }
