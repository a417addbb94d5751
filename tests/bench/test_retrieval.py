"""What the figures of a search's quality say."""

import pytest

from bench.retrieval import Quality, rank_of


@pytest.mark.parametrize(
    ("documents", "rank"),
    [
        (["a", "b"], 1),
        (["b", "b", "a"], 2),
        (["b"], 0),
        ([], 0),
        ([*"bcdefghijk", "a"], 0),
    ],
)
def test_a_paragraph_found_in_several_passages_counts_once(documents: list[str], rank: int) -> None:
    assert rank_of("a", documents) == rank


def test_figures_of_known_ranks() -> None:
    found = Quality.of([1, 2, 7, 0])
    assert found.recall == {1: 0.25, 5: 0.5, 10: 0.75}
    assert found.mrr == pytest.approx((1 + 1 / 2 + 1 / 7) / 4)
    assert found.ndcg == pytest.approx((1 + 0.6309298 + 1 / 3) / 4)
