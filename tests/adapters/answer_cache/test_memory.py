"""How much memory an answer is taken for."""

import pytest

from groundwire_server.adapters.answer_cache.memory import size_in_memory
from tests.doubles.cached_answers import cached, passage


def test_a_passage_counts_once_whatever_cites_it() -> None:
    large = passage(text="x" * 100_000)
    assert 100_000 < size_in_memory(cached("Yes.", large)) < 110_000
    assert 200_000 < size_in_memory(cached("Yes.", large, passage("other", text="x" * 100_000))) < 220_000


@pytest.mark.parametrize("text", ["x" * 10_000, "é" * 10_000, "中" * 5_000, "🙂" * 2_500])
def test_texts_count_as_the_bytes_that_they_take(text: str) -> None:
    assert 10_000 <= size_in_memory(cached(text)) - size_in_memory(cached("")) <= 10_200
