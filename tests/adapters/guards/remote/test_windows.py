"""Windows cover a text, overlap, and cut no character."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from groundwire_server.adapters.guards.remote.windows import windows

TEXTS = st.text(st.characters(codec="utf-8"), max_size=400) | st.text("a語🙂", max_size=400)


@given(TEXTS, st.integers(64, 200), st.integers(0, 32))
def test_windows_cover_a_text_and_none_is_too_long(text: str, size: int, overlap: int) -> None:
    found = list(windows(text, size, overlap))
    assert found[0][0] == 0
    assert found[-1][1] == len(text)
    assert all(len(text[start:end].encode()) <= size for start, end in found)
    for (_, before), (after, _) in pairwise(found):
        assert overlap <= len(text[after:before].encode()) < overlap + 4
    assert all(first < second for (first, _), (second, _) in pairwise(found))


def test_a_short_text_is_one_window() -> None:
    assert list(windows("", 64, 8)) == [(0, 0)]
    assert list(windows("a" * 64, 64, 8)) == [(0, 64)]
    assert list(windows("a" * 65, 64, 8)) == [(0, 64), (56, 65)]
