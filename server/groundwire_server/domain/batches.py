"""Putting things together as far as a receiver takes them."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def batched(weighed: Iterable[tuple[T, int]], most: int, weight: int) -> Iterator[list[T]]:
    """Yield things in their order, as many together as may be.

    Args:
        weighed: each with its weight; what alone is too heavy goes alone.
        most: how many may be together.
        weight: what they may weigh together.
    """
    batch: list[T] = []
    total = 0
    for each, own in weighed:
        if batch and (len(batch) >= most or total + own > weight):
            yield batch
            batch, total = [], 0
        batch.append(each)
        total += own
    if batch:
        yield batch
