"""Which sources a sentence is compared with."""

from collections.abc import Iterable

import pytest

from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.text.words import content_words
from groundwire_server.pipeline import source_index
from groundwire_server.pipeline.source_index import MOST, SourceIndex

OTHERS = tuple(f"Ticket {number} concerns the printer on floor {number}." for number in range(20))


def index_of(*texts: str) -> SourceIndex:
    index = SourceIndex()
    for place, text in enumerate(texts):
        index.add(Passage(str(place), text))
    return index


def closest(index: SourceIndex, sentence: str) -> list[str]:
    return [source.passage.text for source in index.closest(content_words(sentence))]


def test_a_few_sources_are_all_compared_whatever_they_share() -> None:
    texts = OTHERS[:MOST]
    assert closest(index_of(*texts), "Die Miete steigt.") == list(texts)


def test_of_many_those_that_share_the_most_words_come_first() -> None:
    said = "Lost parcels are kept for thirty days in the mail room."
    denied = "Lost parcels are not kept for thirty days."
    index = index_of(*OTHERS, denied, "The mail room is closed.", said)
    assert closest(index, said)[:2] == [said, denied]


def test_a_sentence_that_joins_two_sources_gets_both() -> None:
    index = index_of(
        *OTHERS,
        *("Parcels are signed for at the front desk by staff.",) * MOST,
        "Visitors park behind the stadium.",
    )
    found = closest(index, "Parcels are signed for at the front desk by staff, and visitors park behind the stadium.")
    assert "Visitors park behind the stadium." in found


def test_a_source_that_shares_less_than_half_of_the_best_adds_nothing() -> None:
    index = index_of(*OTHERS, "Printers of the north wing are repaired on Monday.")
    assert len(closest(index, "Printers of the north wing are repaired on Monday.")) == 1


def test_words_side_by_side_count_for_more_than_words_scattered_over_a_long_source() -> None:
    filler = "Other words fill the rest of this section with nothing of interest to anybody at all. " * 12
    scattered = filler.join(["Lost things.", "Parcels arrive.", "They are kept.", "Thirty of them.", "Few days."])
    said = "Lost parcels are kept for thirty days."
    assert closest(index_of(*OTHERS, scattered, f"{filler}{said}"), said)[0].endswith(said)


def test_a_sentence_without_a_word_of_any_source_is_compared_with_one_alone() -> None:
    assert closest(index_of(*OTHERS), "Bananas ripen.") == [OTHERS[0]]
    assert closest(index_of(), "Bananas ripen.") == []


def test_the_order_does_not_depend_on_the_order_of_the_words() -> None:
    index = index_of(*OTHERS)
    words = sorted(content_words("Ticket 3 concerns the printer on floor 7."))
    orders: Iterable[list[str]] = (words, words[::-1])
    assert len({tuple(source.passage.chunk_id for source in index.closest(frozenset(each))) for each in orders}) == 1


@pytest.mark.parametrize("words", [10, 1000])
def test_looking_a_sentence_up_takes_a_bounded_number_of_windows(monkeypatch: pytest.MonkeyPatch, words: int) -> None:
    said = " ".join(f"word{number}" for number in range(words))
    index = index_of(*(f"{said}. {number}" for number in range(50)))
    looked_at = 0

    class Counted(list[int]):
        def __iter__(self):  # type: ignore[no-untyped-def]  # the list's own
            nonlocal looked_at
            looked_at += len(self)
            return super().__iter__()

    monkeypatch.setattr(source_index, "_FOLLOWED", 200)
    monkeypatch.setattr(index, "_windows", {word: Counted(windows) for word, windows in index._windows.items()})
    assert index.closest(content_words(said))
    assert 0 < looked_at <= 200


def test_half_of_the_places_are_for_what_a_search_found_though_it_shares_no_word() -> None:
    index = index_of(*OTHERS, "Felines rest.", "Hounds howl.")
    found = index.closest(content_words("Cats sleep on floor 3."), ("20", "3", "21"))
    texts = [source.passage.text for source in found]
    assert texts[0] == OTHERS[3]
    assert texts[2:] == ["Felines rest.", "Hounds howl."]
    assert len(texts) == MOST


def test_a_passage_that_was_found_and_left_out_since_is_no_source() -> None:
    index = index_of(*OTHERS)
    assert len(OTHERS) > MOST
    found = index.closest(content_words("Bananas ripen."), ["dropped", "2"])
    assert [source.passage.chunk_id for source in found] == ["2"]
