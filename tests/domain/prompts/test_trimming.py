"""What is left of what is too long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwire_server.domain.prompts.context import Keep
from groundwire_server.domain.prompts.trimming import trimmed_items, trimmed_text


def words(text: str) -> int:
    return len(text.split())


@pytest.mark.parametrize(("keep", "kept"), [(Keep.FIRST, "one two"), (Keep.LAST, "three four"), (Keep.NOTHING, "")])
def test_whole_words_are_kept_from_the_end_that_is_named(keep: Keep, kept: str) -> None:
    assert trimmed_text("one two three four", 2, keep, words) == kept


@pytest.mark.parametrize(("keep", "kept"), [(Keep.FIRST, "退款需"), (Keep.LAST, "五个工")])
def test_without_spaces_characters_are_kept(keep: Keep, kept: str) -> None:
    text = "退款需要五个工"
    assert trimmed_text(text, 3, keep, len) == kept


@pytest.mark.parametrize("keep", [Keep.FIRST, Keep.LAST])
@given(text=st.text("ab \n退", max_size=40), most=st.integers(0, 20))
def test_what_is_kept_fits_and_stands_at_that_end(keep: Keep, text: str, most: int) -> None:
    kept = trimmed_text(text, most, keep, len)
    assert len(kept) <= most
    assert text.startswith(kept) if keep is Keep.FIRST else text.endswith(kept)


@pytest.mark.parametrize(
    ("most", "keep", "kept"),
    [
        (6, Keep.FIRST, ("aa", "bbb")),
        (6, Keep.LAST, ("bbb", "cc")),
        (6, Keep.NOTHING, ()),
        (7, Keep.NOTHING, ("aa", "bbb", "cc")),
        (1, Keep.FIRST, ()),
    ],
)
def test_of_a_list_whole_items_are_kept_up_to_the_first_that_has_no_room(
    most: int, keep: Keep, kept: tuple[str, ...]
) -> None:
    assert trimmed_items(["aa", "bbb", "cc"], most, keep, len) == (kept, sum(map(len, kept)))


def test_what_stands_behind_an_item_without_room_is_left_out_though_it_would_fit() -> None:
    assert trimmed_items(["aa", "bbbbb", "c"], 4, Keep.FIRST, len) == (("aa",), 2)
