"""Reading vectors out of a response."""

import binascii
from array import array
from base64 import b64decode
from typing import Any

import jiter
import numpy as np
from numpy.typing import NDArray

from groundwire_server.adapters.embedder.faults import EmbedderFault, InvalidVectorsFailure
from groundwire_server.adapters.embedder.protected import Embedded
from groundwire_server.domain.vector import Vector


def read(body: bytes, count: int, dimensions: int) -> Embedded:
    """Read a response to so many texts.

    Raises:
        InvalidVectorsFailure: when it is not one vector a text, of that length, that has a direction.
    """
    try:
        whole: Any = jiter.from_json(body)
        rows = {_place(each, place): _row(each["embedding"]) for place, each in enumerate(whole["data"])}
        given, tokens = len(whole["data"]), _tokens(whole)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, binascii.Error):
        raise InvalidVectorsFailure(EmbedderFault.UNREADABLE) from None
    if given != count or rows.keys() != set(range(count)):
        raise InvalidVectorsFailure(EmbedderFault.COUNT)
    return Embedded([_unit(rows[place], dimensions) for place in range(count)], tokens)


def _place(entry: Any, place: int) -> int:
    """Which text a vector is of; servers that give no index keep the order."""
    return int(entry.get("index", place))


def _row(embedding: Any) -> NDArray[np.float64]:
    if isinstance(embedding, str):
        return np.frombuffer(b64decode(embedding, validate=True), "<f4").astype(np.float64)
    row = np.array(embedding, np.float64)
    if row.ndim != 1:
        raise ValueError
    return row


def _unit(row: NDArray[np.float64], dimensions: int) -> Vector:
    if len(row) != dimensions:
        raise InvalidVectorsFailure(EmbedderFault.DIMENSIONS)
    # Scaled first, for the squares of what is very large or small are not there in any float.
    most = float(np.abs(row).max())
    if not np.isfinite(most):
        raise InvalidVectorsFailure(EmbedderFault.NOT_FINITE)
    if most == 0.0:
        raise InvalidVectorsFailure(EmbedderFault.ZERO)
    scaled = row / most
    return array("f", (scaled / np.linalg.norm(scaled)).astype(np.float32).tobytes())


def _tokens(whole: Any) -> int | None:
    usage = whole.get("usage")
    counted = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    return counted if isinstance(counted, int) else None
