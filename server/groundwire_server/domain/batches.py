"""Batching by number and weight."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def batched(weighed: Iterable[tuple[T, int]], most: int, weight: int) -> Iterator[list[T]]:
    """Yield batches of items in order, as large as the limits allow.

    Args:
        weighed: the items, each with its weight; an item that exceeds the limit is a batch of its own.
        most: the maximum number of items in a batch.
        weight: the maximum weight of a batch.
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
