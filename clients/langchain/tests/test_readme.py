"""The examples of the README and of the page about frameworks run."""

import pytest
from handbook import examples, printed

EXAMPLES = examples("langchain")


def test_there_are_examples_in_both() -> None:
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_prints_the_answer(example: str) -> None:
    assert "Only the porter may sign for parcels." in printed(example)
