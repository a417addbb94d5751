"""Putting things together as far as a receiver takes them."""

from collections.abc import Iterator

import pytest

from groundwire_server.domain.batches import batched


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([], []),
        ([1], [[1]]),
        ([1, 1, 1], [[1, 1], [1]]),
        ([3, 2, 1], [[3, 2], [1]]),
        ([3, 3], [[3], [3]]),
        ([9, 1, 9], [[9], [1], [9]]),
    ],
)
def test_as_many_go_together_as_may(weights: list[int], expected: list[list[int]]) -> None:
    assert list(batched(((each, each) for each in weights), most=2, weight=5)) == expected


def test_nothing_is_taken_before_it_is_wanted() -> None:
    taken: list[int] = []

    def endless() -> Iterator[tuple[int, int]]:
        while True:
            taken.append(1)
            yield 1, 1

    next(batched(endless(), most=3, weight=100))
    assert len(taken) == 4
