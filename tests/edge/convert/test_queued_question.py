"""A question that is queued is the same when a worker takes it up."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwire_server.app.parts.operation_codec import CODEC
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.filters import AllOf, AnyOf, Contains, Equals, Filter, IsNull, Not, Range
from groundwire_server.domain.question import Question, Turn
from groundwire_server.domain.vocabulary import Priority, StreamMode

TEXTS = st.text(max_size=20)
NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=8)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
BOUNDS = st.none() | NUMBERS
CONDITIONS: st.SearchStrategy[Filter] = st.one_of(
    st.builds(Equals, NAMES, TEXTS | NUMBERS | st.booleans()),
    st.builds(Range, NAMES, BOUNDS, BOUNDS, BOUNDS, BOUNDS),
    st.builds(Contains, NAMES, st.lists(TEXTS, min_size=1, max_size=3).map(tuple), st.booleans()),
    st.builds(IsNull, NAMES, st.booleans()),
)


def _nested(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(AllOf, several), st.builds(AnyOf, several), st.builds(Not, inner))


PROVIDED = st.builds(Passage, chunk_id=NAMES, text=TEXTS, title=TEXTS, source_uri=TEXTS)
COMMON = {
    "route": NAMES,
    "text": TEXTS,
    "request_id": NAMES,
    "turns": st.lists(st.builds(Turn, st.booleans(), TEXTS), max_size=3).map(tuple),
    "allow_queue": st.booleans(),
    "end_user_id": TEXTS,
    "mode": st.none() | st.sampled_from(StreamMode),
    "priority": st.sampled_from(Priority),
    "task": st.just("") | NAMES,
    "context": st.dictionaries(NAMES, TEXTS, max_size=3).map(lambda values: tuple(sorted(values.items()))),
}
SEARCHED = st.builds(
    Question,
    **COMMON,
    top_k=st.none() | st.integers(1, 64),
    alpha=st.none() | st.floats(0, 1),
    filter=st.none() | st.recursive(CONDITIONS, _nested, max_leaves=5),
)
GIVEN = st.builds(Question, **COMMON, provided=st.lists(PROVIDED, min_size=1, max_size=3).map(tuple))


@given(SEARCHED | GIVEN)
def test_a_question_is_read_back_as_it_was(question: Question) -> None:
    assert CODEC.decode_question(CODEC.encode_question(question)) == question


def test_what_a_stage_has_found_out_is_not_kept() -> None:
    question = Question(
        "default", "Who signs?", "request-1", standalone="Who signs for parcels?", unknown=frozenset("a")
    )
    assert CODEC.decode_question(CODEC.encode_question(question)) == Question("default", "Who signs?", "request-1")


DEEP: Filter = IsNull("team")
for _ in range(10):
    DEEP = Not(DEEP)


@pytest.mark.parametrize(
    "data",
    [b"\xff\xff", CODEC.encode_question(Question("default", "Who?", "request-1", filter=DEEP))],
    ids=["no message", "a filter that no caller can send"],
)
def test_what_is_no_question_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a question"):
        CODEC.decode_question(data)
