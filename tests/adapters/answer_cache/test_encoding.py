"""Whatever an answer holds comes back from its bytes."""

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwire_server.adapters.answer_cache.redis.encoding import decoded, encoded
from groundwire_server.domain.metadata import MetadataValue
from tests.doubles.cached_answers import cached, passage

_NUMBERS: Final = st.floats(allow_nan=False)
_VALUES: Final[st.SearchStrategy[MetadataValue]] = (
    st.text(max_size=5) | _NUMBERS | st.booleans() | st.lists(st.text(max_size=3), max_size=2).map(tuple)
)


@given(
    text=st.text(min_size=1, max_size=20),
    metadata=st.dictionaries(st.text(max_size=3), _VALUES, max_size=4),
    principals=st.frozensets(st.text(max_size=3), max_size=3),
    score=_NUMBERS,
)
def test_every_text_number_and_list_comes_back(
    text: str, metadata: dict[str, MetadataValue], principals: frozenset[str], score: float
) -> None:
    made = passage(text=text, title=text, metadata=metadata, allowed_principals=principals)
    kept = cached(text, made, passage("other"), subject=text)
    answer = replace(kept, answer=replace(kept.answer, grounding_score=score), validated=score)
    found = decoded(encoded(answer, text), text)
    assert found == answer
    assert {key: type(value) for key, value in found.evidence[0].metadata.items()} == {
        key: type(value) for key, value in metadata.items()
    }


def test_a_text_that_no_bytes_stand_for_is_not_kept() -> None:
    with pytest.raises(ValueError, match="utf-8"):
        encoded(cached("\ud800"), "name")
