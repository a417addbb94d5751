"""What classification endpoints reply, Text Embeddings Inference and vLLM: one row for each input, in order."""

from collections.abc import Mapping, Sequence
from typing import Any

from groundwire_server.domain.failure import GroundwireError


class RowCountError(GroundwireError):
    """A reply that has no row for an input, or a row for none."""


def labelled_rows(whole: Any, count: int) -> Sequence[Sequence[Mapping[str, Any]]]:
    """Return the labels of each input, with their scores, from the reply of TEI's `/predict`.

    Args:
        whole: a list of labels for each input; one input's list may stand alone.
        count: of inputs.

    Raises:
        RowCountError: when there are more or fewer.
        TypeError: when it is no list.
    """
    if not isinstance(whole, list):
        raise TypeError
    rows: Sequence[Sequence[Mapping[str, Any]]] = [whole] if whole and isinstance(whole[0], dict) else whole
    if len(rows) != count:
        raise RowCountError
    return rows


def indexed_rows(whole: Any, count: int) -> Sequence[Mapping[str, Any]]:
    """Return the row of each input from the reply of vLLM's `/classify` or `/score`.

    Args:
        whole: `{data: [{index, …}, …]}`, in any order.
        count: of inputs.

    Raises:
        RowCountError: when the indexes are not those of the inputs.
    """
    rows = {row["index"]: row for row in whole["data"]}
    if len(whole["data"]) != count or rows.keys() != set(range(count)):
        raise RowCountError
    return [rows[index] for index in range(count)]
